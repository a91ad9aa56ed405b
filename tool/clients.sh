#!/bin/sh
# clients.sh: runs the clients of tool/clients, each through a driver that
# people use, on a new database file.
#
#   sh tool/clients.sh              all of them
#   sh tool/clients.sh tcl perl     these
#   sh tool/clients.sh --install    installs the drivers first: Debian's by
#                                   tool/setup.sh --clients, and npm's; and from
#                                   npm the programs of test/tools.test
#
# Prints a line for each client, what it printed if it failed, and at last
# "N passed, N failed, N skipped". A client whose driver is not there is
# skipped. Ends with status 1 if one failed. doc/clients.md is about them.
#
#   BUILD        the build folder, build; in BUILD/clients lies what is
#                installed from npm, and what is compiled
#   EXTENSION    the extension, BUILD/surrogate.so
#   STATIC       the same for linking, BUILD/libsurrogate.a
#   STATIC_LIBS  what to link with it
#   SQLITE3      another sqlite3 shell
set -eu
cd "$(dirname "$0")/.."
mkdir -p "${BUILD:=build}/clients"
work=$(cd "$BUILD/clients" && pwd)
BUILD=$(dirname "$work")
clients=$(pwd)/tool/clients

# Node.js and its headers are in a package of npm, too: better-sqlite3 wants a
# newer one than Debian's.
node_version=24.21.0
better_sqlite3_version=13.2.0
node_gyp_version=13.1.0
drizzle_kit_version=0.31.11
drizzle_orm_version=0.45.4
prisma_version=6.19.3
case $(uname -m) in
  x86_64) node_arch=x64 ;;
  aarch64) node_arch=arm64 ;;
  *) node_arch=unknown ;;
esac
modules=$work/node_modules
node_dir=$modules/node-linux-$node_arch
addon=$modules/better-sqlite3/build/Release/better_sqlite3.node

all="c static shell tcl python sqlalchemy perl php ruby java go
  better-sqlite3 node both"

# ---- Installation ----------------------------------------------------------

# better-sqlite3 is compiled here, from its sources and without optimization, as
# it takes minutes with it.
install_npm() {
  [ "$node_arch" != unknown ] && command -v npm >/dev/null || return 0
  [ ! -f "$addon" ] || [ ! -d "$modules/prisma" ] || return 0
  cat >"$work/package.json" <<END
{"private": true, "overrides": {"better-sqlite3": "$better_sqlite3_version"}}
END
  npm install --prefix "$work" --loglevel=error --no-audit --no-fund \
    --ignore-scripts "better-sqlite3@$better_sqlite3_version" \
    "node-linux-$node_arch@$node_version" "node-gyp@$node_gyp_version" \
    "drizzle-kit@$drizzle_kit_version" "drizzle-orm@$drizzle_orm_version" \
    "prisma@$prisma_version" \
    "@prisma/adapter-better-sqlite3@$prisma_version" || return
  [ -f "$addon" ] ||
    env PATH="$node_dir/bin:$PATH" npm_config_nodedir="$node_dir" JOBS=2 \
      CFLAGS=-O0 CXXFLAGS="-O0 -fno-lto" LDFLAGS=-fno-lto \
      npm run --prefix "$modules/better-sqlite3" build-release
}

if [ "${1-}" = --install ]; then
  shift
  sh tool/setup.sh --clients
  install_npm >"$work/npm.log" 2>&1 || {
    tail -n 50 "$work/npm.log"
    echo "clients.sh: the packages from npm could not be installed"
  } >&2
fi

# ---- Clients ---------------------------------------------------------------

