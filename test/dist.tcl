# dist.tcl: for tests that build Surrogate themselves, in folders of their own.
#
#   run FOLDER COMMAND ...   what it prints; an error if it fails. It runs there
#                            as from a user's shell: without what "make test"
#                            preloads, and with bin/ first in PATH
#   files FOLDER             all files and links below it, sorted

set top [file dirname [file dirname $tester::self]]

# The sanitizers are of no use to compilers, and slow them down.
skip_unless {![info exists env(SURROGATE_ASAN)]} \
  "builds Surrogate itself, without the sanitizers"
skip_unless {[file exists [file join $top configure]]} \
  "needs configure in the source folder (autoreconf -i)"

proc run {folder args} {
  set here [pwd]
  cd $folder
  set code [catch {
    exec env -u LD_PRELOAD -u LD_LIBRARY_PATH -u MAKEFLAGS -u MAKELEVEL \
      -u MFLAGS -u MAKEOVERRIDES -u SOURCE_DATE_EPOCH \
      "PATH=$here/bin:$::env(PATH)" {*}$args 2>@1
  } output]
  cd $here
  if {$code} {error $output}
  return $output
}

proc files {folder} {
  set found {}
  foreach name [glob -nocomplain -directory $folder *] {
    if {[file type $name] eq "directory"} {
      lappend found {*}[files $name]
    } else {
      lappend found $name
    }
  }
  lsort $found
}

proc bytes {file} {
  set in [open $file rb]
  set bytes [read $in]
  close $in
  return $bytes
}
