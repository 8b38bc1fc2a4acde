#!/usr/bin/env bash
# Builds Catenary and runs its main example; ends by naming the picture it drew.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh

echo "== Building into build/"
cmake --build build --target 01_cities

echo "== Running build/bin/01_cities"
build/bin/01_cities "$@"

picture=build/pictures/cities.png
[ -s $picture ] || {
  echo "$0: The example ended without drawing $picture." >&2
  exit 1
}
echo "== The picture: $picture"
