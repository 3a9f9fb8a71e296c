#!/usr/bin/env bash
# The scripts that a person runs: their help, and what they say where they cannot go on.  Ends with `N passed, N failed`.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect STATUS TEXT COMMAND...: the command ends with the status, and prints the text.
expect() {
  local status=$1 text=$2 printed found
  shift 2
  printed=$("$@" 2>&1 </dev/null)
  found=$?
  if [ "$found" = "$status" ] && [[ $printed == *"$text"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '`%s`: status %s and\n%s\nexpected status %s and `%s`\n' "$*" "$found" "$printed" "$status" "$text"
  fi
}

# stub NAME STATUS: a program that does nothing.
stub() {
  printf '#!/bin/sh\nexit %s\n' "$2" >"$work/$1"
  chmod +x "$work/$1"
}

for script in scripts/setup examples/quickstart test/run test/bench/run test/bench/attention/run test/tokenizers/run; do
  expect 0 "$script" "$root/$script" --help
done
expect 1 'quickstart: unknown option `-x`; see --help' "$root/examples/quickstart" -x
expect 1 'run: unknown option `--fast`; see --help' "$root/test/run" --fast
expect 1 'run: `--filter` needs a regular expression of names' "$root/test/run" --filter
expect 1 'run: `many` is not a number of megabytes; see --help' "$root/test/tokenizers/run" many
expect 1 'setup: unknown part `everything`; see --help' "$root/scripts/setup" everything

# A machine that has none of the packages, and whose apt-get does not know them.
stub dpkg-query 1
stub apt-get 0
stub apt-cache 1
stub sudo 0
expect 1 'setup: apt-get knows no package ' env PATH="$work:$PATH" "$root/scripts/setup" build
# ... whose network is down.
stub apt-get 1
stub sudo 1
expect 1 'setup: apt-get update failed: is there a network?' env PATH="$work:$PATH" "$root/scripts/setup" build

# Weights that are damaged.
mkdir -p "$work/cache/tril"
echo damaged >"$work/cache/tril/SmolLM2-135M-Instruct.Q4_1.gguf"
expect 1 'SmolLM2-135M-Instruct.Q4_1.gguf is not the file that it should be' env XDG_CACHE_HOME="$work/cache" "$root/scripts/setup" weights

mkdir -p "$work/cache/tril/minilm"
echo damaged >"$work/cache/tril/minilm/model.safetensors"
expect 1 'minilm/model.safetensors is not the file that it should be' env XDG_CACHE_HOME="$work/cache" "$root/scripts/setup" encoders

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
