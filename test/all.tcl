# all.tcl: runs test files, each in a tclsh of its own, several at a time.
#
#   tclsh all.tcl ?-jobs N? ?-timeout SECONDS? ?-prefix COMMAND? ?FILE ...?
#
# FILE is a name in this folder or a path; without any, all *.test of this
# folder are run. Prints a line for each file, everything that a failing file
# printed, and what was skipped with the reason. The last line reads
#
#   N passed, N failed            or            N passed, N failed, N skipped
#
# The exit status is 1 if anything failed, or if no test was run. A file that
# crashes, runs out of time or does not reach finish_test is a failure.
# COMMAND goes before tclsh, also for the processes that tests start.
#
# The environment says what is tested; see tester.tcl.

package require Tcl 8.6-

set test_dir [file dirname [file normalize [info script]]]
set option(-timeout) 300
set option(-prefix) {}
set option(-jobs) 2
catch {set option(-jobs) [exec getconf _NPROCESSORS_ONLN 2>@stderr]}

while {[string match -* [lindex $argv 0]]} {
  set argv [lassign $argv name value]
  if {![info exists option($name)]} {
    puts stderr "all.tcl: no such option: $name"
    exit 2
  }
  set option($name) $value
}

# The slowest begin, so that none of them is left to run alone at the end.
set slow {windows memory1 memory2 memory3 memory4 deb amalgamation owner docs
  attack attack_cases}
set queue {}
foreach file [lsort [glob -nocomplain -directory $test_dir *.test]] {
  if {[file rootname [file tail $file]] in $slow} {
    set queue [linsert $queue 0 $file]
  } else {
    lappend queue $file
  }
}
if {[llength $argv]} {
  set queue [lmap name $argv {
    set file [file join $test_dir [file tail $name]]
    if {[file exists $name] || ![file exists $file]} {
      set file [file normalize $name]
    }
    set file
  }]
}

array set total {passed 0 failed 0 skipped 0}
set running 0
set skips {}

proc start_file {file} {
  global option running job
  # timeout(1) ends the whole process group, with what a test has started.
  set command {}
  if {[auto_execok timeout] ne ""} {
    lappend command timeout -k 5 $option(-timeout)
  }
  # Processes of the tests inherit "no leak check": a shell is not our concern.
  lappend command env SURROGATE_PREFIX=$option(-prefix)
  if {[info exists ::env(SURROGATE_ASAN)]} {
    lappend command ASAN_OPTIONS=$::env(ASAN_OPTIONS):detect_leaks=1
  }
  lappend command {*}$option(-prefix) [info nameofexecutable] $file
  set pipe [open [list | {*}$command </dev/null 2>@1] r]
  fconfigure $pipe -blocking 0 -translation binary
  set job($pipe,file) [file tail $file]
  set job($pipe,output) ""
  set job($pipe,began) [clock milliseconds]
  set job($pipe,alarm) [after [expr {($option(-timeout) + 20) * 1000}] \
    [list give_up $pipe]]
  fileevent $pipe readable [list read_output $pipe]
  incr running
}

proc read_output {pipe} {
  global job
  append job($pipe,output) [read $pipe]
  if {![eof $pipe]} return
  after cancel $job($pipe,alarm)
  fconfigure $pipe -blocking 1
  set status ""
  if {[catch {close $pipe} message options]} {
    switch [lindex [dict get $options -errorcode] 0] {
      CHILDSTATUS {set status [lindex [dict get $options -errorcode] 2]}
      CHILDKILLED {set status [lindex [dict get $options -errorcode] 2]}
      default {set status $message}
    }
  }
  end_file $pipe $status
}

# The output has not ended: no timeout(1) here, or a process was left behind
# that holds it open. Closing a pipe that does not block does not wait.
proc give_up {pipe} {
  foreach pid [pid $pipe] {
    catch {exec sh -c "kill -9 $pid" 2>@1}
  }
  close $pipe
  end_file $pipe 124
}

proc end_file {pipe status} {
  global job total option running skips
  set file $job($pipe,file)
  set output [encoding convertfrom utf-8 $job($pipe,output)]
  set seconds [expr {([clock milliseconds] - $job($pipe,began)) / 1000.0}]
  array unset job $pipe,*

  set passed [set failed [set skipped 0]]
  set trouble ""
  if {[regexp -line {^TOTALS passed (\d+) failed (\d+) skipped (\d+)$} \
      $output -> passed failed skipped]} {
    if {$status ne "" && $failed == 0} {
      set trouble "ended with status $status after its tests"
    }
  } elseif {$status in {124 137 SIGALRM}} {
    set trouble "was ended after $option(-timeout) seconds"
  } else {
    set trouble "ended before finish_test, with status [expr {
      $status eq "" ? 0 : $status}]"
  }
  if {$trouble ne ""} {incr failed}

  set counts "$passed passed"
  if {$failed} {append counts ", $failed failed"}
  if {$skipped} {append counts ", $skipped skipped"}
  puts [format "%-7s %-28s %-32s %6.1f s" [expr {$failed ? "FAILED" : "ok"}] \
    $file $counts $seconds]
  if {$failed} {
    puts [string trimright $output]
    if {$trouble ne ""} {puts "$file $trouble"}
    puts [string repeat - 78]
  }
  flush stdout
  foreach {- skip} [regexp -all -inline -line {^SKIPPED (.*)$} $output] {
    lappend skips "$file: $skip"
  }
  incr total(passed) $passed
  incr total(failed) $failed
  incr total(skipped) $skipped
  incr running -1
  start_next
}

proc start_next {} {
  global queue option running
  while {[llength $queue] && $running < $option(-jobs)} {
    set queue [lassign $queue file]
    start_file $file
  }
}

start_next
while {$running} {vwait running}

if {[llength $skips]} {
  puts "Skipped:"
  foreach skip $skips {puts "  $skip"}
}
set line "$total(passed) passed, $total(failed) failed"
if {$total(skipped)} {append line ", $total(skipped) skipped"}
puts $line
exit [expr {$total(failed) > 0 || $total(passed) == 0}]
