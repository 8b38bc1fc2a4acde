#!/usr/bin/env bash
# Makes a Debian 12 machine ready: installs the packages that are missing, then configures build/. Quick where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  # To build.
  g++ cmake ninja-build ccache lld-22
  libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools libpolly-22-dev
  libfmt-dev libxtensor-dev libdlpack-dev libcli11-dev libboost-dev nlohmann-json3-dev
  # To run the examples, the tests and the benchmarks.
  gnuplot-nox tzdata catch2 python3 python3-numpy spirv-tools
  # To check format and style.
  clang-format-22 clang-tidy-22
)

fail() {
  echo "$0: $*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

for program in dpkg-query apt-get; do
  command -v $program >/dev/null || fail "This script installs packages on Debian 12, and this system has no $program." \
    "Install the equivalents of: ${packages[*]}. Then run: cmake --preset release && cmake --build build && ctest --test-dir build"
done

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "The packages ${missing[*]} are missing, and installing them takes root or sudo." \
      "As root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "== Installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q ||
    fail "apt-get update failed (its reason is above), so the packages ${missing[*]} cannot be installed."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install ${missing[*]} (its reason is above). They are packages of Debian 12 with its security" \
      "updates; check that /etc/apt names both."
fi

echo "== Configuring build/"
cmake --preset release
