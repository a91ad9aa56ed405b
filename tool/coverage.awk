# coverage.awk: the lines of each file that were reached, of those in
# vtab/sequence/ also the branches that were taken, and each line there that has
# one which was not. A part of "make coverage":
#
#   gcov -b -c -t FILE ... | awk -v strict=1 -f coverage.awk
#
# A branch is excused by a comment on its line or on the one before:
#
#   /* never: WHY */      it cannot be taken
#   /* no memory */       only without memory, at that very place
#
# With strict, it is a failure if there is another one.

# A count, the number of the line, and its text; number 0 is about the file.
/^ *[^ :]+: *[0-9]+:/ {
  text = $0
  sub(/^ *[^ :]+: *[0-9]+:/, "", text)
  split($0, part, ":")
  line = part[2] + 0
  if (line == 0) {
    if (sub(/^Source:(\.\.?\/)*/, "", text)) {
      file = text
      if (!(file in is_known)) files[++n_file] = file
      is_known[file] = 1
      is_excuse = 0
    }
    next
  }
  key = file SUBSEP line
  n_branch = 0
  source[key] = text
  was_excuse = is_excuse
  is_excuse = text ~ /\/\* (never: |no memory \*\/)/
  excused[key] = is_excuse || was_excuse
  if (part[1] !~ /-$/) {
    reached[key] += part[1] !~ /[#=]/
    last[file] = line > last[file] ? line : last[file]
  }
}

# A header is in several files: what one of them takes is taken.
/^branch/ {
  branches[key] = ++n_branch
  if ($3 == "taken" && $4 > 0) taken[key, n_branch] = 1
}

function percent(part, all) {
  return all ? 100 * part / all : 100
}

END {
  for (f = 1; f <= n_file; f++) {
    file = files[f]
    is_checked = file ~ /vtab\/sequence\//
    if (!is_checked && file !~ /\.c$/) continue
    n_line = n_reached = n = n_taken = n_excused = 0
    for (line = 1; line <= last[file]; line++) {
      key = file SUBSEP line
      if (!(key in reached)) continue
      n_line++
      n_reached += reached[key] > 0
      for (i = untaken = 0; i < branches[key];) untaken += !taken[key, ++i]
      n += branches[key]
      n_taken += branches[key] - untaken
      if (excused[key]) n_excused += untaken
      if (is_checked && untaken && !excused[key]) {
        sub(/^ +/, "", source[key])
        missed[++n_missed] = file ":" line ": " source[key]
      }
    }
    sum_line += n_line
    sum_reached += n_reached
    printf "%6.2f%% of %5d lines", percent(n_reached, n_line), n_line
    if (is_checked) {
      printf ", %6.2f%% of %4d branches (%d excused)",
        percent(n_taken, n - n_excused), n - n_excused, n_excused
      sum += n - n_excused
      sum_taken += n_taken
      sum_excused += n_excused
    }
    print "  " file
  }
  printf "%6.2f%% of %5d lines in all\n", percent(sum_reached, sum_line),
    sum_line
  printf "%6.2f%% of %5d branches in vtab/sequence/ (%d excused)\n",
    percent(sum_taken, sum), sum, sum_excused
  if (n_missed) print "Lines with a branch that is not taken:"
  for (i = 1; i <= n_missed; i++) print "  " missed[i]
  exit n_missed && strict
}
