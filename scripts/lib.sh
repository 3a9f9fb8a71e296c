# Shared by the scripts; `source` it. Sets `root`, the top of the repository.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Says what is being done, with the time since the first script started.
export TRIL_SCRIPT_START=${TRIL_SCRIPT_START:-$EPOCHSECONDS}
say() { printf '[%3d s] %s\n' $((EPOCHSECONDS - TRIL_SCRIPT_START)) "$*"; }

# One clear line, then the end.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# The comment at the top of a script, which is its help.
usage() { awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"; }

# The weights of the examples: a place outside the tree, so that a clean clone finds them again.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tril
weights=$cache/SmolLM2-135M-Instruct.Q4_1.gguf

# A sentence encoder, a folder.
minilm=$cache/minilm

# llama.cpp for comparison: sources, and in build/ its libraries.
llama_cpp=$cache/llama.cpp

# configure [CMake options]: the release build in build/, quietly unless something is wrong.
configure() {
  say "Configuring in build/"
  local log
  log=$(cd "$root" && cmake --preset release "$@" 2>&1) || {
    printf '%s\n' "$log" >&2
    fail "CMake could not configure the build; its words are above"
  }
}

# build [TARGET...]: ninja tells how far it is.
build() {
  say "Building ${*:-everything} on $(nproc) cores"
  cmake --build "$root/build" ${*:+--target "$@"} || fail "the build stopped; the compiler's words are above"
}
