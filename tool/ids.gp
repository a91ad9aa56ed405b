# ids.gp: what an id costs: see "make plots".
#
#   gnuplot -e "data = 'ids.tsv'" plot.gp ids.gp >ids.svg

set style fill solid 0.85 noborder
set boxwidth 0.6
set key off
set grid ytics noxtics
set xtics rotate by 40 right font ",12"
set bmargin 9
set lmargin 10
set logscale y
set yrange [5:15000]
set title "nanoseconds an id, over a function that returns a constant"
plot data using 0:2:xtic(1) with boxes linecolor rgb "#5a8ac6", \
  data using 0:2:(sprintf("%d", $2)) with labels font ",10" \
    textcolor rgb grey offset 0, 0.5
