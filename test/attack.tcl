# attack.tcl: random scripts for attack/driver.c, and what must hold of what it
# prints.
#
#   tclsh attack.tcl SEED N MODES ?SECONDS?
#
# runs N scripts from SEED on, or as many as there is time for, with the driver
# that SURROGATE_ATTACK names, and keeps what failed in the current folder.
# MODES are joined by "+", "plain" for none.
#
#   tclsh attack.tcl shrink FILE MODES
#
# prints the lines without which such a script would not fail. For attack.test:
#
#   attack::run LINES MODES         what did not hold in a script, a list
#   attack::run_seed SEED MODES     the same of a seed's script
#   attack::keep SEED MODES FOLDER  writes the last script and output there
#
# A seed and its modes always make the same script. What the modes add to
# statements that take numbers, in transactions of one to four connections:
#
#   tok      another connection looks at every row version
#   ddl      sequences are created, altered, renamed and dropped
#   set      setval(), RESTART, UPDATE of last_value, sequences_promote()
#   aux      sequences in an attached database
#   view     the file has the view "sequences"
#   alter    the store's tables are altered, and tables take our names
#   drop     the store is dropped
#   shared   the connections share a cache
#   deny     an authorizer, query_only
#   fault    files fail        memory   allocations fail
#   prog     statements are stopped, and interrupted
#
# What holds whatever happens, but for what a mode says:
#
#   * No number is returned twice, or committed twice; a sequence that cycles is
#     left out of this.
#   * No number that was committed is lost: the sequence's last value is at or
#     ahead of it, as another connection reads it by plain SQL after any
#     statement; and ahead of what its own connection was just given.
#   * What gapless sequences committed has no gap, unless something failed with
#     which it was to be closed; in an attached database, where main can be
#     locked by another connection, none is looked for if there is one.
#   * No row version is used again with another content.
#   * COMMIT fails only as SQLite's own would, and no statement says that the
#     store is malformed, or that it was rolled back by another.
#   * In the end, sequences_check() and PRAGMA integrity_check are ok; and the
#     sanitizers said nothing.

namespace eval attack {
  # name: increment, what makes it
  variable sequences {
    s 1 {} c 1 {CACHE 5} d -3 {INCREMENT BY -3} m -1 {INCREMENT BY -1 CACHE 4}
    g 1 {MODE gapless} h -2 {INCREMENT BY -2 MODE gapless}
    y 1 {MAXVALUE 9 CYCLE} z -2 {INCREMENT BY -2 MINVALUE -5 MAXVALUE 5 CYCLE
      CACHE 3}
    ct_id_seq 1 {} aux.s 1 {} aux.c 1 {CACHE 3} aux.g 1 {MODE gapless}
  }
  variable step
  foreach {name increment options} $sequences {set step($name) $increment}
  variable gapless {g h aux.g}
  variable cycles {y z}
  variable fails "SELECT 'zz', abs(-9223372036854775808)"
}

# ---- Chance ----------------------------------------------------------------

# The seeds 1, 2, 3 ... must not begin alike.
proc attack::seed {seed} {
  expr {srand(($seed * 2654435761 + 97) % 2147483646 + 1)}
  for {set i 0} {$i < 10} {incr i} {expr {rand()}}
}

proc attack::below {n} {
  expr {int(rand() * $n)}
}

proc attack::one_of {list} {
  lindex $list [below [llength $list]]
}

proc attack::chance {percent} {
  expr {rand() * 100 < $percent}
}

# ---- Statements ------------------------------------------------------------

