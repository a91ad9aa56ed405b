# aclocal.m4: Autoconf macros of configure.ac, written by hand.
#
# They stand here because autoreconf runs aclocal, which is a part of Automake,
# unless it finds a file of this name that aclocal has not made.

# FLAG_IF_ACCEPTED(VARIABLE, FLAG): append FLAG if it compiles and links.
AC_DEFUN([FLAG_IF_ACCEPTED], [
  AC_MSG_CHECKING([whether $CC accepts $2])
  saved_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM], [accepted=yes], [accepted=no])
  LDFLAGS=$saved_LDFLAGS
  AC_MSG_RESULT([$accepted])
  AS_IF([test $accepted = yes], [$1="$$1 $2"])
])

# IF_MACRO(NAME, THEN, ELSE): whether the compiler defines NAME. This tells the
# platform, also when cross-compiling.
AC_DEFUN([IF_MACRO], [AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#ifndef ]$1[
#error no
#endif
]])], [$2], [$3])])

# LIBRARY_IF_LINKED(VARIABLE, NAME, FLAGS, OTHER FLAGS, INCLUDE, BODY): set
# VARIABLE to the first of the flags with which a shared library links.
AC_DEFUN([LIBRARY_IF_LINKED], [
  saved_LIBS=$LIBS
  saved_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS $SHARED_FLAGS"
  AC_MSG_CHECKING([for $2])
  for flags in "$3" "$4"; do
    LIBS="$flags $saved_LIBS"
    AS_IF([test -z "$$1" && test -n "$flags"], [
      AC_LINK_IFELSE([AC_LANG_SOURCE([[$5
int uses_library(void);
int uses_library(void) { $6 }]])], [$1=$flags])
    ])
  done
  LIBS=$saved_LIBS
  LDFLAGS=$saved_LDFLAGS
  AC_MSG_RESULT([${$1:-no}])
])
