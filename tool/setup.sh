#!/bin/sh
# setup.sh: installs what building and testing need, on Debian and its like.
#
#   sh tool/setup.sh         for the build, the tests and the demonstration
#   sh tool/setup.sh --ci    and for lint, fuzzing, valgrind, the comparison
#                            with PostgreSQL, dqlite, packages, and other
#                            programs on our files
#   sh tool/setup.sh --clients
#                            and for the clients of tool/clients.sh
#
# Does nothing if all of it is there. Elsewhere it says what is needed, and
# leaves it to configure to say what is missing.
set -eu

packages="gcc libc6-dev make autoconf libsqlite3-dev sqlite3 libsodium-dev
  libssl-dev tcl tcl-dev libsqlite3-tcl python3-sqlalchemy"
if [ "${1-}" = --ci ]; then
  packages="$packages clang libclang-rt-dev clang-format valgrind libc6-dbg
    postgresql libdqlite-dev go-dqlite"
  # For the distribution: Debian's package, the manual page, Python's wheel, and
  # the libraries for Windows and macOS.
  packages="$packages debhelper dpkg-dev groff lintian mandoc pkg-config
    python3-pip python3-pluggy python3-wheel gcc-mingw-w64-x86-64 wine wine64
    musl-dev lld llvm"
  # What reads and changes files of ours without the extension.
  packages="$packages python3-alembic python3-django sqlite-utils"
fi
if [ "${1-}" = --clients ]; then
  packages="$packages g++ libdbd-sqlite3-perl php-cli php-sqlite3 ruby
    ruby-sqlite3 default-jdk-headless libxerial-sqlite-jdbc-java golang-go
    golang-github-mattn-go-sqlite3-dev"
fi
# A Node.js from elsewhere has an npm of its own, and no place for Debian's.
if [ "${1-}" != "" ] && ! command -v npm >/dev/null; then
  packages="$packages nodejs npm"
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
