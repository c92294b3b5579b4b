# shellcheck shell=bash
# Sourced. need_packages NAME… installs those of the Debian packages that are missing.

need_packages() {
  local missing
  mapfile -t missing < <(comm -23 <(printf '%s\n' "$@" | sort -u) <(installed_packages | sort -u))
  ((${#missing[@]})) || return 0
  echo "==> installing ${missing[*]}" >&2
  ((EUID == 0)) || {
    echo "error: these Debian packages are missing and only root can install them: ${missing[*]}" >&2
    return 1
  }
  local log
  log=$(mktemp)
  # One installer at a time: two runs started together would fight over apt's locks.
  {
    flock 9
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1 || {
      cat "$log" >&2
      echo "error: these Debian packages could not be installed: ${missing[*]}" >&2
      return 1
    }
  } 9>/var/lock/kernelseal-apt.lock
  rm -f "$log"
}

installed_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p'
}
