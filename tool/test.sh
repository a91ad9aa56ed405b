#!/bin/sh
# test.sh: from a fresh clone to tested, in one command. Installs what is
# missing, builds in build/ (build/surrogate.so) and runs the tests.
#
#   sh tool/test.sh [configure's options]
#
# BUILD names another folder for the build.
set -eu
cd "$(dirname "$0")/.."

sh tool/build.sh "$@"
make -s -C "${BUILD:-build}" test
