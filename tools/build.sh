#!/bin/sh
# Configures a preset if that was not done yet, then builds: tools/build.sh PRESET [TARGET...]
# Silent but for ninja's progress line on a terminal; what went wrong is printed when something does.
# BUILD_DIR and CMAKE_ARGS (for one more -D...) are for tools/test.py, which builds planted bugs beside the real thing.
set -eu
cd "$(dirname "$0")/.."

preset=$1
shift
directory=${BUILD_DIR:-build/$preset}

# Compiled objects are shared between presets, planted bugs and clones: paths below the root count as relative.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1

if [ ! -e "$directory/build.ninja" ] || [ CMakePresets.json -nt "$directory/build.ninja" ]; then
  mkdir -p "$directory"
  # shellcheck disable=SC2086
  if ! cmake --preset "$preset" -B "$directory" ${CMAKE_ARGS:-} >"$directory/configure.log" 2>&1; then
    tail -n 30 "$directory/configure.log" >&2
    echo "cmake could not configure preset '$preset'; the whole log is $directory/configure.log" >&2
    exit 1
  fi
  touch "$directory/build.ninja"
fi
case "$(ninja -C "$directory" -n "$@" 2>/dev/null)" in
  *"no work to do."*) exit 0 ;;
esac
quiet=""
[ -t 1 ] || quiet="--quiet"
exec ninja -C "$directory" -j "${BUILD_JOBS:-$(nproc)}" $quiet "$@"
