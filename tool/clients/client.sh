#!/bin/sh
# client.sh: Surrogate in the sqlite3 shell.
#
#     sh client.sh EXTENSION DATABASE
#
# EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
# it checks, and ends with status 1 as soon as something is not as expected.
#
# Needs the sqlite3 shell, 3.35 or later; SQLITE3 names another one.
set -eu
if [ $# != 2 ]; then
  echo "usage: client.sh EXTENSION DATABASE" >&2
  exit 2
fi
extension=$1
database=$2

# sql STATEMENT...: what they give, in a shell of its own. Each shell loads the
# extension, and -bail ends it with status 1 at the first error.
sql() {
  ${SQLITE3:-sqlite3} -batch -bail -init /dev/null -cmd ".timeout 60000" \
    -cmd ".load '$extension'" "$database" "$@"
}

check() { # WHAT EXPECTED ACTUAL
  if [ "$2" != "$3" ]; then
    printf 'NOT OK: %s: expected "%s", got "%s"\n' "$@"
    exit 1
  fi
  echo "ok: $1"
}

echo "sqlite3 shell, SQLite $(sql 'SELECT sqlite_version()')"

# A sequence.
sql "SELECT create_sequence('order_no', 'START WITH 100')" >/dev/null
check "nextval() begins with START WITH" 100 \
  "$(sql "SELECT nextval('order_no')")"
check "and another shell goes on" 101 "$(sql "SELECT nextval('order_no')")"

sql "SELECT sequences_create_view()" >/dev/null # for RETURNING

# Two clients want the next value: both read the token before one writes.
read_token() {
  sql "SELECT last_value || ' ' || _seq_no || ' ' || _primary_term
    FROM sequences WHERE name = 'ticket'"
}
swap() { # LAST_VALUE SEQ_NO PRIMARY_TERM
  sql "UPDATE sequences SET last_value = $1 + 1 WHERE name = 'ticket'
    AND _seq_no = $2 AND _primary_term = $3 RETURNING last_value"
}
sql "INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)"
token_a=$(read_token)
token_b=$(read_token)
# shellcheck disable=SC2046,SC2086 # a token is three words
{
  check "the first to swap wins" 1 "$(swap $token_a)"
  check "a swap with an old token loses" "" "$(swap $token_b)"
  check "and wins after reading the token again" 2 "$(swap $(read_token))"
}

# Generated keys.
sql "SELECT create_table('CREATE TABLE users (
    id SERIAL PRIMARY KEY, name TEXT)')" >/dev/null
check "RETURNING gives the generated keys" "1|Alice
2|Bob" "$(sql "INSERT INTO users (name) VALUES ('Alice'), ('Bob')
  RETURNING id, name")"
sql "CREATE TABLE article (title TEXT,
    id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID"
check "uuidv7_blob() is 16 bytes, a UUID of version 7" "blob|16|7" "$(
  sql "INSERT INTO article (title) VALUES ('On keys')
    RETURNING typeof(id), length(id), uuid_extract_version(id)")"

# Errors.
if message=$(sql "SELECT nextval('no_such')" 2>&1); then
  check "an error" failure success
fi
echo "$message"
case $message in
  *'relation "no_such" does not exist'*) ;;
  *) check "an error's text" 'relation "no_such" does not exist' "$message" ;;
esac
echo "ok: an error is printed, and ends the shell with status 1"
