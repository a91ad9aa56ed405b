# steps.tcl: compiles steps.c, for `steps ARG ...`, which runs it.
# $has_steps is false if there is nothing to compile it with.

proc steps {args} {exec ./steps {*}$args}

set has_steps [expr {![catch {
  exec cc -include sqlite3.h -x c -o steps - -lsqlite3 << "int main(void) {
    return sqlite3_libversion_number() == 0;
  }"
}]}]
if {$has_steps} {
  set top [file dirname [file dirname $tester::self]]
  set sources {}
  foreach name {base/clock base/error base/func base/random id/base32 id/base62
      id/ksuid_codec id/objectid_codec id/ulid_codec id/uuid_codec} {
    lappend sources [file join $top ext $name.c]
  }
  exec cc -std=c11 -D_DEFAULT_SOURCE -DSQLITE_CORE {*}[include_flags $top] \
    -o steps [file join $top test steps.c] {*}$sources -pthread -lsqlite3
}
