# tester.tcl: what the test files stand on. Every test is a tcltest test.
#
# A test file begins with
#   source [file join [file dirname [info script]] tester.tcl]
# and ends with finish_test. It runs in an empty folder of its own, which is
# gone when all tests passed.
#
# Connections (the extension is loaded, NULL is shown as NULL):
#   reset_db ?FILE?              `db` on a new, empty FILE (test.db)
#   open_db NAME ?FILE?          another connection
#   close_dbs                    closes all of these
#   execsql SQL ?DB?             the values of all rows
#   catchsql SQL ?DB?            {0 values} or {1 message}
#
# Tests. NAME is a sentence. RESULT is compared as a list, or it is /regexp/ or
# ~/regexp/ (must not match):
#   do_test NAME SCRIPT RESULT
#   do_execsql_test ?-db DB? NAME SQL ?RESULT?
#   do_catchsql_test ?-db DB? NAME SQL RESULT
#   do_fault_test NAME ?-prep SCRIPT? -body SCRIPT ?-test SCRIPT?
#                 ?-accept PATTERNS? ?-kept N? ?-stride N? see there
#   do_leak_test NAME SCRIPT ?KEPT?
#       no memory is lost by SCRIPT; at most KEPT allocations a run are kept
#   skip_unless CONDITION REASON ?SCRIPT?
#       runs SCRIPT, or the rest of the file, if CONDITION (of expr) holds;
#       otherwise it shows as one skipped test, with the reason
#   finish_test                  prints the totals and exits
#
# Processes, each a tclsh with this file loaded, in the same folder, with the
# extension's path and open_db, but without an open connection:
#   start_process SCRIPT         runs SCRIPT; returns a channel to its standard
#                                input and output, which the two may use to
#                                take turns
#   wait_process P ?SECONDS?     what it printed since; an error if it failed
#   kill_process P               kill -9; returns what it printed since
#   run_processes N SCRIPT ?SECONDS?
#                                N at once, which begin together, and know their
#                                number, from 0, as $worker; the list of what
#                                each printed
#   run_sqlite3 SCRIPT ARG ...   the sqlite3 shell, with SCRIPT as its input
#   find_python MODULE ...       a python3 that can import these and can load
#                                extensions, or ""
#
# memfault, raw_open, raw_exec, raw_close, raw_threads, raw_fork: see fault.c,
# and system_clock, system_random, for tests with a clock that stands still or
# goes back, or without randomness.
#
# The environment says what is tested; "make test" sets it:
#   SURROGATE_LIB       the extension         SURROGATE_VERSION   its version
#   SURROGATE_FAULT     fault.c, compiled     SURROGATE_TESTDIR   for scratch
#   SURROGATE_PREFIX    command before tclsh (valgrind)
#   SURROGATE_FAULT_STRIDE   multiplies -stride of do_fault_test
#   SURROGATE_SHELL     the sqlite3 shell, a command and its arguments
# By hand, in a build folder after a "make test":  tclsh ../test/a.test

package require Tcl 8.6-
package require tcltest 2.5
package require sqlite3

namespace eval tester {
  variable self [file normalize [info script]]
  variable file [file rootname [file tail $::argv0]]
  variable in_child [info exists ::env(SURROGATE_CHILD)]
  variable count 0       ;# tests so far; gives each its tcltest name
  variable dbs {}        ;# open connections
  variable processes {}  ;# channels of start_process
  variable faults 0      ;# true if allocations can be made to fail
}

# Run by hand, what "make test" sets is looked for in the current folder.
foreach {name default} [list LIB [pwd]/surrogate[info sharedlibextension] \
    FAULT [pwd]/test/fault[info sharedlibextension] \
    TESTDIR [pwd]/testdir PREFIX "" SHELL sqlite3 FAULT_STRIDE 1] {
  if {![info exists env(SURROGATE_$name)]} {set env(SURROGATE_$name) $default}
}

# ---- Connections -----------------------------------------------------------

proc reset_db {{file test.db}} {
  if {"db" in $tester::dbs} {close_db db}
  file delete -force $file $file-journal $file-wal $file-shm
  open_db db $file
}

