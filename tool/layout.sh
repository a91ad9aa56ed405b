#!/bin/sh
# layout.sh: what may include what, and how functions are called. A part of
# "make lint"; says what is against it.
#
#   * A file includes the headers of its own folder, and those that its line
#     below has: the modules stand on each other in one direction.
#   * A function that a C file defines begins with that file's name, so that it
#     is found by its name, and no two files have one by the same name.
set -eu
cd "$(dirname "$0")/.."

failed=0

# The folder and the headers of other folders.
while read -r folder allowed; do
  for file in "$folder"/*.[ch]; do
    for header in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
      case " $allowed " in
        *" $header "*) continue;;
      esac
      [ -f "$folder/$header" ] && continue
      echo "$file: must not include $header" >&2
      failed=1
    done
  done
done <<'END'
ext            base.h codec.h id.h sequence.h ddl.h table.h
ext/base
ext/id         base.h
vtab/sequence  base.h id.h
vtab/ddl       base.h definition.h
vtab/table     base.h definition.h sequence.h ddl.h
END

# By the lines of clang-format: what begins in column 1 and comes to a { before
# a ; or a = is a function, by the name before its first parenthesis.
awk '
  function file_name(path) {
    sub(/.*\//, "", path)
    sub(/\.c$/, "", path)
    return path
  }
  FNR == 1 {name = file_name(FILENAME); text = ""; in_comment = 0}
  /^\/\*/ && !/\*\// {in_comment = 1}
  in_comment {if (/\*\//) in_comment = 0; next}
  text == "" && (!/^[A-Za-z_]/ || /^[A-Z0-9_]+(\(.*\))?$/ ||
                 /^(static )?(const )?(typedef|struct|union|enum)[^(]*$/) {next}
  {
    text = text " " $0
    gsub(/__attribute__\(\(([^()]|\([^()]*\))*\)\)|_Atomic\([^()]*\)/, "", text)
    if (text ~ /^[^;={]*\{/) {
      line = text
      text = ""
      if (match(line, /[A-Za-z_][A-Za-z_0-9]*\(/)) {
        called = substr(line, RSTART, RLENGTH - 1)
        if (called != name && index(called, name "_") != 1 &&
            called !~ /^sqlite3_(mod)?surrogate_init$/) {
          print FILENAME ": " called "() does not begin with " name "_"
          failed = 1
        }
      }
    } else if (text ~ /[;={]/) {
      text = ""
    }
  }
  END {exit failed}
' $(ls ext/*.c ext/*/*.c vtab/*/*.c) >&2 || failed=1

[ "$failed" = 0 ] && echo "layout: as it should be"
exit "$failed"
