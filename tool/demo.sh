#!/bin/sh
# demo.sh: what Surrogate does, in the sqlite3 shell, on a database file.
#
#   sh tool/demo.sh              from a fresh clone: installs what is missing,
#                                builds in build/, then shows it
#   sh tool/demo.sh EXTENSION    shows it with a surrogate.so that is there
#
# 1. CrateDB's recipe for sequences. Two clients, each a sqlite3 shell, read
#    the same state; one wins, the other loses its swap, reads again, retries.
# 2. nextval() from several processes at once; no number comes twice.
# 3. A CREATE TABLE of another system, whose key makes itself.
# 4. IDs: how the schemes look, and what an id tells.
#
# Ends with status 1 if a result is not what it has to be. The database lies in
# a temporary folder that is removed. SQLITE3 names another sqlite3 shell.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
sqlite3="${SQLITE3:-sqlite3} -batch -init /dev/null" # a list of words
processes=4
rows=100 # of each process

fail() {
  echo "demo.sh: FAILED: $*" >&2
  exit 1
}

heading() {
  printf '\n== %s\n\n' "$*"
}

# ---- Set-up ----------------------------------------------------------------

if [ $# -gt 0 ]; then
  extension=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
else
  heading "Set-up: sh tool/build.sh"
  sh "$top/tool/build.sh"
  build=$(cd "$top" && cd "${BUILD:-build}" && pwd)
  for suffix in so dylib dll; do
    extension=$build/surrogate.$suffix
    [ ! -f "$extension" ] || break
  done
fi
[ -f "$extension" ] || fail "there is no $extension"

folder=$(mktemp -d)
file=$folder/shop.db
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM PIPE

# ---- sqlite3 shells --------------------------------------------------------

# What each of them begins with: to wait if another one is writing.
begin=".load \"$extension\"
.timeout 30000"

# run SQL: show it, run it in a shell of its own, and show the result. What the
# shell printed is left in $result.
run() {
  echo "$1" | sed 's/^/  sql> /'
  result=$(printf '%s\n' "$begin" "$1" | $sqlite3 -bail "$file" 2>&1) ||
    fail "$result"
  [ -z "$result" ] || echo "$result" | sed 's/^/       /'
}

# expect VALUE: $result has to be that.
expect() {
  [ "$result" = "$1" ] || fail "expected \"$1\", got \"$result\""
}

# A client is a sqlite3 shell that stays open: its input is a pipe, its output
# another one. Client A has descriptors 3 and 4, client B has 5 and 6.
mkfifo "$folder/a.in" "$folder/a.out" "$folder/b.in" "$folder/b.out"
$sqlite3 "$file" <"$folder/a.in" >"$folder/a.out" 2>&1 &
exec 3>"$folder/a.in" 4<"$folder/a.out"
$sqlite3 "$file" <"$folder/b.in" >"$folder/b.out" 2>&1 3>&- 4<&- &
exec 5>"$folder/b.in" 6<"$folder/b.out"

# send CLIENT TEXT: a client's input.
send() {
  case $1 in
    A) echo "$2" >&3 ;;
    B) echo "$2" >&5 ;;
  esac
}

# receive CLIENT: a line of a client's output; false if it has ended.
receive() {
  case $1 in
    A) IFS= read -r line <&4 ;;
    B) IFS= read -r line <&6 ;;
  esac
}

# ask CLIENT SQL: run it there; like run. The shell holds its output back as it
# goes to a pipe, so it is told to write to a program, and when that has ended,
# to say so.
ask() {
  echo "$2" | sed "s/^/  $1> /"
  send "$1" ".output |cat"
  send "$1" "$2"
  send "$1" ".output"
  send "$1" ".shell echo END"
  result=
  while :; do
    receive "$1" || fail "client $1 has ended: $result"
    [ "$line" != END ] || break
    result=$result${result:+ }$line
  done
  echo "       ${result:-(no row)}"
}

# ---- 1. The recipe ---------------------------------------------------------

heading "The view of sequences, in a new database file"

