#!/usr/bin/env tclsh
# client.tcl: Surrogate from Tcl.
#
#     tclsh client.tcl EXTENSION DATABASE
#
# EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
# it checks, and ends with status 1 as soon as something is not as expected.
#
# Needs the package sqlite3 (Debian: libsqlite3-tcl).

package require sqlite3

proc check {condition what} {
  set holds [uplevel 1 [list expr $condition]]
  puts "[expr {$holds ? "ok" : "NOT OK"}]: $what"
  if {!$holds} {exit 1}
}

# ---- Connections -----------------------------------------------------------

# A connection with the extension. Every connection has to load it.
proc open_database {db} {
  global extension database
  sqlite3 $db $database
  $db timeout 60000
  $db enable_load_extension 1
  $db eval {SELECT load_extension($extension)}
  $db enable_load_extension 0
}

# ---- Compare-and-swap ------------------------------------------------------

# The last value of a sequence, and the token that it was read with.
proc read_token {db name} {
  $db eval {
    SELECT last_value, _seq_no, _primary_term FROM sequences WHERE name = $name
  }
}

# The next value if nobody has written since the token was read, or nothing.
proc swap {db name token} {
  lassign $token last_value seq_no primary_term
  $db eval {
    UPDATE sequences SET last_value = $last_value + 1
     WHERE name = $name AND _seq_no = $seq_no AND _primary_term = $primary_term
    RETURNING last_value
  }
}

# ---- What is shown ---------------------------------------------------------

if {$argc != 2} {
  puts stderr "usage: client.tcl EXTENSION DATABASE"
  exit 2
}
lassign $argv extension database
open_database db
open_database other
puts "Tcl [info patchlevel], SQLite [db version]"

# A sequence. The package keeps the statement and runs it again.
db eval {SELECT create_sequence('order_no', 'START WITH 100')}
set values {}
for {set i 0} {$i < 3} {incr i} {
  lappend values [db onecolumn {SELECT nextval('order_no')}]
}
check {$values eq {100 101 102}} "nextval() goes on from START WITH"
db eval {UPDATE sequences SET last_value = 200 WHERE name = 'order_no'}
check {[db changes] == 1} "changes is that of the virtual table"

# Two clients want the next value. The view has RETURNING.
db eval {SELECT sequences_create_view()}
db eval {INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)}
set token [read_token db ticket]
check {[swap other ticket [read_token other ticket]] eq 1} \
  "the first to swap wins"
check {[swap db ticket $token] eq ""} "a swap with an old token loses"
check {[swap db ticket [read_token db ticket]] eq 2} \
  "and wins after reading the token again"

# Generated keys.
db eval {
  SELECT create_table('CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT)')
}
set ids {}
foreach name {Alice Bob} {
  lappend ids [db onecolumn {
    INSERT INTO users (name) VALUES ($name) RETURNING id
  }]
}
check {$ids eq {1 2}} "RETURNING gives the generated key"

db eval {
  CREATE TABLE article (title TEXT,
    id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID
}
db eval {
  INSERT INTO article (title) VALUES ('On keys')
  RETURNING id, uuid_str(id) AS text
} {
  check {[string length $id] == 16} "uuidv7_blob() is a byte array of 16"
  check {[regexp {^[0-9a-f]{8}-[0-9a-f]{4}-7} $text]} "of version 7"
}
# @ binds it as a blob: with $ Tcl might take it for text.
check {[db onecolumn {SELECT title FROM article WHERE id = @id}] eq "On keys"} \
  "which finds the row again"

# Errors.
try {
  db eval {SELECT nextval('no_such')}
  check 0 "an error"
} on error message {
  puts "error [db errorcode]: $message"
  check {$message eq {relation "no_such" does not exist}} "an error is an error"
}
db timeout 0
other eval {BEGIN IMMEDIATE}
check {[catch {db eval {SELECT nextval('order_no')}}] && [db errorcode] == 5} \
  "a lock is error 5, SQLITE_BUSY"
other eval {ROLLBACK}

# A transaction that fails takes its rows back, but not its numbers.
catch {
  db transaction immediate {
    db eval {INSERT INTO users (name) VALUES ('Carol')}
    db eval {INSERT INTO users (id) VALUES (1)}
  }
} message
puts "error: $message"
check {[db onecolumn {
  INSERT INTO users (name) VALUES ('Dave') RETURNING id
}] == 4} "what a ROLLBACK took back is not given again"

other close
db close
