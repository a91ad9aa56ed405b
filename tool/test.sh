#!/bin/sh
# test.sh: from a fresh clone to tested, in one command. Installs what is
# missing, builds in build/ (build/surrogate.so) and runs the tests.
#
#   sh tool/test.sh [configure's options]
#
# BUILD names another folder for the build.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)

sh tool/setup.sh
autoreconf -i
mkdir -p "${BUILD:=build}"
cd "$BUILD"
"$top/configure" -q "$@"
make -s
make -s test
