#!/bin/sh
# build.sh: from a fresh clone to build/surrogate.so. Installs what is missing.
# What test.sh and demo.sh begin with.
#
#   sh tool/build.sh [configure's options]
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
make -s -j "$(getconf _NPROCESSORS_ONLN)"
