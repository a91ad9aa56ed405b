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
#   * what two files call by the same name (a static function, variable or type,
#     a constant of an enum) is called FILE__NAME, as is a static variable whose
#     name another file uses; a file's macros end with it
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

# The static functions and variables, the types and the enums' constants that a
# file defines: {name is_variable ...}
proc file_names {text} {
  set names {}
  set in_enum 0
  # A name may stand in the line below its type.
  regsub -all -line {^((\w+ )*static [\w *]+)\n\s+} $text {\1 } text
  foreach line [split $text \n] {
    regsub -all {/\*.*?\*/} $line {} line
    if {[regexp {^(?:typedef )?enum\M[^\{]*\{(.*)$} $line -> line]} {
      set in_enum 1
    }
    if {$in_enum} {
      foreach part [split [lindex [split $line \}] 0] ,] {
        if {[regexp {^\s*(\w+)} $part -> name]} {dict set names $name 0}
      }
      set in_enum [expr {![regexp \} $line]}]
    } elseif {[regexp {^(\w+ )*static } $line]} {
      regsub -all {_Atomic\([^()]*\)} $line {} line
      if {[regexp {(\w+)(\(|\[|;| =)} $line -> name next]} {
        dict set names $name [expr {$next ne "("}]
      }
    } elseif {[regexp {^typedef .*?(\w+)(\(.*)?;$} $line -> name] ||
              [regexp {^(?:typedef )?(?:struct|union) (\w+) \{} $line -> name]} {
      dict set names $name 0
    }
    if {[regexp {^\} (\w+);} $line -> name]} {dict set names $name 0}
  }
  return $names
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

# The text with words renamed, as {from to ...} says, except where they are a
# member of a struct, or stand in a string or a comment.
proc rename_words {text names} {
  set pattern {(?x)
      /\*([^*]|\*+[^*/])*\*+/                           # what stays as it is
    | "(\\.|[^"\\])*" | '(\\.|[^'\\])*' | \#\s*include[^\n]*
    | (\.|->)\s*\w+
    | \n(typedef\s)?(struct|union)\M(?=\s\w+\s\{)       # a struct begins
    | \n\}                                              # and ends
    | \w+
  }
  set result ""
  set copied 0
  set in_struct 0
  foreach {span - - - - - -} [regexp -all -inline -indices $pattern $text] {
    lassign $span first last
    set word [string range $text $first $last]
    if {[string match \n* $word]} {
      set in_struct [expr {$word ne "\n\}"}]
    } elseif {[dict exists $names $word] && !($in_struct && [regexp {^[];,:)[]} \
        [string index $text [expr {$last + 1}]]])} {
      append result [string range $text $copied [expr {$first - 1}]] \
        [dict get $names $word]
      set copied [expr {$last + 1}]
    }
  }
  append result [string range $text $copied end]
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
  foreach word [dict keys [file_names $text($name)]] {
    lappend owners($word) $name
  }
  foreach word [lsort -unique [regexp -all -inline {\w+} $text($name)]] {
    lappend users($word) $name
  }
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
  set new_names {}
  dict for {word is_variable} [file_names $text($name)] {
    if {[llength $owners($word)] > 1 ||
        ($is_variable && [llength $users($word)] > 1)} {
      dict set new_names $word [file rootname [file tail $name]]__$word
    }
  }
  put_file $out $name [rename_words $text($name) $new_names]
  foreach word [macros $text($name)] {puts $out "#undef $word"}
}
close $out
