# keys.gp: what a row costs by its kind of key: see "make plots".
#
#   gnuplot -e "data = 'keys.tsv'" plot.gp keys.gp >keys.svg

set style fill solid 0.85 noborder
set boxwidth 0.6
set key off
set grid ytics noxtics
set xtics rotate by 40 right font ",12"
set bmargin 8
set lmargin 10
set rmargin 2
set yrange [0:*]
set offsets 0, 0, graph 0.08, 0
set multiplot layout 1, 2
set title "time to insert a row, AUTOINCREMENT = 1"
plot data using 0:2:xtic(1) with boxes linecolor rgb "#5a8ac6", \
  data using 0:2:(sprintf("%.1f", $2)) with labels font ",10" \
    textcolor rgb grey offset 0, 0.5
set title "bytes of the file a row"
plot data using 0:3:xtic(1) with boxes linecolor rgb "#dd8452", \
  data using 0:3:(sprintf("%.0f", $3)) with labels font ",10" \
    textcolor rgb grey offset 0, 0.5
unset multiplot