# Of each kind: how often of 1000, in which mode, and a script that gives the
# lines. $c is the connection; $k a sequence, $kk one that may be gapless.
set attack::statements {
  80 - {sql [one_of {BEGIN BEGIN {BEGIN IMMEDIATE}}]}
  60 - {sql COMMIT}
  45 - {sql ROLLBACK}
  60 - {sql "SAVEPOINT [one_of {x y z}]"}
  60 - {sql "ROLLBACK TO [one_of {x y z}]"}
  25 - {sql "RELEASE [one_of {x y z}]"}
  90 - {sql "SELECT '$k', nextval('$k')"}
  20 - {sql "SELECT '$k', nextval('$k') UNION ALL SELECT '$k', nextval('$k')\
    UNION ALL SELECT '$k', nextval('$k')"}
  25 - {sql "SELECT '$k#3', nextval('$k', 3)"}
  110 - {sql "INSERT INTO t SELECT '$kk', nextval('$kk') RETURNING k, id"}
  25 - {sql "INSERT INTO t SELECT '$kk', nextval('$kk') FROM\
    (VALUES (1), (2), (3)) RETURNING k, id"}
  12 - {sql "INSERT INTO t SELECT '$kk', nextval('$kk') FROM\
    [series [one_of {8 40 1100}]]"}
  20 - {sql [reserve $kk]}
  20 - {sql "INSERT INTO t SELECT '$kk', nextval('$kk')\
    UNION ALL $attack::fails"}
  25 - {sql "INSERT [one_of {{} {OR FAIL} {OR ABORT} {OR ROLLBACK} \
    {OR REPLACE}}] INTO u SELECT '$k', nextval('$k'), abs(random() % 4) FROM\
    (VALUES (1), (2), (3))"}
  25 - {sql "INSERT INTO w VALUES ('$k', nextval('$k'))"}
  15 - {sql "INSERT INTO own(x) VALUES (1) RETURNING 's', id"}
  20 - {sql "INSERT INTO ct(x) VALUES ('a') RETURNING 'ct_id_seq', id"}
  8 - {sql "INSERT INTO ct(x) VALUES ('a'), ('b'), ('c')"}
  8 - {sql "UPDATE t SET id = nextval(k) WHERE rowid = 1 AND k = 's'"}
  15 - {sql "INSERT INTO temp.tmp VALUES ('$k', nextval('$k'))\
    RETURNING k, id"}
  40 - {sql "INSERT INTO temp.tmp SELECT '$kk', nextval('$kk')\
    UNION ALL $attack::fails"}
  15 - {sql "SELECT currval('$k'), lastval()"}
  15 - {sql "SELECT 'LIST', last_value FROM sequences WHERE name = '$kk'"}
  15 - {sql "SELECT 'LIST', name, last_value FROM sequences"}
  10 - {sql "INSERT INTO f VALUES (1)"}
  8 - {sql "DELETE FROM f"}
  12 - {sql [one_of {VACUUM {PRAGMA wal_checkpoint(TRUNCATE)}
    {CREATE TABLE IF NOT EXISTS z1(a)} {DROP TABLE IF EXISTS z1} ANALYZE}]}
  12 - {list "prepare $c SELECT '$k', nextval('$k') FROM\
    (VALUES (1), (2), (3))" "step $c"}
  6 - {list "prepare $c SELECT 'LIST', name, last_value FROM sequences"\
    "step $c"}
  25 - {list "step $c"}
  6 - {list "reset $c"}
  8 - {list "finalize $c"}
  6 - {reopen $c}
  5 - {list "serialize $c copy.db" "open Y :memory:" "deserialize Y copy.db" \
    {*}[watch Y] "[see Y]" "Y:SELECT nextval('s'), nextval('g')" "[see Y]" \
    "close Y"}
  4 - {list "open Y :memory:" "backup $c Y" {*}[watch Y] "[see Y]" \
    "Y:SELECT nextval('s')" "[see Y]" "close Y"}

  25 ddl {sql "SELECT create_sequence('[one_of {q1 q2 q3}]')"}
  15 ddl {sql "SELECT drop_sequence('[one_of {q1 q2 q3}]')"}
  25 ddl {sql "SELECT nextval('[one_of {q1 q2 q3}]')"}
  10 ddl {sql "SELECT alter_sequence('c', 'CACHE [one_of {1 3 7}]')"}
  8 ddl {sql "SELECT alter_sequence('[one_of {q1 q2}]', 'INCREMENT BY 2')"}
  10 ddl {sql "INSERT INTO temp.tmp SELECT create_sequence('q2'), 1\
    [one_of [list {} "UNION ALL $attack::fails"]]"}
  10 ddl {sql "INSERT INTO sequences(name) VALUES ('q3') RETURNING name"}
  10 ddl {sql "DELETE FROM sequences WHERE name = 'q2'"}
  12 ddl {sql "UPDATE OR [one_of {REPLACE ABORT IGNORE}] sequences\
    SET name = '[one_of {q1 q2 q3}]' WHERE name = '[one_of {q1 q2 q3}]'"}
  4 ddl {sql "UPDATE sequences SET cache_size = CASE name WHEN 'q2' THEN\
    length(drop_sequence('q1')) + 4 ELSE 3 END WHERE name IN ('q1', 'q2')"}
  10 ddl {sql [one_of {
    {SELECT create_table('CREATE TABLE ct2 (id BIGSERIAL, x TEXT)')}
    {INSERT INTO ct2(x) VALUES ('a')} {DROP TABLE ct2}
    {ALTER TABLE ct2 RENAME TO ct3} {DROP TABLE ct3}
    {ALTER TABLE ct2 RENAME COLUMN id TO no}
    {SELECT create_sequence('ct2_id_seq')}}]}

  12 set {sql "SELECT setval('s', (SELECT max(last_value) FROM\
    main.surrogate_values) + 1000)"}
  8 set {sql "SELECT setval('d', (SELECT min(last_value) FROM\
    main.surrogate_values) - 900, [below 2])"}
  10 set {sql "UPDATE sequences SET last_value = last_value + 100 WHERE\
    name = '[one_of {s c}]'[one_of {{ RETURNING last_value} {}}]"}
  8 set {sql "SELECT alter_sequence('s', 'RESTART WITH ' || (SELECT\
    max(last_value) + 500 FROM main.surrogate_values))"}
  6 set {sql "SELECT setval('y', [expr {1 + [below 9]}])"}
  4 set {sql "SELECT sequences_promote()"}

  25 aux {sql "INSERT INTO aux.t SELECT '$kk', nextval('$kk')\
    RETURNING k, id"}
  25 aux {sql "INSERT INTO aux.t SELECT '$kk', nextval('$kk')\
    UNION ALL $attack::fails"}
  5 aux {list "$c:DETACH aux" "$c:ATTACH 'y.db' AS aux"}
  5 aux {sql "SELECT 'LIST', name, last_value FROM\
    sequences('aux')"}

  8 view {sql "UPDATE sequences SET last_value = last_value + 10 WHERE\
    name = 'c' RETURNING 'LIST', last_value"}
  4 view {sql "SELECT 'LIST', count(*) FROM sequences WHERE _seq_no > 3"}

  30 alter {sql [one_of {
    {CREATE TABLE surrogate_session(a)} {DROP TABLE surrogate_session}
    {CREATE TABLE surrogate_close(a)} {DROP TABLE surrogate_close}
    {CREATE VIRTUAL TABLE store USING sequences} {DROP TABLE store}
    {CREATE INDEX i1 ON surrogate_sequences(id)} {DROP INDEX i1}
    {ALTER TABLE surrogate_values RENAME TO v2}
    {ALTER TABLE v2 RENAME TO surrogate_values}
    {ALTER TABLE surrogate_values ADD COLUMN more}
    {ALTER TABLE surrogate_values DROP COLUMN more}
    {CREATE TRIGGER tr AFTER UPDATE ON surrogate_values
      BEGIN SELECT nextval('s'); END}
    {DROP TRIGGER tr} {DROP TRIGGER tr}
    {REINDEX}}]}
  15 alter {sql "UPDATE surrogate_values SET last_value = last_value + 100\
    WHERE is_called AND id = (SELECT id FROM surrogate_sequences WHERE\
    name = '[one_of {s c}]')"}
  6 alter {list "P:VACUUM"}

  12 drop {sql [one_of {
    {SAVEPOINT x; DROP TABLE surrogate_values; ROLLBACK TO x}
    {SAVEPOINT x; DROP TABLE surrogate_sequences; DROP TABLE surrogate_values;
      DROP TABLE surrogate_settings; SELECT create_sequence('s');
      SELECT nextval('s'); ROLLBACK TO x}
    {DROP TABLE surrogate_sequences} {DROP TABLE surrogate_values}
    {DROP TABLE surrogate_settings} {DELETE FROM surrogate_settings}
    {DELETE FROM surrogate_values} {DELETE FROM surrogate_sequences}
    {DROP TABLE ct}}]}
  12 drop {list "P:DROP TABLE IF EXISTS surrogate_sequences; DROP TABLE IF\
    EXISTS surrogate_values; DROP TABLE IF EXISTS surrogate_settings"}
  15 drop {sql "SELECT create_sequence('s', 'IF NOT EXISTS'),\
    create_sequence('g', 'IF NOT EXISTS MODE gapless')"}

  12 deny {list "deny $c [one_of {update read insert}]\
    surrogate_[one_of {values sequences settings session}]"}
  4 deny {list "deny $c function nextval"}
  25 deny {list "allow $c"}
  6 deny {sql "PRAGMA query_only = 1"}
  12 deny {sql "PRAGMA query_only = 0"}
  3 deny {list "defensive $c"}

  30 fault {list "fail [one_of {read write sync lock write truncate open}]\
    [below 13][one_of {{} { full}}][one_of {{} {} { always}}]"}
  6 fault {list "fail shm [below 13]"}
  35 fault {list heal}

  25 memory {list "fail memory [below [one_of {20 100 600}]][one_of \
    {{} {} { always}}]"}
  40 memory {list heal}

  20 prog {list "stop $c [below [one_of {20 60 300}]]"}
  8 prog {list "interrupt $c [below [one_of {20 60 300}]]"}
  30 prog {list "go $c"}
}