proc open_db {name {file test.db}} {
  if {$name in $tester::dbs} {close_db $name}
  sqlite3 $name $file
  lappend tester::dbs $name
  $name nullvalue NULL
  $name timeout 0
  $name enable_load_extension 1
  # Some releases of SQLite read the schema before they run anything.
  $name timeout 10000
  $name eval {SELECT load_extension($::env(SURROGATE_LIB))}
  $name timeout 0
}

# A test may have closed the connection itself.
proc close_db {name} {
  set tester::dbs [lsearch -all -inline -exact -not $tester::dbs $name]
  if {[llength [info commands ::$name]]} {::$name close}
}

proc close_dbs {} {
  foreach name $tester::dbs {close_db $name}
}

proc execsql {sql {db db}} {
  uplevel 1 [list $db eval $sql]
}

proc catchsql {sql {db db}} {
  set rc [catch {uplevel 1 [list $db eval $sql]} result]
  list $rc $result
}

# ---- Tests -----------------------------------------------------------------

proc tester::match {expected actual} {
  if {[regexp {^/(.*)/$} $expected -> pattern]} {
    return [regexp -- $pattern $actual]
  }
  if {[regexp {^~/(.*)/$} $expected -> pattern]} {
    return [expr {![regexp -- $pattern $actual]}]
  }
  if {$expected eq $actual} {return 1}
  if {![string is list $expected] || ![string is list $actual]} {return 0}
  expr {[list {*}$expected] eq [list {*}$actual]}
}
tcltest::customMatch surrogate tester::match

proc do_test {name script {result {}} args} {
  set id $tester::file-[incr tester::count]
  uplevel #0 [list tcltest::test $id $name -body [list tester::run $script] \
    -result $result -match surrogate {*}$args]
}

