#!/usr/bin/env bash
# Checks everything: format, style, and every test (Catch2, lit, the examples, an outside project that uses the installed library).
#   scripts/test.sh --gpu   instead, what only a GPU shows: scripts/gpu_checks.sh
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  "" | --gpu) ;;
  *)
    echo "$0: '$1' is no option; there is --gpu." >&2
    exit 2
    ;;
esac

scripts/setup.sh

if [ "${1:-}" = --gpu ]; then
  echo "== Building into build/"
  cmake --build build
  exec scripts/gpu_checks.sh
fi

echo "== Checking the format (clang-format)"
find catenary.h bench compiler dsl examples runtime stdlib support tests tools verify \
  -name '*.h' -print0 -o -name '*.cpp' -print0 -o -name '*.c' -print0 |
  xargs -0 clang-format-22 --dry-run -Werror || {
  echo "$0: The files named above are not formatted. Run clang-format-22 -i on them." >&2
  exit 1
}

echo "== Building into build/"
cmake --build build

echo "== Checking the style (clang-tidy)"
cmake --build build --target tidy

echo "== Running the tests"
ctest --test-dir build --output-on-failure --parallel "$(nproc)"
