# shellcheck shell=bash
# Stages side by side, for scripts/test, which has `run_stage`.

# Virtual machines at a time: one for each core of the smallest machine that the tests are meant for.
LANES=2

running=()

# in_lanes NAME…: runs the stages, each output line with its stage's name in front. Job control gives a stage a process group of its
# own: all of it can be stopped, and an interrupt is not ignored, as it is in other background processes.
in_lanes() {
  local name
  for name; do
    ((${#running[@]} < LANES)) || await_lane
    set -m
    (set +m && run_stage "$name" 2>&1 | sed -u "s/^/$name │ /") </dev/null &
    set +m
    running+=($!)
  done
  while ((${#running[@]})); do await_lane; done
}

# A stage that failed has written so. Bash forgets a second stage that ended at the same moment, so each is asked for.
await_lane() {
  local job left=()
  wait -n "${running[@]}" 2>/dev/null || true
  for job in "${running[@]}"; do ! kill -0 "$job" 2>/dev/null || left+=("$job"); done
  running=("${left[@]}")
}

stop_lanes() {
  local job
  for job in "${running[@]}"; do kill -TERM -- "-$job" 2>/dev/null || true; done
  wait
}