# Runs a test's script, and looks whether what always holds still does: each store
# that is open is sound, and no number of a sequence is twice in a column that
# calls it. A file that damages stores says "set tester::invariants ids": then only
# the numbers are looked at; or 0, for nothing.
proc tester::run {script} {
  variable invariants
  set rc [catch {uplevel #0 $script} result options]
  if {$invariants ne "0" && $rc in {0 2}} {
    set faults [invariant_faults]
    if {[llength $faults]} {error "does not hold: [join $faults {; }]"}
  }
  return -options $options $result
}
set tester::invariants 1

proc tester::invariant_faults {} {
  variable dbs
  set faults {}
  foreach name $dbs {
    if {![llength [info commands ::$name]]} continue
    if {[catch {::$name eval {SELECT sequences_check()}} report]} continue
    foreach line [split [lindex $report 0] \n] {
      # An explicit value may be ahead of the sequence, as in PostgreSQL.
      if {$line eq "ok" || [string match "*is behind column*" $line]} continue
      if {$tester::invariants eq "ids" && ![string match "* belongs to *" $line]} {
        continue
      }
      lappend faults "$name: $line"
    }
    catch {
      foreach {owner} [::$name eval {
        SELECT owned_by FROM main.surrogate_sequences
         WHERE is_linked AND mode <> 'virtual' AND NOT cycle
      }] {
        set parts [split $owner .]
        if {[llength $parts] != 2} continue
        lassign $parts table column
        if {[::$name onecolumn "SELECT count($column) > count(DISTINCT $column)
                                  FROM main.$table"]} {
          lappend faults "$name: a number is twice in $owner"
        }
      }
    }
  }
  return $faults
}

# Splits "?-db DB? NAME SQL ?RESULT?" and runs the test with COMMAND SQL DB.
proc tester::sql_test {command arguments} {
  set db db
  if {[lindex $arguments 0] eq "-db"} {
    set arguments [lassign $arguments - db]
  }
  if {[llength $arguments] ni {2 3}} {
    error "wrong # args: should be \"?-db DB? NAME SQL ?RESULT?\""
  }
  lassign $arguments name sql result
  do_test $name [list $command $sql $db] $result
}

proc do_execsql_test {args} {
  tester::sql_test execsql $args
}

proc do_catchsql_test {args} {
  tester::sql_test catchsql $args
}

proc skip_unless {condition reason {script {}}} {
  if {[uplevel 1 [list expr $condition]]} {
    if {$script ne ""} {uplevel 1 $script}
    return
  }
  puts "SKIPPED $reason"
  do_test $reason {} {} -constraints notSkipped
  if {$script eq ""} finish_test
}
tcltest::testConstraint notSkipped 0

proc finish_test {} {
  close_dbs
  foreach p $tester::processes {kill_process $p}
  set failed $tcltest::numTests(Failed)
  if {$failed} {
    puts "The files are kept in [pwd]"
  } else {
    set folder [pwd]
    cd ..
    file delete -force $folder
  }
  puts "TOTALS passed $tcltest::numTests(Passed) failed $failed\
    skipped $tcltest::numTests(Skipped)"
  exit [expr {$failed > 0}]
}

# ---- Out of memory ---------------------------------------------------------

# Runs -body again and again, each time on a new database prepared with -prep.
# In the first pass the first allocation of -body fails, then the second, and
# so on until a run gets through without a failure. In the second pass all
# allocations after the Nth fail as well.
#
# A run must end with an error that mentions memory (or that matches one of the
# glob patterns of -accept), or with the result of a run without failures. Then
# -test is run, which may look at $testrc, $testresult and $testnfail and
# complains with an error. After it the file must pass an integrity check on a
# new connection, and no memory may be lost. -kept N allows for N allocations
# that the extension keeps for as long as the process lives, such as the floor
# of a sequence whose values were rolled back. -stride N lets only each Nth
# allocation fail, for a body that makes thousands.
proc do_fault_test {name args} {
  array set option {-prep {} -body {} -test {} -accept {} -kept 0 -stride 1}
  foreach {key value} $args {
    if {![info exists option($key)]} {error "do_fault_test: no option $key"}
    set option($key) $value
  }
  skip_unless {$tester::faults} \
    "$name: the sqlite3 package of this Tcl has an SQLite of its own" {
    do_test $name [list tester::fault_passes $option(-prep) $option(-body) \
      $option(-test) [list *memory* {*}$option(-accept)] $option(-kept) \
      [expr {$option(-stride) * $::env(SURROGATE_FAULT_STRIDE)}]] {}
  }
}

# The complaints, at most 10.
proc tester::fault_passes {prep body test accept may_keep stride} {
  set complaints {}
  set right [fault_run 0 0 $prep $body $test complaints]
  foreach persist {0 1} {
    for {set n 1} {[llength $complaints] < 10} {incr n $stride} {
      set before [memfault outstanding]
      set found {}
      lassign [fault_run $n $persist $prep $body $test found] rc result failed
      if {[list $rc $result] ne [lrange $right 0 1]} {
        set expected [expr {$rc == 1 && $failed}]
        foreach pattern $accept {
          if {$expected && [string match -nocase $pattern $result]} {
            set expected 0
            set rc ok
          }
        }
        if {$rc ne "ok"} {
          lappend found "gave [list $rc $result], not [lrange $right 0 1]"
        }
      }
      # What is made once is not lost; what is lost is lost by a second run too.
      if {[memfault outstanding] - $before > $may_keep} {
        set kept [memfault outstanding]
        fault_run $n $persist $prep $body $test found
        set lost [expr {[memfault outstanding] - $kept}]
        if {$lost > $may_keep} {lappend found "lost $lost allocations"}
      }
      foreach complaint $found {
        lappend complaints "allocation $n[expr {
          $persist ? " and later" : ""}] failing: $complaint"
      }
      if {$failed == 0} break
    }
  }
  if {[llength $complaints]} {return \n[join $complaints \n]}
}

# One run: {catch's code, result, allocations that failed}.
proc tester::fault_run {n persist prep body test complaints_var} {
  upvar 1 $complaints_var complaints
  global testrc testresult testnfail
  reset_db
  uplevel #0 $prep
  if {$n} {memfault arm $n $persist}
  set testrc [catch {uplevel #0 $body} testresult]
  set testnfail [memfault disarm]
  set run [list $testrc $testresult [expr {$n ? $testnfail : 0}]]
  if {[catch {uplevel #0 $test} message]} {
    lappend complaints "-test: $message"
  }
  close_dbs
  if {[catch {
    open_db db
    db eval {PRAGMA integrity_check}
  } message] || $message ne "ok"} {
    lappend complaints "integrity check: $message"
  }
  close_dbs
  return $run
}

# The first runs do not count: they may make what is made once.
proc do_leak_test {name script {kept 0}} {
  skip_unless {$tester::faults} \
    "$name: the sqlite3 package of this Tcl has an SQLite of its own" {
    do_test $name [list tester::memory_lost $script $kept] 0
  }
}

proc tester::memory_lost {script may_keep} {
  set runs 4
  for {set i -2} {$i < $runs} {incr i} {
    if {$i == 0} {set before [memfault outstanding]}
    uplevel #0 $script
    close_dbs
  }
  set lost [expr {[memfault outstanding] - $before}]
  expr {$lost > $may_keep * $runs ? $lost : 0}
}

# ---- Processes -------------------------------------------------------------

proc start_process {script {worker 0}} {
  set file process-[incr tester::process_count].tcl
  set out [open $file w]
  puts $out [list set worker $worker]
  puts $out [list source $tester::self]
  puts $out $script
  puts $out close_dbs
  close $out
  set p [open [list | env SURROGATE_CHILD=1 {*}$::env(SURROGATE_PREFIX) \
    {*}$tester::check_leaks [info nameofexecutable] $file 2>@stderr] r+]
  fconfigure $p -buffering line
  lappend tester::processes $p
  return $p
}

proc wait_process {p {seconds 120}} {
  if {$::env(SURROGATE_PREFIX) ne ""} {set seconds [expr {$seconds * 10}]}
  close $p write
  fconfigure $p -blocking 0
  set alarm [after [expr {$seconds * 1000}] [list set tester::event($p) late]]
  fileevent $p readable [list set tester::event($p) data]
  set output ""
  while {![eof $p]} {
    vwait tester::event($p)
    if {$tester::event($p) eq "late"} {
      kill_process $p
      error "the process did not end within $seconds seconds: $output"
    }
    append output [read $p]
  }
  after cancel $alarm
  tester::forget_process $p
  fconfigure $p -blocking 1
  if {[catch {close $p} message]} {
    error "the process failed ($message): [string trimright $output \n]"
  }
  string trimright $output \n
}

proc kill_process {p} {
  tester::forget_process $p
  # It may have ended by itself, or have been closed by the test.
  catch {exec sh -c "kill -9 [pid $p]"}
  set output ""
  catch {
    fconfigure $p -blocking 1
    set output [read $p]
    close $p
  }
  string trimright $output \n
}

proc tester::forget_process {p} {
  variable processes
  set processes [lsearch -all -inline -exact -not $processes $p]
}

proc run_processes {n script {seconds 120}} {
  set gate {
    puts ready
    gets stdin
  }
  for {set i 0} {$i < $n} {incr i} {
    lappend ps [start_process $gate$script $i]
  }
  foreach p $ps {
    if {[gets $p] ne "ready"} {error "a process did not start"}
  }
  foreach p $ps {puts $p go}
  lmap p $ps {wait_process $p $seconds}
}

# The folders of the sources' headers, as options of the compiler.
proc include_flags {top} {
  lmap folder [lsort [glob $top/ext $top/ext/*/ $top/vtab/*/]] {
    format -I%s [string trimright $folder /]
  }
}

proc run_sqlite3 {script args} {
  exec {*}$::env(SURROGATE_SHELL) -batch -init /dev/null {*}$args \
    << $script 2>@1
}

# A python3 that comes first in PATH may lack modules that the system's has,
# or may have been built without loadable extensions.
proc find_python {args} {
  set check "import [join [concat sqlite3 $args] ,]
sqlite3.connect(':memory:').enable_load_extension(True)"
  foreach python {python3 /usr/bin/python3} {
    if {![catch {exec $python -c $check 2>@1}]} {return $python}
  }
  return ""
}

# ---- Set-up ----------------------------------------------------------------

# all.tcl asks for a leak check in this process alone; what it starts inherits
# none, except for the processes of start_process.
set tester::check_leaks {}
if {[info exists env(SURROGATE_ASAN)]} {
  regsub {:detect_leaks=1$} $env(ASAN_OPTIONS) {} env(ASAN_OPTIONS)
  set tester::check_leaks \
    [list env ASAN_OPTIONS=$env(ASAN_OPTIONS):detect_leaks=1]
}

load $env(SURROGATE_FAULT) Fault
apply {{} {
  sqlite3 tester::probe :memory:
  set tester::faults [expr {[memfault outstanding] > 0}]
  tester::probe close
}}

if {!$tester::in_child} {
  tcltest::configure {*}$argv
  set tester::folder [file join $env(SURROGATE_TESTDIR) $tester::file.[pid]]
  file mkdir $tester::folder
  cd $tester::folder
}