run "PRAGMA journal_mode = WAL;
SELECT sequences_create_view();
INSERT INTO sequences (name, last_value) VALUES ('mysequence', 0);
CREATE TABLE mytable (id BIGINT PRIMARY KEY, field1 TEXT);"

send A "$begin"
send B "$begin"

read_token="SELECT last_value, _seq_no, _primary_term FROM sequences
 WHERE name = 'mysequence';"

heading "Two clients, A and B, read the last value and its token"

ask A "$read_token"
expect "0|0|1"
ask B "$read_token"
expect "0|0|1"

heading "Both add one and swap. A is faster: it gets its row back"

swap_1="UPDATE sequences SET last_value = 1
 WHERE name = 'mysequence' AND _seq_no = 0 AND _primary_term = 1
 RETURNING last_value;"

ask A "$swap_1"
expect "1"

heading "B's token is no longer that of the row: no row, so B has lost"

ask B "$swap_1"
expect ""

heading "B reads again and retries, with success"

ask B "$read_token"
expect "1|1|1"
ask B "UPDATE sequences SET last_value = 2
 WHERE name = 'mysequence' AND _seq_no = 1 AND _primary_term = 1
 RETURNING last_value;"
expect "2"

heading "Each inserts its row with the number that it won"

ask A "INSERT INTO mytable VALUES (1, 'from A') RETURNING *;"
expect "1|from A"
ask B "INSERT INTO mytable VALUES (2, 'from B') RETURNING *;"
expect "2|from B"

exec 3>&- 4<&- 5>&- 6<&-
wait

# ---- 2. nextval() ----------------------------------------------------------

heading "nextval() in a DEFAULT"

run "SELECT create_sequence('ticket_id');
CREATE TABLE ticket (
  id INT8 NOT NULL ON CONFLICT REPLACE DEFAULT (nextval('ticket_id')),
  process INTEGER
);"

heading "$processes processes at once insert $rows rows each, one by one"

insert="INSERT INTO ticket (process) VALUES (1);"
echo "  sql> $insert"
echo "       ... and so on"
p=1
while [ $p -le $processes ]; do
  {
    echo "$begin"
    i=0
    while [ $i -lt $rows ]; do
      echo "INSERT INTO ticket (process) VALUES ($p);"
      i=$((i + 1))
    done
  } >"$folder/$p.sql"
  p=$((p + 1))
done
pids=
p=1
while [ $p -le $processes ]; do
  $sqlite3 -bail "$file" <"$folder/$p.sql" &
  pids="$pids $!"
  p=$((p + 1))
done
for pid in $pids; do
  wait "$pid" || fail "a process that inserts"
done

heading "What each of them got"

run "SELECT 'process ' || process, count(*) || ' rows',
  'from ' || min(id) || ' to ' || max(id) FROM ticket GROUP BY process;"

heading "No number came twice: as many different numbers as rows"

all=$((processes * rows))
run "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM ticket;"
expect "$all|$all|1|$all"

# ---- 3. Tables -------------------------------------------------------------

heading "A table as it is written for PostgreSQL, YDB or StarRocks"

run "SELECT create_table('CREATE TABLE users (
  user_id Serial, name Utf8, PRIMARY KEY (user_id))');"
expect "users"
run "INSERT INTO users (name) VALUES ('Alice'), ('Bob') RETURNING user_id, name;"
expect "1|Alice
2|Bob"

# ---- 4. IDs ----------------------------------------------------------------

heading "IDs that need no sequence"

run "SELECT uuidv7(), ulid();
SELECT typeid('user'), nanoid();
SELECT unique_rowid(), snowflake();"

heading "What an id tells"

run "SELECT scheme, datetime FROM id_inspect('01HF5J7XK4TG6N2VRT9P0M3DZ4');"
expect "ulid|2023-11-14 00:03:33.604"

cat <<END

== All as it has to be. To try it by hand:

  \$ sqlite3 my.db
  sqlite> .load $extension
  sqlite> SELECT create_sequence('s');
  sqlite> SELECT nextval('s');
END
