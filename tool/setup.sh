#!/bin/sh
# setup.sh: installs what building and testing need, on Debian and its like.
#
#   sh tool/setup.sh         for the build, the tests and the demonstration
#   sh tool/setup.sh --ci    and for lint, fuzzing, valgrind and the
#                            comparison with PostgreSQL, and dqlite
#
# Does nothing if all of it is there. Elsewhere it says what is needed, and
# leaves it to configure to say what is missing.
set -eu

packages="gcc libc6-dev make autoconf libsqlite3-dev sqlite3 libsodium-dev
  libssl-dev tcl tcl-dev libsqlite3-tcl python3-sqlalchemy"
if [ "${1-}" = --ci ]; then
  packages="$packages clang libclang-rt-dev clang-format valgrind libc6-dbg
    postgresql libdqlite-dev go-dqlite"
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  cat >&2 <<END
setup.sh: this system has no apt-get, so nothing is installed. Needed are: a C
compiler, make, autoconf, SQLite with sqlite3ext.h and its shell, libsodium and
OpenSSL's libcrypto (it can be built without these two); for the tests
also Tcl 8.6 with its headers and its sqlite3 package, and Python with
SQLAlchemy. Going on with what is there.
END
  exit 0
fi

missing=
for package in $packages; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || :
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: as root, run: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi

echo "setup.sh: installing$missing"
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq
  -o DPkg::Lock::Timeout=300"
$apt update
# shellcheck disable=SC2086 # lists of words
$apt install -y --no-install-recommends $missing </dev/null
