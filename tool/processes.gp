# processes.gp: nextval() by the number of processes: see "make plots".
#
#   gnuplot -e "data = 'processes.tsv'" plot.gp processes.gp >processes.svg

set key top right
set xlabel "processes on one file"
set title "nextval() a second, over all processes"
set logscale x 2
set logscale y
set xtics (1, 2, 4, 8)
set xrange [0.9:9]
set format y "%.0s %c"
set key outside right
set style line 1 linecolor rgb "#5a8ac6" linewidth 2 pointtype 7
set style line 2 linecolor rgb "#dd8452" linewidth 2 pointtype 5
set style line 3 linecolor rgb "#55a868" linewidth 2 pointtype 9
plot data using 1:3 with linespoints linestyle 2 title "100 a transaction", \
  data using 1:4 with linespoints linestyle 3 title "autocommit, CACHE 100", \
  data using 1:2 with linespoints linestyle 1 title "autocommit"