proc attack::series {n} {
  return "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n\
    LIMIT $n) SELECT i FROM n)"
}

# Numbers that are reserved together, as rows.
proc attack::reserve {k} {
  variable step
  variable cycles
  if {$k in $cycles} {return "SELECT nextval('$k', 2)"}
  return "WITH r(n) AS MATERIALIZED (SELECT nextval('$k', 3))\
    INSERT INTO t SELECT '$k', n + $step($k) * column1 FROM r,\
    (VALUES (0), (1), (2)) RETURNING k, id"
}

# What each connection needs to look at what was committed.
proc attack::watch {c} {
  list "$c:CREATE TEMP VIEW issued AS SELECT k, id FROM main.t UNION ALL\
    SELECT k, id FROM main.u UNION ALL SELECT 's', id FROM main.own\
    UNION ALL SELECT 'ct_id_seq', id FROM main.ct"
}

# Where each sequence stands, and the numbers in the tables, by plain SQL.
proc attack::see {c} {
  return "$c:SELECT 'SEE', s.name, v.last_value, v.is_called, min(i.id),\
    max(i.id), count(i.id), count(DISTINCT i.id) FROM\
    main.surrogate_sequences AS s JOIN main.surrogate_values AS v USING (id)\
    LEFT JOIN temp.issued AS i ON i.k = s.name GROUP BY s.name"
}

