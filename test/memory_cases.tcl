# memory_cases.tcl: any allocation may fail, in every function and operation.
#
# A call that runs out of memory is an error that says so, and changes nothing
# that would give a number twice: after it, this connection and another one go
# on with numbers that are not in the tables yet, a gapless sequence without a
# gap.

source [file join [file dirname [info script]] tester.tcl]

# The cases are shared out to memory1.test, memory2.test ..., which may run at the
# same time: each takes those of its part.
set parts 4
set case 0
rename do_fault_test do_this_fault_test
proc do_fault_test {name args} {
  if {[incr ::case] % $::parts == $::part} {
    uplevel 1 [list do_this_fault_test $name -stride 7 {*}$args]
  }
}

# Each run begins with a copy of this file, which is faster than to make one.
close_dbs
reset_db template.db
execsql {
  PRAGMA journal_mode = MEMORY;
  CREATE TABLE t(id BIGINT NOT NULL ON CONFLICT REPLACE
    DEFAULT (nextval('s')));
  CREATE TABLE tg(id BIGINT NOT NULL ON CONFLICT REPLACE
    DEFAULT (nextval('g')));
  CREATE TABLE tc(id BIGINT NOT NULL ON CONFLICT REPLACE
    DEFAULT (nextval('c')));
  SELECT create_sequence('s'), create_sequence('g', 'MODE gapless'),
    create_sequence('c', 'CACHE 10'),
    create_sequence('x', 'START 5 MAXVALUE 100 CYCLE OWNED BY t.id');
}
close_dbs
set prep {
  execsql {PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY}
  db restore template.db
}
# The same, by a connection that has used all and has them at hand.
set warm {
  execsql {
    INSERT INTO t DEFAULT VALUES;
    INSERT INTO tg DEFAULT VALUES;
    INSERT INTO tc DEFAULT VALUES;
    SELECT nextval('x');
  }
}

# The numbers of the tables after the calls that failed or did not. In some of
# the runs, as it takes its time, a new connection takes its turn too.
set runs 0
proc check_numbers {} {
  catchsql ROLLBACK
  set wrong {}
  set connections {db db}
  if {[incr ::runs] % 7 == 0} {
    open_db other
    set connections {db other db}
  }
  foreach connection $connections {
    foreach table {t tg tc} {
      execsql "INSERT INTO $table DEFAULT VALUES" $connection
    }
  }
  foreach {table name} {t s tg g tc c} {
    if {[execsql "SELECT count(*) - count(DISTINCT id) FROM $table"]} {
      lappend wrong "$table: a number twice: [execsql "SELECT id FROM $table"]"
    }
    if {[execsql "SELECT max(id) > (SELECT last_value FROM sequences
        WHERE name = '$name') FROM $table"]} {
      lappend wrong "$name: the store is behind"
    }
  }
  if {[execsql {SELECT count(*) <> max(id) FROM tg}]} {
    lappend wrong "gap: [execsql {SELECT id FROM tg}]"
  }
  if {[llength $wrong]} {error $wrong}
}

# A case on a connection that has used the sequences; with -new also one on a
# new connection. The test script sees what do_fault_test offers.
proc fault_case {name body args} {
  global prep warm
  array set option {-test {} -kept 0 -accept {} -new 0}
  array set option $args
  set ways [list "" $warm]
  if {$option(-new)} {lappend ways ", first of all" ""}
  foreach {how before} $ways {
    do_fault_test $name$how -prep $prep$before -body $body -test "
      $option(-test)
      check_numbers
    " -kept $option(-kept) \
      -accept [list {*temporary database file*} {*}$option(-accept)]
  }
}

# A rolled-back value leaves a high-water mark, in a table of them.
set marks 4

# ---- The store -------------------------------------------------------------

foreach {what sql} {
  "a store" {SELECT create_sequence('other')}
  "a view" {SELECT sequences_create_view()}
  "a name of the store" {CREATE VIRTUAL TABLE q USING sequences}
} {
  do_fault_test "out of memory while $what is made" -stride 7 -prep {
    execsql {PRAGMA synchronous = OFF; CREATE TABLE t(a)}
  } -body "execsql {$sql}" -test {
    if {[lindex [catchsql {BEGIN; ROLLBACK}] 0]} {
      error "a transaction is left open"
    }
    set there [execsql {SELECT count(*) FROM sqlite_schema
      WHERE name <> 't' AND name NOT LIKE 'sqlite_%'}]
    if {$testrc && $there} {error "half of it is there"}
    if {!$testrc && !$there} {error "it is not there"}
    if {[execsql {SELECT create_sequence('s'), nextval('s')}] ne "s 1"} {
      error "it does not work"
    }
  } -accept {{vtable constructor failed*}}
}

