# chance.tcl: chance that is the same everywhere, for tests with seeds.
#
#   chance_start SEED    begin again
#   below N              a number from 0 to N - 1
#   percent N            true in N of 100 cases
#   from LOW HIGH        a number from LOW to HIGH
#   one_of LIST          an element
#   weighted {WHAT WEIGHT ...}

# A generator of its own, so that a seed means the same everywhere.
proc chance_start {seed} {
  set ::chance [expr {$seed * 2654435761 + 1}]
}

# A number from 0 to n - 1.
proc below {n} {
  set mask 0xffffffffffffffff
  set ::chance \
      [expr {($::chance * 6364136223846793005 + 1442695040888963407) & $mask}]
  return [expr {($::chance >> 33) % $n}]
}

proc percent {n} { return [expr {[below 100] < $n}] }

proc from {low high} {
  return [expr {$low + [below [expr {$high - $low + 1}]]}]
}

proc one_of {list} { return [lindex $list [below [llength $list]]] }

# Choose by weight: WEIGHTS is {what weight what weight ...}.
proc weighted {weights} {
  set sum 0
  foreach {what weight} $weights { incr sum $weight }
  set choice [below $sum]
  foreach {what weight} $weights {
    if {[incr choice -$weight] < 0} { return $what }
  }
}

