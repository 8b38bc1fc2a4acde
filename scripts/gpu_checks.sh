#!/usr/bin/env bash
# What only a GPU shows: the tests that are skipped without one, the verifier, compute-sanitizer, and the benchmark.
#   scripts/gpu_checks.sh [FOLDER]   the programs: build/bin, or a folder that scripts/gpu_pack.sh has packed
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/bin}
run() { if [ -e "$bin/../lib/ld.so" ]; then "$bin/../lib/ld.so" --library-path "$bin/../lib" "$bin/$1" "${@:2}"; else "$bin/$1" "${@:2}"; fi; }
skip() { echo "SKIP: $*"; }

if ! { command -v nvidia-smi > /dev/null && nvidia-smi -L; }; then
  skip "no GPU of NVIDIA's here (nvidia-smi finds none), so nothing has run on one"
  exit 0
fi
export CATENARY_CACHE=off

echo "== Every law against the processor, bit for bit; errors"
run test_targets '[gpu]'
echo "== An illegal address, in a process of its own"
run test_targets '[.illegal]'
echo "== compute-sanitizer"
if command -v compute-sanitizer > /dev/null; then
  compute-sanitizer --error-exitcode 1 "$bin/test_targets" "on a GPU, kernels give the CPU's bits"
else
  skip "compute-sanitizer is not in PATH"
fi
echo "== The verifier on the GPU"
run catenary verify --all --gpu 0 --effort quick --quiet
echo "== The benchmark"
run bench --gpu 0
if command -v python3 > /dev/null; then python3 bench/rivals.py; else skip "no python3, so no rivals"; fi