do_fault_test "out of memory while a store is made and used at once" -prep {
  execsql {PRAGMA synchronous = OFF; CREATE TABLE t(a)}
} -body {
  execsql {BEGIN;
    SELECT create_sequence('s'), nextval('s'), nextval('s'); COMMIT}
} -test {
  catchsql ROLLBACK
  if {$testrc} {
    execsql {SELECT create_sequence('s', 'IF NOT EXISTS')}
  }
  set next [execsql {SELECT nextval('s')}]
  if {!$testrc && $next != 3} {error "3 is $next"}
} -kept $marks -accept {{vtable constructor failed*}}

# ---- nextval() -------------------------------------------------------------

foreach {what call} {
  "nextval() of a standard sequence" {SELECT nextval('s')}
  "nextval() of a cycle" {SELECT nextval('x'), nextval('x')}
  "nextval() of a cached sequence" {SELECT nextval('c')}
  "nextval() of many values" {SELECT nextval('s', 100), nextval('c', 100)}
  "nextval() with a schema" {SELECT nextval('main.s')}
  "nextval() of each row" {
    SELECT nextval('s') FROM (VALUES (1), (2), (3), (4))}
  "inserts by default" {
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    INSERT INTO tc DEFAULT VALUES}
  "an INSERT with RETURNING" {INSERT INTO t DEFAULT VALUES RETURNING id}
} {
  fault_case "out of memory in $what" [list execsql $call] -kept $marks \
    -new [expr {$what eq "nextval() of a standard sequence"}]
}

foreach {what calls} {
  "a transaction" {
    BEGIN;
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    INSERT INTO tc DEFAULT VALUES;
    INSERT INTO t SELECT nextval('s', 5);
    COMMIT;
  }
  "a transaction that is rolled back" {
    BEGIN;
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    INSERT INTO tc DEFAULT VALUES;
    ROLLBACK;
    INSERT INTO t DEFAULT VALUES;
  }
  "savepoints" {
    BEGIN;
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    SAVEPOINT a;
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    INSERT INTO tc DEFAULT VALUES;
    ROLLBACK TO a;
    INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES;
    RELEASE a;
    COMMIT;
  }
  "a transaction with everything" {
    BEGIN;
    INSERT INTO t DEFAULT VALUES;
    SELECT setval('s', 50), nextval('x') > 0, create_sequence('y'), nextval('y');
    INSERT INTO t DEFAULT VALUES; INSERT INTO tc DEFAULT VALUES;
    UPDATE sequences SET name = 'z' WHERE name = 'y';
    SELECT nextval('z'), drop_sequence('z');
    COMMIT;
  }
} {
  fault_case "out of memory in $what" [list execsql $calls] -kept $marks
}

# Only COMMIT, or ROLLBACK, runs out of memory.
foreach {end} {COMMIT ROLLBACK {RELEASE a} {ROLLBACK TO a}} {
  do_fault_test "out of memory in $end" -prep "$prep$warm
    execsql {BEGIN; SAVEPOINT a; INSERT INTO t DEFAULT VALUES;
      INSERT INTO tg DEFAULT VALUES; INSERT INTO tc DEFAULT VALUES;
      SELECT nextval('x')}
  " -body [list execsql $end] -test {
    # Without an error it was done; with one it can be done again or undone.
    if {$testrc} {catchsql COMMIT}
    check_numbers
  } -kept $marks
}

do_fault_test "a transaction goes on after it ran out of memory" \
  -prep $prep$warm -body {
  execsql {BEGIN; INSERT INTO t DEFAULT VALUES; INSERT INTO tg DEFAULT VALUES}
  set failures 0
  for {set i 0} {$i < 5} {incr i} {
    foreach table {t tg tc} {
      set rc [catchsql "INSERT INTO $table DEFAULT VALUES"]
      if {[lindex $rc 0]} {incr failures}
      # SQLite may have rolled back the transaction.
      if {[lindex $rc 0] && [lindex [catchsql {SAVEPOINT p}] 0] == 0} {
        catchsql {RELEASE p}
      }
    }
  }
  catchsql COMMIT
  if {$failures} {error "out of memory"}
} -test check_numbers -kept $marks

# ---- The other functions ---------------------------------------------------

foreach {what call test} {
  "currval() and lastval()"
    {SELECT nextval('s'), currval('s'), lastval()} {}
  "setval()" {SELECT setval('s', 1000)} {
    set last [execsql {SELECT last_value FROM sequences WHERE name = 's'}]
    if {!$testrc != ($last == 1000)} {error "$testrc: last_value is $last"}
  }
  "setval() without a call" {SELECT setval('s', 1000, false)} {}
  "create_sequence()"
    {SELECT create_sequence('new', 'START 7 CACHE 3 OWNED BY t.id')} {
    set there [execsql {SELECT count(*) FROM sequences
      WHERE name = 'new' AND start_value = 7 AND owned_by = 't.id'}]
    if {!$testrc != $there} {error "$testrc: $there"}
  }
  "alter_sequence()" {SELECT alter_sequence('x',
    'RESTART WITH 50 INCREMENT 2 OWNED BY tg.id NO CYCLE')} {
    set there [execsql {SELECT count(*) FROM sequences WHERE name = 'x'
      AND increment_by = 2 AND owned_by = 'tg.id' AND cycle = 0}]
    if {!$testrc != $there} {error "$testrc: $there"}
  }
  "drop_sequence()" {SELECT drop_sequence('x')} {
    set there [execsql {SELECT count(*) FROM sequences WHERE name = 'x'}]
    if {$testrc != $there} {error "$testrc: $there"}
  }
  "sequence_ddl()" {SELECT sequence_ddl('x')} {}
  "sequences_promote()" {SELECT sequences_promote(), sequences_promote('main')}
    {}
} {
  fault_case "out of memory in $what" [list execsql $call] -test $test \
    -kept $marks
}

