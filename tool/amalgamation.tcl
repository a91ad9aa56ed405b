# amalgamation.tcl: writes surrogate.c, the whole of Surrogate in one file, and
# surrogate.h, which goes with it.
#
#   tclsh amalgamation.tcl ?FOLDER?
#
# They are written into FOLDER, by default the current one, out of ext/ and
# vtab/ beside this script's folder. surrogate.c needs nothing but SQLite's
# headers:
#
#   * the headers come first, each once, and behind those that it includes; then
#     the C files, each with a line that says which one it was
#   * what the files share becomes static, so that a program that the file is
#     compiled into sees the entry point alone
#   * a file's macros end with it; of names at file scope, which begin with that of
#     their file, no two are the same
#
# It goes by the lines of the source, which clang-format has laid out: what
# begins in column 1 is at file scope. What it overlooks is an error of the
# compiler, never something else than meant.

package require Tcl 8.5-

if {[llength $argv] > 1} {
  puts stderr "usage: tclsh amalgamation.tcl ?FOLDER?"
  exit 2
}
set folder [lindex [concat $argv .] 0]
set top [file dirname [file dirname [file normalize [info script]]]]

proc read_text {file} {
  set in [open $file]
  fconfigure $in -encoding utf-8
  set text [read -nonewline $in]
  close $in
  return $text
}

proc open_output {name} {
  set out [open [file join $::folder $name] w]
  fconfigure $out -encoding utf-8 -translation lf
  return $out
}

# ---- What a file has of its own --------------------------------------------

# The macros that a file defines.
proc macros {text} {
  set names {}
  foreach line [split $text \n] {
    if {[regexp {^\s*#\s*define (\w+)} $line -> name]} {lappend names $name}
  }
  lsort -unique $names
}

# True if it defines a variable for others: the const ones are not declared
# before, as an array without its length cannot be static and declared.
proc defines_variable {text} {
  foreach line [split $text \n] {
    if {[regexp {^const [^(]* =( |$)} $line]} {return 1}
  }
  return 0
}

# ---- Translation -----------------------------------------------------------

# The line with static in front if it declares or defines something for other
# files.
proc make_static {line} {
  if {[regexp {^extern const } $line]} {return ""}
  if {[regexp {^extern (.*)$} $line -> rest]} {return "static $rest"}
  if {![regexp {^[A-Za-z_]\w* } $line] ||
      [regexp {^(\w+ )*static |^(typedef|struct|union|enum) } $line] ||
      [regexp {sqlite3_\w*surrogate_init\(} $line]} {
    return $line
  }
  return "static $line"
}

# Write a file without what comes once, at the top of all.
proc put_file {out name text} {
  puts $out "\n/[string repeat * 12] $name [string repeat * [expr {
    62 - [string length $name]}]]/"
  foreach line [split $text \n] {
    if {[regexp {^#include ("|<sqlite3ext.h>)} $line]} continue
    if {[regexp {^SQLITE_EXTENSION_INIT[13]$} $line]} continue
    puts $out [make_static $line]
  }
}

# ---- The files -------------------------------------------------------------

if {![regexp {AC_INIT\(\[surrogate\], \[([^]]+)\]} \
    [read_text $top/configure.ac] -> version]} {
  error "$top/configure.ac does not name a version"
}

set out [open_output surrogate.h]
puts $out [string map [list @VERSION@ $version] \
  [read_text $top/ext/surrogate.h.in]]
close $out

# The files of all modules of that kind, by their names below the top folder.
proc source_names {kind} {
  lmap file [lsort [glob -directory $::top ext/*.$kind ext/*/*.$kind \
      vtab/*/*.$kind]] {
    string range $file [string length $::top/] end
  }
}

# Add a header to the list, behind those that it includes.
proc add_header {name} {
  global headers paths text
  if {$name in $headers} return
  set text($name) [read_text $::top/$name]
  foreach {- file} [regexp -all -inline -line {^#include "([^"]+)"} \
      $text($name)] {
    if {[info exists paths($file)]} {add_header $paths($file)}
  }
  lappend headers $name
}

set headers {}
foreach name [source_names h] {set paths([file tail $name]) $name}
foreach name [source_names h] {add_header $name}

# Those with variables first.
set first {}
set others {}
foreach name [source_names c] {
  set text($name) [read_text $top/$name]
  lappend [expr {[defines_variable $text($name)] ? "first" : "others"}] $name
}

set out [open_output surrogate.c]
puts $out [string map [list @VERSION@ $version] {/*
** Surrogate @VERSION@: surrogate keys for SQLite, in one file.
**
** As an extension that SQLite can load:
**
**   gcc -shared -fPIC -O2 surrogate.c -o surrogate.so
**
** In a program: compile it with -DSQLITE_CORE, link it, and begin with
**
**   sqlite3_auto_extension((void (*)(void))sqlite3_surrogate_init);
**
** where surrogate.h declares sqlite3_surrogate_init().  It needs SQLite 3.35.0
** or later.  Options, as -D:
**
**   HAVE_SODIUM      libsodium stretches the system's randomness (-lsodium)
**   HAVE_CRYPTO      OpenSSL's libcrypto is there, for UUID versions 3 and 5 and
**                    CUID2 (-lcrypto)
**   SURROGATE_DEBUG  with assertions
**
** This file was made by tool/amalgamation.tcl, out of the files that it names;
** change those instead.  The licence is MIT:
**}]
foreach line [split [read_text $top/LICENSE] \n] {
  puts $out [string trimright "** $line"]
}
puts $out [string map [list @VERSION@ $version] {*/
#define SURROGATE_VERSION "@VERSION@"

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* POSIX, also with -std=c11 */
#endif
#if !defined(NDEBUG) && !defined(SURROGATE_DEBUG)
#define NDEBUG
#endif

#ifdef SQLITE_CORE
#include "sqlite3.h"
#define SQLITE_EXTENSION_INIT2(api) (void)(api)
#else
#include "sqlite3ext.h"
static SQLITE_EXTENSION_INIT1
#endif}]

foreach name $headers {
  put_file $out $name $text($name)
}
foreach name [concat $first $others] {
  put_file $out $name $text($name)
  foreach word [macros $text($name)] {puts $out "#undef $word"}
}
close $out
