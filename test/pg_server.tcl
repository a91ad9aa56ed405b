# A private PostgreSQL for the tests that compare with the real thing.
#
#   pg_missing        ""  when a server can be started here, else the reason
#   pg_start          start one in a temporary folder, on a Unix socket only
#   pg_stop           stop it and remove the folder; harmless without a server
#   pg_run STATEMENTS run a list of statements in one new session, and return
#                     one answer for each: {0 ROWS} or {1 MESSAGE}, where ROWS
#                     is a list of rows, a row is the list of its values as
#                     text, and NULL is NULL
#
# The server listens on no network address. It is stopped with pg_ctl by a
# guard: a shell that waits for the end of its input, a pipe from this process.
# So the server goes away in the same manner when pg_stop closes that pipe and
# when this process dies.
#
# This file knows nothing of Surrogate, and works without the harness.

namespace eval pg {
  variable bin    ""
  variable folder ""
  variable guard  ""
}

# The folder with initdb, pg_ctl and psql of the newest installed PostgreSQL,
# or "". Debian keeps the versions side by side and none of their servers on the
# PATH, where another program may carry such a name: its place comes first.
proc pg::find_bin {} {
  set folders [lsort -dictionary -decreasing \
      [glob -nocomplain -directory /usr/lib/postgresql */bin]]
  lappend folders {*}[split $::env(PATH) :]
  foreach folder $folders {
    set complete 1
    foreach program {initdb pg_ctl psql postgres} {
      if {![file executable [file join $folder $program]]} { set complete 0 }
    }
    if {$complete} { return $folder }
  }
  return ""
}

# The words to put before a command that must not run as root, as PostgreSQL's
# programs must not. An error is the reason why there are none.
proc pg::as_user {} {
  if {[exec id -u] != 0} { return {} }
  if {[catch {exec id -u postgres}]} {
    error "PostgreSQL does not run as root and there is no user postgres"
  }
  foreach {program words} {
    runuser {-u postgres --}
    setpriv {--reuid=postgres --regid=postgres --init-groups}
  } {
    set path [auto_execok $program]
    if {$path ne ""} { return [concat $path $words] }
  }
  error "PostgreSQL does not run as root, and runuser and setpriv are missing"
}

proc pg_missing {} {
  if {[set pg::bin [pg::find_bin]] eq ""} {
    return "PostgreSQL is not installed"
  }
  if {[catch pg::as_user reason]} { return $reason }
  return ""
}

# Run a program of PostgreSQL's as its user. Its output goes to a file: a pipe
# would stay open, and this call wait for it, as long as the server lives.
proc pg::server_program {args} {
  variable bin
  variable folder
  set output [file join $folder output]
  set command [concat env -u LD_PRELOAD [as_user] \
      [list [file join $bin [lindex $args 0]]] [lrange $args 1 end]]
  if {[catch {exec {*}$command </dev/null >&$output}]} {
    set channel [open $output]
    set text [read $channel]
    close $channel
    error "[lindex $args 0] failed: $text"
  }
}

proc pg_start {} {
  if {[set reason [pg_missing]] ne ""} { error $reason }
  # Nothing of the caller's settings for other servers may get in.
  foreach name [array names ::env PG*] { unset ::env($name) }

  set pg::folder [exec mktemp -d /tmp/surrogate-pg-XXXXXX]
  set data [file join $pg::folder data]
  set script {
    trap '' HUP INT TERM
    unset LD_PRELOAD
    cat >/dev/null
    folder=$1; pg_ctl=$2; shift 2
    if [ -f "$folder/data/postmaster.pid" ]; then
      "$@" "$pg_ctl" stop -D "$folder/data" -m immediate -w
    fi
    rm -rf "$folder"
  }
  # cd: a folder of the caller's may be closed to the server's user.
  set here [pwd]
  cd $pg::folder
  try {
    set pg::guard [open [list | sh -c $script sh $pg::folder \
        [file join $pg::bin pg_ctl] {*}[pg::as_user] >&/dev/null] w]
    if {[pg::as_user] ne ""} { exec chown postgres $pg::folder }
    pg::server_program initdb -D $data -U postgres -A trust --no-sync \
        --locale=C -E UTF8
    pg::server_program pg_ctl start -D $data -w -l [file join $data log] -o \
        "-F -k $pg::folder -c listen_addresses='' -c autovacuum=off"
  } on error {message options} {
    pg_stop
    return -options $options $message
  } finally {
    cd $here
  }
}

proc pg_stop {} {
  if {$pg::guard ne ""} { catch {close $pg::guard} }
  set pg::guard ""
  set pg::folder ""
}

proc pg_run {statements} {
  # Each statement ends in \g, which sends it without a semicolon: "syntax error
  # at end of input" is then said where it is meant. After each, a line with
  # psql's own account of it, which has no position and no LINE text.
  set script "\\set ON_ERROR_STOP off\n\\set ON_ERROR_ROLLBACK on\n"
  append script "\\set LAST_ERROR_MESSAGE ''\n\\pset null NULL\n"
  append script "SET statement_timeout = '10s' \\g\n"
  append script "SET client_min_messages = error \\g\n"
  foreach statement $statements {
    append script "$statement\n\\g\n"
    append script "\\echo \036 :ERROR :LAST_ERROR_MESSAGE\n"
  }
  set output [exec -keepnewline env -u LD_PRELOAD \
      [file join $pg::bin psql] -X -q -A -t \
      -F \037 -h $pg::folder -U postgres -d postgres \
      <<$script 2>/dev/null]
  set answers {}
  set rows {}
  foreach line [lrange [split $output \n] 0 end-1] {
    if {[string index $line 0] ne "\036"} {
      lappend rows [split $line \037]
    } elseif {[regexp {^\036 true (.*)$} $line -> message]} {
      lappend answers [list 1 $message]
      set rows {}
    } else {
      lappend answers [list 0 $rows]
      set rows {}
    }
  }
  if {[llength $answers] != [llength $statements]} {
    error "PostgreSQL answered [llength $answers] of\
        [llength $statements] statements"
  }
  return $answers
}