# missing WHAT: says what a client needs; always false.
missing() {
  echo "needs $*"
  return 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# client NAME EXTENSION DATABASE: runs it. If it cannot be run, "needs ..." is
# all that it prints.
client() {
  case $1 in
    c)
      has cc || missing "cc and sqlite3.h" || return
      cc -o "$work/client" "$clients/client.c" -lsqlite3
      "$work/client" "$2" "$3"
      ;;
    static)
      [ -f "$STATIC" ] || make -s -C "$BUILD" static >/dev/null 2>&1 ||
        missing "$STATIC, of make static" || return
      # shellcheck disable=SC2086 # a list of words
      cc -DSQLITE_CORE -o "$work/static" "$clients/client.c" "$STATIC" \
        -lsqlite3 $STATIC_LIBS
      "$work/static" "$3"
      ;;
    shell)
      has "${SQLITE3:-sqlite3}" || [ -n "${SQLITE3-}" ] ||
        missing "the sqlite3 shell" || return
      sh "$clients/client.sh" "$2" "$3"
      ;;
    tcl)
      echo "package require sqlite3" | tclsh >/dev/null 2>&1 ||
        missing "tclsh with sqlite3" || return
      tclsh "$clients/client.tcl" "$2" "$3"
      ;;
    python)
      find_python sqlite3 || missing "a python3 that loads extensions" || return
      $python "$clients/client.py" "$2" "$3"
      ;;
    sqlalchemy)
      find_python sqlalchemy || missing "a python3 with sqlalchemy" || return
      $python "$clients/orm.py" "$2" "$3"
      ;;
    perl)
      perl -MDBD::SQLite -e 1 2>/dev/null || missing "DBD::SQLite" || return
      perl "$clients/client.pl" "$2" "$3"
      ;;
    php)
      php -r 'exit(class_exists("SQLite3") ? 0 : 1);' 2>/dev/null ||
        missing "php with sqlite3" || return
      php -d sqlite3.extension_dir="$(dirname "$2")" "$clients/client.php" \
        "$2" "$3"
      ;;
    ruby)
      ruby -rsqlite3 -e 1 2>/dev/null || missing "ruby with sqlite3" || return
      ruby "$clients/client.rb" "$2" "$3"
      ;;
    java)
      jar=/usr/share/java/sqlite-jdbc.jar
      [ -f $jar ] && has javac || missing "a JDK and $jar" || return
      java -cp $jar "$clients/Client.java" "$2" "$3"
      ;;
    go)
      [ -d /usr/share/gocode/src/github.com/mattn/go-sqlite3 ] && has go ||
        missing "go and mattn/go-sqlite3 in /usr/share/gocode" || return
      GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS="" GOCACHE=$work/go \
        go build -tags libsqlite3 -o "$work/client-go" "$clients/client.go"
      "$work/client-go" "$2" "$3"
      ;;
    better-sqlite3)
      [ -f "$addon" ] || missing "better-sqlite3: --install" || return
      NODE_PATH=$modules "$node_dir/bin/node" "$clients/client.js" "$2" "$3"
      ;;
    node)
      node=$node_dir/bin/node
      [ -x "$node" ] || node=node
      $node -e 'require("node:sqlite")' 2>/dev/null ||
        missing "Node.js 22.13 or later" || return
      $node "$clients/builtin.js" "$2" "$3"
      ;;
    both)
      [ -f "$addon" ] || missing "better-sqlite3: --install" || return
      NODE_PATH=$modules "$node_dir/bin/node" "$clients/both.js" "$2" "$3"
      ;;
    *)
      echo "there is no such client; there are: $all"
      return 1
      ;;
  esac
}

# Sets $python to one that can import MODULE, and can load extensions.
find_python() {
  for python in python3 /usr/bin/python3; do
    ! $python -c "import sqlite3, $1
sqlite3.connect(':memory:').enable_load_extension(True)" 2>/dev/null ||
      return 0
  done
  return 1
}

# ---- All of them -----------------------------------------------------------

for suffix in so dylib dll; do
  [ ! -f "$BUILD/surrogate.$suffix" ] ||
    : "${EXTENSION:=$BUILD/surrogate.$suffix}"
done
if [ ! -f "${EXTENSION:=$BUILD/surrogate.so}" ]; then
  echo "clients.sh: there is no $EXTENSION: run sh tool/build.sh" >&2
  exit 1
fi
EXTENSION=$(cd "$(dirname "$EXTENSION")" && pwd)/$(basename "$EXTENSION")
STATIC=${STATIC:-$BUILD/libsurrogate.a}
STATIC_LIBS=${STATIC_LIBS:--lsodium -lcrypto}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM PIPE

# The script runs itself with --one for each, so that timeout has a program, and
# set -e ends a client at its first failing command.
if [ "${1-}" = --one ]; then
  client "$2" "$EXTENSION" "$folder/client.db"
  exit
fi
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $all

passed=0 failed=0 skipped=0
for name; do
  log=$folder/$name.log
  if env BUILD="$BUILD" EXTENSION="$EXTENSION" STATIC="$STATIC" \
    STATIC_LIBS="$STATIC_LIBS" timeout 300 sh tool/clients.sh --one "$name" \
    >"$log" 2>&1 && grep -q '^ok: ' "$log"; then
    passed=$((passed + 1))
    printf 'passed   %-15s %s: %d checks\n' "$name" "$(head -n 1 "$log")" \
      "$(grep -c '^ok: ' "$log")"
  elif [ "$(wc -l <"$log")" -eq 1 ] && grep -q '^needs ' "$log"; then
    skipped=$((skipped + 1))
    printf 'skipped  %-15s %s\n' "$name" "$(cat "$log")"
  else
    failed=$((failed + 1))
    printf 'FAILED   %-15s %s\n' "$name" "it printed:"
    sed 's/^/  /' "$log"
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
