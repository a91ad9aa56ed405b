# keys.gp: draws what bench writes with --data: see "make plot".
#
#   gnuplot -e "data = 'keys.tsv'" keys.gp >keys.svg

set terminal svg size 900, 440 noenhanced font "sans-serif,13" background "white"
set encoding utf8
set style fill solid 0.85 noborder
set boxwidth 0.6
set key off
set grid ytics linecolor "#dddddd"
set border 3
set tics nomirror out
set xtics rotate by 40 right font ",11"
set bmargin 8
set lmargin 10
set yrange [0:*]
set offsets 0, 0, graph 0.08, 0
set multiplot layout 1, 2
set title "nanoseconds a row"
plot data using 0:2:xtic(1) with boxes linecolor "#4c72b0", \
  data using 0:2:(sprintf("%d", $2)) with labels font ",9" offset 0, 0.5
set title "bytes a row"
plot data using 0:3:xtic(1) with boxes linecolor "#dd8452", \
  data using 0:3:(sprintf("%.0f", $3)) with labels font ",9" offset 0, 0.5
unset multiplot