proc attack::versions {c} {
  return "$c:SELECT 'TOK', s.name, v._seq_no, (SELECT value FROM\
    main.surrogate_settings WHERE name = 'primary_term'), v.last_value,\
    v.is_called, v.setting, s.id, s.data_type, s.start_value, s.min_value,\
    s.max_value, s.increment_by, s.cycle, s.cache_size, s.mode FROM\
    main.surrogate_sequences AS s JOIN main.surrogate_values AS v USING (id)"
}

# ---- Scripts ---------------------------------------------------------------

proc attack::set_up {c has_aux} {
  set lines [list "open $c x.db" "$c:PRAGMA foreign_keys = ON"]
  if {$has_aux} {lappend lines "$c:ATTACH 'y.db' AS aux"}
  lappend lines "$c:CREATE TEMP TABLE tmp(k, id)"
}

proc attack::reopen {c} {
  upvar 1 has_aux has_aux
  list {*}[one_of [list {} [list "$c:ROLLBACK" "$c:SELECT 'ROW', k, id FROM\
    temp.tmp"]]] "close $c" {*}[set_up $c $has_aux] {*}[watch $c]
}

# The lines of the script of a seed.
proc attack::script {seed modes} {
  variable sequences
  variable statements
  variable fails
  seed $seed
  set has_aux [expr {"aux" in $modes}]
  set connections [lrange {A B C D} 0 [one_of {0 0 1 2 3}]]
  set journals {delete wal wal truncate persist}
  if {"fault" ni $modes} {lappend journals memory}

  # R looks at what is committed, without the extension; P alters by plain SQL;
  # K keeps the file open, so that what was rolled back stays known.
  set lines [list "plain R x.db" "plain P x.db"]
  if {"shared" in $modes} {lappend lines "shared 1"}
  foreach c $connections {lappend lines {*}[set_up $c $has_aux]}
  lappend lines "A:PRAGMA journal_mode = [one_of $journals]"
  if {"view" in $modes} {
    lappend lines [one_of {
      "A:SELECT sequences_create_view()"
      "A:SELECT create_table('CREATE TABLE sequences (name TEXT PRIMARY KEY,\
        last_value BIGINT) CLUSTERED INTO 1 SHARDS')"
    }]
  }
  foreach {name - options} $sequences {
    if {$name eq "ct_id_seq" || !$has_aux && [string match aux.* $name]} {
      continue
    }
    regsub -all {\s+} $options " " options
    lappend lines "A:SELECT create_sequence('$name', '$options')"
  }
  regsub -all {\s+} {
    A:CREATE TABLE t(k, id); CREATE TABLE u(k, id, code UNIQUE);
    CREATE TABLE w(k, id);
    CREATE TRIGGER wt AFTER INSERT ON w BEGIN
      INSERT INTO t VALUES (NEW.k, NEW.id);
      INSERT INTO t VALUES (NEW.k, nextval(NEW.k));
      SELECT RAISE(FAIL, 'fail') WHERE abs(random() % 7) = 0;
      SELECT RAISE(ABORT, 'abort') WHERE abs(random() % 7) = 0;
      SELECT RAISE(ROLLBACK, 'rollback') WHERE abs(random() % 15) = 0;
      SELECT RAISE(IGNORE) WHERE abs(random() % 9) = 0;
      INSERT INTO t SELECT NEW.k, nextval(NEW.k);
    END;
    CREATE TABLE own(id INT8 NOT NULL ON CONFLICT REPLACE
      DEFAULT (nextval('s')), x);
    CREATE TABLE p(a PRIMARY KEY);
    CREATE TABLE f(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)
  } " " tables
  lappend lines [string trim $tables] \
    "A:SELECT create_table('CREATE TABLE ct (id BIGSERIAL, x TEXT)')"
  if {$has_aux} {lappend lines "A:CREATE TABLE aux.t(k, id)"}
  lappend lines {*}[set_up K $has_aux] "K:SELECT create_sequence('k')"
  if {$has_aux} {lappend lines "K:SELECT create_sequence('aux.k')"}
  foreach c [list R {*}$connections] {lappend lines {*}[watch $c]}

  set any {}
  foreach {weight mode body} $statements {
    if {$mode eq "-" || $mode in $modes} {
      lappend any {*}[lrepeat $weight $body]
    }
  }
  set standard {s s c d m y z}
  set all {s c d m g g g h y}
  if {$has_aux} {
    lappend standard aux.s aux.c
    lappend all aux.s aux.g
  }
  set n [expr {15 + [below 75]}]
  for {set i 0} {$i < $n} {incr i} {
    set c [one_of $connections]
    set k [one_of $standard]
    set kk [one_of $all]
    lappend lines {*}[eval [one_of $any]]
  }

  lappend lines heal
  foreach c $connections {lappend lines "go $c" "allow $c" "finalize $c"}
  foreach c $connections {
    lappend lines "$c:PRAGMA query_only = 0" "$c:COMMIT" "$c:ROLLBACK" \
      "$c:SELECT 'ROW', k, id FROM temp.tmp"
  }
  if {"shared" in $modes} {lappend lines "shared 0"}
  lappend lines [see R] {*}[set_up Z $has_aux]
  foreach table {t u} {lappend lines "Z:SELECT 'ROW', k, id FROM $table"}
  lappend lines "Z:SELECT 'ROW', 's', id FROM own" \
    "Z:SELECT 'ROW', 'ct_id_seq', id FROM ct" \
    "Z:SELECT 'LAST', name, last_value FROM sequences"
  if {$has_aux} {
    lappend lines "Z:SELECT 'ROW', k, id FROM aux.t" \
      "Z:SELECT 'LAST', 'aux.' || name, last_value FROM sequences('aux')" \
      "Z:SELECT 'CHECK', sequences_check('aux')"
  }
  lappend lines "Z:SELECT 'CHECK', sequences_check()" \
    "Z:SELECT 's', nextval('s')" "Z:SELECT 'g', nextval('g')" \
    "Z:SELECT 'INTEGRITY', integrity_check FROM pragma_integrity_check"
}

