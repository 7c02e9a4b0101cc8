# Configures once and builds, with progress on a terminal and a sign of life elsewhere; sourced by ./dev.
# shellcheck shell=bash
# root is set by ./dev.
# shellcheck disable=SC2154

build() {  # [PRESET] [TARGETS...]: everything goes to stderr, so that a program's stdout stays its own
  local preset=${1:-release}
  (($#)) && shift
  local directory=$root/build/$preset
  if [[ ! -f $directory/build.ninja ]]; then
    echo "build: configuring $preset" >&2
    mkdir -p "$directory"
    if ! (cd "$root" && cmake --preset "$preset") >"$directory/configure.log" 2>&1; then
      cat "$directory/configure.log" >&2
      echo "build: preset '$preset' could not be configured (presets: release, debug, clang, asan, tsan, fuzz)" >&2
      return 2
    fi
  fi
  if [[ -t 2 ]]; then
    ninja -C "$directory" "$@" >&2
  else
    ninja -C "$directory" "$@" 2>&1 </dev/null | sign_of_life >&2
  fi
}

built() {  # [PRESET] [TARGETS...]: what `./dev build` ends with, for a build without work says nothing else
  local preset=${1:-release}
  (($#)) && shift
  echo "build: $preset, ${*:-everything}, is in build/$preset" >&2
}

sign_of_life() {  # of ninja's progress one line in ten seconds, of everything else every line
  local line shown=-10
  while IFS= read -r line; do
    if [[ $line == ninja:\ Entering* || $line == ninja:\ no\ work* || $line == *Re-checking\ globbed* ]]; then
      continue
    elif [[ $line != \[*/*\]* ]]; then
      echo "$line"
    elif ((SECONDS - shown >= 10)); then
      shown=$SECONDS
      echo "build: $line"
    fi
  done
}
