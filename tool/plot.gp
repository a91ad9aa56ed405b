# plot.gp: what the plots of doc/ have in common, read before each of them.
# Without a background, and in colours between light and dark, they can be read
# on a page of either theme.

set encoding utf8
set terminal svg size 860, 420 noenhanced font "sans-serif,13"
grey = "#797979"
set border 3 linecolor rgb grey
set tics nomirror out textcolor rgb grey
set grid linecolor rgb grey linewidth 0.25 dashtype 3
set title textcolor rgb grey
set key textcolor rgb grey
set xlabel textcolor rgb grey
set ylabel textcolor rgb grey
