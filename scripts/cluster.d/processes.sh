# shellcheck shell=bash
# shellcheck disable=SC2154 # state: of scripts/cluster
# Sourced. Processes that outlive the script, known by a file NAME.pid in $state: PID and start time, since PIDs are reused.

# start_process NAME COMMAND…: in the control plane's network, once that is there.
start_process() {
  local name=$1 enter=()
  shift
  [[ ! -e $state/network.pid ]] || enter=(nsenter --target "$(pid_of network)" --net --)
  # A session of its own: Ctrl-C in this terminal is not for it.
  setsid "${enter[@]}" "$@" >"$state/$name.log" 2>&1 </dev/null &
  local pid=$!
  disown "$pid"
  # See scripts/test-cluster; the session is there in a moment.
  [[ -z ${KERNELSEAL_CLUSTER_NICE-} ]] || prefer "$pid" "$KERNELSEAL_CLUSTER_NICE"
  echo "$pid $(start_time "$pid")" >"$state/$name.pid"
}

# prefer PID NICE: once setsid(1) has run; a kernel without autogroups has nothing to prefer by.
prefer() {
  local turn session
  for ((turn = 0; turn < 50; turn++)); do
    session=$(ps -o sid= -p "$1") || return 0
    [[ ${session// /} == "$1" ]] && break
    sleep 0.02
  done
  { echo "$2" >"/proc/$1/autogroup"; } 2>/dev/null || true
}

# pid_of NAME: prints it; fails when that process is not there any more.
pid_of() {
  local pid began
  { read -r pid began <"$state/$1.pid"; } 2>/dev/null || return 1
  [[ -n $began && $(start_time "$pid") == "$began" ]] && echo "$pid"
}

# Clock ticks since boot, proc_pid_stat(5) field 22; the second field may hold anything, up to its last parenthesis.
start_time() {
  local line
  { line=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  line=${line##*) }
  # shellcheck disable=SC2086 # its words
  set -- $line
  [[ $1 == Z ]] || echo "${20}"
}

# Asked to end first, made to after three seconds.
end_process() {
  local pid turn
  pid=$(pid_of "$1") || return 0
  kill "$pid" 2>/dev/null || true
  for ((turn = 0; turn < 30; turn++)); do
    pid_of "$1" >/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  while pid_of "$1" >/dev/null; do sleep 0.1; done
}

resident_megabytes() {
  awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$1/status"
}
