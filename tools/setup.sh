# Installs the Debian packages of .ci/packages.txt that are missing; sourced by ./dev.
# shellcheck shell=bash disable=SC2154  # root is set by ./dev

packages() {  # GROUP: the names of one group
  sed -n "/^\[$1\]\$/,/^\[/{/^\[/d;/^#/d;/^\$/d;p}" "$root/.ci/packages.txt"
}

installed_packages() {  # NAMES...: an unknown name makes dpkg-query fail, which is an answer here
  dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' || true
}

setup() {  # GROUP: no network and no privilege needed when nothing is missing
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not Debian; install the equivalents of .ci/packages.txt yourself" >&2
    return 0
  fi
  local wanted missing become=()
  mapfile -t wanted < <(packages "$1")
  mapfile -t missing < <(printf '%s\n' "${wanted[@]}" | grep -vxFf <(installed_packages "${wanted[@]}"))
  ((${#missing[@]})) || return 0

  echo "setup: installing ${missing[*]}" >&2
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "setup: neither root nor sudo here; let root run: apt-get install ${missing[*]}" >&2
      return 1
    fi
    become=(sudo)
  fi
  local log
  log=$(mktemp)
  if install_packages >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  # Package lists may be absent (a fresh image) or old: fetch them once and try again.
  if "${become[@]}" apt-get update -qq >>"$log" 2>&1 && install_packages >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 15 "$log" >&2
  rm -f "$log"
  echo "setup: apt-get could not install the packages above: no network, or not Debian 12?" >&2
  return 1
}

install_packages() {  # uses the caller's `become` and `missing`
  "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
}
