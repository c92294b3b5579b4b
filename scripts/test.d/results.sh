# shellcheck shell=bash disable=SC2154 # scripts/test makes the folder `logs`
# Stages, their time and their results, for scripts/test.

# Lines about the failures of one stage that are repeated at the end.
MOST_REASONS=60

# stage TITLE COMMAND…
stage() {
  local title=$1 began=$SECONDS status=0
  shift
  printf '\n==> %s\n' "$title"
  "$@" </dev/null 2>&1 || status=$?
  printf '%5d s  %s\n' $((SECONDS - began)) "$title" >>"$logs/.stages"
  if ((status)); then
    echo "$title" >>"$logs/.failed"
    printf '    FAILED after %d s\n' $((SECONDS - began))
  else
    printf '    done in %d s\n' $((SECONDS - began))
  fi
  return "$status"
}

# check COMMAND…: counts as one failure when it fails.
check() {
  "$@" || {
    echo "$1" >>"$logs/.broken"
    return 1
  }
}

# tests NAME COMMAND…: runs a node:test command and keeps its output, from which the results are counted. It can fail
# without a failed test, when a machine dies before its tests end, or when there are none: that counts as one failure.
tests() {
  local log=$logs/$1 status=0
  shift
  "$@" 2>&1 | tee "$log" || status=1
  (($(counted tests "$log") > 0)) || {
    echo '    no test ran to its end'
    status=1
  }
  ((status == 0 || $(failures "$log") > 0)) || echo "$log" >>"$logs/.broken"
  return "$status"
}

# closing NAME COMMAND…: runs a command that itself runs several suites and closes with one line, `N passed, N failed`.
closing() {
  local log=$logs/$1 status=0
  shift
  "$@" 2>&1 | tee "$log.out" || status=1
  # In the words of node's reporter, which `counted` reads.
  sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 0\4/p' "$log.out" |
    while read -r passed failed skipped; do
      printf 'ℹ %s %d\n' tests $((passed + failed)) pass "$passed" fail "$failed" skipped "$((10#$skipped))"
    done >"$log"
  failed_lines "$log.out" >>"$log"
  rm "$log.out"
  (($(counted tests "$log") > 0)) || status=1
  ((status == 0 || $(failures "$log") > 0)) || echo "$log" >>"$logs/.broken"
  return "$status"
}

# counted WORD LOG: a number from the summary that node's reporter ends on; 0 when it never came to that.
counted() {
  awk -v word="$1" '$1 == "ℹ" && $2 == word && NF == 3 { n = $3 } END { print n + 0 }' "$2"
}

# failed_lines LOG: the lines of tests that failed, each once; node's reporter has them in their places and again at its end, under a title.
failed_lines() {
  sed -n 's/^ *\(✖ .*\)$/\1/p' "$1" | awk '!/^✖ failing tests:$/ && !seen[$0]++'
}

failures() {
  echo $(($(counted fail "$1") + $(counted cancelled "$1")))
}

# left_out LOG: node's number leaves out suites that are skipped whole, each of which has a line; a stage that is a script of ours has
# a number and no lines.
left_out() {
  local lines number
  lines=$(grep -c '^ *﹣ ' "$1") || true
  number=$(($(counted skipped "$1") + $(counted todo "$1")))
  echo $((lines > number ? lines : number))
}

# Near the end of everything, since of a long run often nothing but the end is kept: why tests failed (the section that node's reporter
# ends on), and which.
name_failures() {
  local log
  for log in "$logs"/*; do
    # Not by head(1), which ends sed by SIGPIPE in a long section, and with it this script before its last line.
    [[ ! -e $log ]] || awk -v most="$MOST_REASONS" '/^✖ failing tests:$/ { on = 1 } on && n++ < most' "$log"
  done
  for log in "$logs"/*; do
    [[ ! -e $log ]] || failed_lines "$log" | sed "s/^✖ /    failed in ${log##*/}: /"
  done
}

finish() {
  local passed=0 failed=0 skipped=0 log
  printf '\n==> all stages took %d s\n' "$SECONDS"
  sort -rn "$logs/.stages"
  for log in "$logs"/*; do
    [[ -e $log ]] || continue
    passed=$((passed + $(counted pass "$log")))
    failed=$((failed + $(failures "$log")))
    skipped=$((skipped + $(left_out "$log")))
    sed -n "s/^ *﹣ /    skipped in ${log##*/}: /p" "$log"
  done
  [[ ! -e $logs/.broken ]] || failed=$((failed + $(wc -l <"$logs/.broken")))
  name_failures
  [[ ! -e $logs/.failed ]] || sed 's/^/    failed: /' "$logs/.failed"
  ((skipped)) && skipped=", $skipped skipped" || skipped=
  echo "$passed passed, $failed failed$skipped"
  exit $((failed > 0 || passed == 0))
}