# Errors need memory for their messages. Where SQLite has none left to keep one,
# it says what the code means.
foreach {what call message} {
  "a missing sequence" {SELECT nextval('no')} {relation "no" does not exist}
  "an exhausted one" {SELECT nextval('x', 500)} {nextval: reached maximum*}
  "currval()" {SELECT currval('x')} {currval of sequence*}
  "setval()" {SELECT setval('x', 101)} {setval: value 101 is out of*}
  "bad options" {SELECT create_sequence('n', 'CACHE 0')} {CACHE (0) must*}
  "a name that is taken" {SELECT create_sequence('s')} {relation "s" already*}
  "a row of a taken name" {INSERT INTO sequences(name) VALUES ('s')}
    {UNIQUE constraint failed*}
  "a system column" {UPDATE sequences SET _seq_no = 99 WHERE name = 's'}
    {cannot assign to*}
  "a wrong argument" {CREATE VIRTUAL TABLE temp.second USING sequences(a=b)}
    {sequences takes no arguments*}
} {
  do_fault_test "out of memory in the error of $what" -prep $prep \
    -body [list execsql $call] -test check_numbers -kept $marks \
    -accept [list $message {vtable constructor failed*} {SQL logic error} \
      {constraint failed} {*temporary database file*}]
}

# ---- The table -------------------------------------------------------------

foreach {what sql} {
  "a query" {SELECT * FROM sequences}
  "a query of one" {SELECT name, last_value, owned_by, _seq_no, _primary_term
    FROM sequences WHERE name = 'x'}
  "a query backwards" {SELECT * FROM sequences ORDER BY name DESC}
  "a query in a transaction" {BEGIN; INSERT INTO t DEFAULT VALUES;
    SELECT count(*) FROM sequences; SELECT last_value FROM sequences
      WHERE name = 's'; COMMIT}
  "INSERT" {INSERT INTO sequences(name, last_value, owned_by)
    VALUES ('new', 0, 't.id')}
  "INSERT OR REPLACE" {INSERT OR REPLACE INTO sequences(name, last_value)
    VALUES ('x', 50)}
  "INSERT OR IGNORE" {INSERT OR IGNORE INTO sequences(name)
    VALUES ('x'), ('new')}
  "a swap" {UPDATE sequences SET last_value = 60 WHERE name = 'x'
    AND _seq_no = 3 AND _primary_term = 1}
  "a swap by the view" {SELECT sequences_create_view(); UPDATE sequences
    SET last_value = 60 WHERE name = 'x' AND _primary_term = 1
    RETURNING last_value, _seq_no}
  "an UPDATE of all columns" {UPDATE sequences SET start_value = 6,
    min_value = 2, max_value = NULL, increment_by = 3, cycle = 0,
    cache_size = 2, owned_by = NULL, data_type = 'integer' WHERE name = 'x'}
  "a new name" {UPDATE sequences SET name = 'renamed' WHERE name = 'x'}
  "DELETE" {DELETE FROM sequences WHERE name = 'x'}
  "integrity_check" {PRAGMA integrity_check}
} {
  # SQLite keeps the message of a row that was ignored for a later error.
  fault_case "out of memory in $what" [list execsql $sql] -kept $marks \
    -accept [expr {$what eq "INSERT OR IGNORE"
      ? {{UNIQUE constraint failed*}} : {}}]
}

# ---- Several stores --------------------------------------------------------

fault_case "out of memory with an attached store" {
  execsql {
    ATTACH ':memory:' AS aux;
    SELECT create_sequence('aux.a'), nextval('aux.a'), nextval('a'),
      nextval('s'), lastval();
    DETACH aux;
  }
} -test {
  catchsql ROLLBACK
  catchsql {DETACH aux}
} -kept $marks -accept {{vtable constructor failed*}}

do_fault_test "out of memory after another connection changed the schema" \
  -prep "$prep$warm
    open_db changer
    execsql {CREATE TABLE more(a)} changer
  " -body {
  execsql {SELECT nextval('s'); INSERT INTO tg DEFAULT VALUES}
} -test check_numbers -kept $marks

finish_test