# The lines of a statement, with a look at what it left. For the statements.
proc attack::sql {sql} {
  upvar 1 c c modes modes
  regsub -all {\s+} $sql " " sql
  set lines [list "$c:$sql"]
  if {"tok" in $modes && [chance 60]} {lappend lines [versions R]}
  if {[chance 40]} {lappend lines [see R]}
  if {"shared" ni $modes && [chance 40]} {lappend lines [see $c]}
  if {[chance 15]} {
    lappend lines "$c:SELECT 'SHOW', name, last_value FROM sequences"
  }
  return $lines
}

# ---- What must hold --------------------------------------------------------

# Whether a number is ahead of another, in the direction of the sequence.
proc attack::is_ahead {k a b} {
  variable step
  expr {$step($k) > 0 ? $a > $b : $a < $b}
}

# Whether a sequence that stands there may give a number again: without
# is_called it gives last_value next.
proc attack::is_behind {k number last_value is_called} {
  expr {$is_called ? [is_ahead $k $number $last_value]
    : ![is_ahead $k $last_value $number]}
}

proc attack::complain {text} {
  variable complaints
  if {$text ni $complaints} {lappend complaints $text}
}

# Sets `complaints` from what the driver printed.
proc attack::check {output modes} {
  variable complaints {}
  variable step
  variable cycles
  variable gapless
  variable returned
  variable committed
  variable version
  variable recent
  variable last
  array unset returned
  array unset committed
  array unset version
  array unset recent
  array unset last
  set checks {}
  set line ""
  set is_sound [expr {"drop" ni $modes}]

  foreach text [split $output \n] {
    if {[regexp {^= (.*)$} $text -> line]} {
      # Only what the line before was given is to be shown by this one.
      set c [string index $line 0]
      if {![string match {?:SELECT 'S[EH]*} $line]} {set recent($c) {}}
      continue
    }
    if {[regexp {^([A-Z])! (.*) \((\d+)\)$} $text -> c message code]} {
      set recent($c) {}
      if {$line eq "$c:COMMIT"} {check_commit $modes $message $code}
      if {[string match $c:* $line]} {check_error $modes $message $code}
      continue
    }
    if {![regexp {^([A-Z])> (.*)$} $text -> c row]} continue
    set row [split $row |]
    if {"NOMEM" in $row} continue
    switch -- [lindex $row 0] {
      SEE {if {$is_sound} {check_seen $c $row $modes}}
      SHOW {if {$is_sound} {check_shown $c $row}}
      TOK {if {$is_sound && "alter" ni $modes} {check_version $row}}
      ROW {
        lassign $row - k id
        if {$id ne "NULL" && [info exists step($k)]} {lappend committed($k) $id}
      }
      LAST {lassign $row - k last($k)}
      CHECK {lappend checks [lindex $row 1]}
      INTEGRITY {set integrity [lindex $row 1]}
      default {if {$c ne "Y"} {note_returned $c $row}}
    }
  }

  if {![info exists integrity] || $integrity ne "ok"} {
    complain "PRAGMA integrity_check is not ok"
  }
  if {!$is_sound} return
  if {"alter" ni $modes} {
    if {[llength $checks] != 1 + ("aux" in $modes) ||
        [lsearch -not $checks ok] >= 0} {
      complain "sequences_check() gives $checks"
    }
  }
  foreach k [array names committed] {
    if {$k ni $cycles} {check_committed $k $modes}
  }
  if {"alter" in $modes} return
  foreach k $gapless {
    if {![info exists last($k)] || $k eq "aux.g" &&
        [string match "*\n= open B *" $output]} {
      continue
    }
    set numbers {}
    if {[info exists committed($k)]} {set numbers $committed($k)}
    check_gapless $k [lsort -integer $numbers] $modes
  }
  foreach k [array names returned] {
    # What was rolled back with a setting may come again; c is altered by ddl.
    if {$k in $gapless || $k in $cycles || "set" in $modes ||
        $k eq "c" && ("ddl" in $modes || "view" in $modes)} {
      continue
    }
    set doubles [doubles $returned($k)]
    if {[llength $doubles]} {complain "$k: returned twice: $doubles"}
  }
}

proc attack::doubles {numbers} {
  set doubles {}
  foreach number $numbers {
    if {[incr seen($number)] == 2} {lappend doubles $number}
  }
  return $doubles
}

# A row may be a name and a number that it was given.
proc attack::note_returned {c row} {
  variable step
  variable returned
  variable recent
  lassign $row k first
  set n 1
  regexp {^(.*)#(\d+)$} $k -> k n
  if {[llength $row] != 2 || ![info exists step($k)] ||
      ![string is entier -strict $first]} {
    return
  }
  for {set i 0} {$i < $n} {incr i} {
    set value [expr {$first + $i * $step($k)}]
    lappend returned($k) $value
  }
  lappend recent($c) $k $value
}

# Busy, a foreign key, no transaction, a schema that another connection of the
# shared cache is writing: this is SQLite's.
proc attack::check_commit {modes message code} {
  foreach mode {fault memory prog deny} {
    if {$mode in $modes} return
  }
  if {($code & 0xff) == 5 || $code == 787 ||
      [string match "*no transaction is active*" $message] ||
      [string match "database schema is locked*" $message]} {
    return
  }
  complain "COMMIT failed: $message ($code)"
}

# SQLITE_ABORT_ROLLBACK, SQLITE_CORRUPT, SQLITE_MISUSE.
proc attack::check_error {modes message code} {
  foreach mode {fault memory prog deny alter drop} {
    if {$mode in $modes} return
  }
  if {$code == 516 || ($code & 0xff) in {11 21}} {
    complain "a statement failed: $message ($code)"
  }
}

# Where a sequence stands, in one snapshot with the numbers in the tables.
proc attack::check_seen {c row modes} {
  variable cycles
  variable recent
  variable step
  lassign $row - k at is_called min max n distinct
  if {![info exists step($k)] || $k in $cycles} return
  if {$n != $distinct} {complain "$k: a number is in the tables twice"}
  if {$n > 0} {
    set furthest [expr {$step($k) > 0 ? $max : $min}]
    if {[is_behind $k $furthest $at $is_called]} {
      complain "$k: $c sees $furthest, but last_value is $at ($is_called)"
    }
  }
  if {$c in {Y R} || ![info exists recent($c)]} return
  foreach {name value} $recent($c) {
    if {$name eq $k && [is_behind $k $value $at $is_called]} {
      complain "$k: $c was given $value, but last_value is $at ($is_called)"
    }
  }
}

# What the connection that was given numbers shows as the last one.
proc attack::check_shown {c row} {
  variable recent
  lassign $row - k shown
  if {![info exists recent($c)]} return
  foreach {name value} $recent($c) {
    if {$name eq $k && $k in {s d g h ct_id_seq}} {set expected $value}
  }
  if {[info exists expected] && $shown ne $expected} {
    complain "$k: $c was given $expected, but sequences shows $shown"
  }
}

proc attack::check_version {row} {
  variable version
  set key [lrange $row 1 3]
  set content [lrange $row 4 end]
  if {![info exists version($key)]} {set version($key) $content}
  if {$version($key) ne $content} {
    complain "row version $key used twice: $version($key), $content"
  }
}

proc attack::check_committed {k modes} {
  variable committed
  variable last
  variable step
  set doubles [doubles $committed($k)]
  if {[llength $doubles]} {complain "$k: committed twice: $doubles"}
  if {![info exists last($k)]} return
  set numbers [lsort -integer $committed($k)]
  set furthest [lindex $numbers [expr {$step($k) > 0 ? "end" : 0}]]
  if {$last($k) eq "NULL" && "set" in $modes} return ;# RESTART
  if {$last($k) eq "NULL" || [is_ahead $k $furthest $last($k)]} {
    complain "$k: committed $furthest, but last_value is $last($k)"
  }
}

proc attack::check_gapless {k numbers modes} {
  variable last
  variable step
  foreach mode {fault memory prog deny} {
    if {$mode in $modes} return
  }
  if {$step($k) < 0} {set numbers [lreverse $numbers]}
  set expected $step($k)
  if {$step($k) < 0} {set expected -1}
  foreach number $numbers {
    if {$number != $expected} {
      complain "$k: has a gap or a double before $number of $numbers"
      return
    }
    incr expected $step($k)
  }
  set end [expr {[llength $numbers] ? [lindex $numbers end] : "NULL"}]
  if {$last($k) ne $end} {
    complain "$k: ends with $end, but last_value is $last($k)"
  }
}

# ---- Runs ------------------------------------------------------------------

# The driver on some lines, in the current folder: {status output errors}.
proc attack::drive {lines {seconds 60}} {
  set command [list env LD_PRELOAD= ASAN_OPTIONS=detect_leaks=1]
  if {[auto_execok timeout] ne ""} {lappend command timeout -k 5 $seconds}
  lappend command $::env(SURROGATE_ATTACK)
  set status 0
  set out [open script.txt w]
  fconfigure $out -encoding utf-8
  puts $out [join $lines \n]
  close $out
  if {[catch {
    exec {*}$command <script.txt >output.txt 2>errors.txt
  } - options]} {
    set status [lrange [dict get $options -errorcode] 0 0]
    lappend status [lindex [dict get $options -errorcode] 2]
  }
  list $status [read_file output.txt] [read_file errors.txt]
}

proc attack::read_file {name} {
  set file [open $name]
  fconfigure $file -encoding utf-8
  set text [read $file]
  close $file
  return $text
}

# What does not hold when some lines are run.
proc attack::run {lines modes} {
  variable complaints
  file delete {*}[glob -nocomplain x.db* y.db* copy.db*]
  lassign [drive $lines] status output errors
  check $output $modes
  if {$status ne "0" || $errors ne ""} {
    complain "the driver ended with $status:\n[string range $errors 0 3000]"
  }
  return $complaints
}

proc attack::run_seed {seed modes} {
  set modes [split $modes +]
  run [script $seed $modes] $modes
}

proc attack::keep {seed modes folder} {
  set to [file join $folder attack-$seed-[expr {$modes eq "" ? "-" : $modes}]]
  foreach name {script output errors} {
    file copy -force $name.txt $to.$name
  }
  return $to.script
}

# ---- By hand ---------------------------------------------------------------

# The kinds of some complaints: without the numbers.
proc attack::kinds {complaints} {
  lsort -unique [lmap complaint $complaints {
    regsub {^the driver.*} $complaint ~ complaint
    regsub -all {\d+} [string range $complaint 0 60] #
  }]
}

# The lines without which the first complaint of a script would not be there.
proc attack::shrink {lines modes} {
  set kinds [kinds [run $lines $modes]]
  set kind [lindex $kinds [expr {[lindex $kinds end] eq "~" ? "end" : 0}]]
  for {set size [expr {[llength $lines] / 2}]} {$size > 0} {} {
    set before [llength $lines]
    for {set i [expr {$before - $size}]} {$i > -$size} {incr i -$size} {
      set some [lrange $lines [expr {max($i, 0)}] [expr {$i + $size - 1}]]
      set some [lsearch -all -inline -regexp $some \
        {^(K:|open|plain|.:ATTACH|A:SELECT create_sequence\('[^q])}]
      set fewer [lreplace $lines [expr {max($i, 0)}] [expr {$i + $size - 1}] \
        {*}$some]
      if {[llength $fewer] < [llength $lines] &&
          $kind in [kinds [run $fewer $modes]]} {
        set lines $fewer
      }
    }
    if {$size > 1 || [llength $lines] == $before} {set size [expr {$size / 2}]}
  }
  return $lines
}

if {[info exists argv0] &&
    [file normalize $argv0] eq [file normalize [info script]]} {
  lassign $argv seed n modes seconds
  if {$seconds eq ""} {set seconds 1e9}
  set folder [pwd]
  if {$seed eq "shrink"} {
    set lines [split [string trim [attack::read_file $n]] \n]
  }
  set work [file join $folder attack-work-[pid]]
  file mkdir $work
  cd $work
  if {$seed eq "shrink"} {
    set lines [attack::shrink $lines [split $modes +]]
    puts [join $lines \n]
    puts "# [join [attack::run $lines [split $modes +]] "\n# "]"
    set n 0
  }
  set began [clock milliseconds]
  set failed 0
  for {set i 0} {$i < $n} {incr i; incr seed} {
    if {[clock milliseconds] - $began > $seconds * 1000} break
    set complaints [attack::run_seed $seed $modes]
    if {[llength $complaints] == 0} continue
    puts "seed $seed, modes \"$modes\": [attack::keep $seed $modes $folder]"
    foreach complaint $complaints {puts "  $complaint"}
    if {[incr failed] == 20} break
  }
  cd $folder
  file delete -force $work
  if {$n} {puts "$i scripts, $failed failed"}
  exit [expr {$failed > 0}]
}
