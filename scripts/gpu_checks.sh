#!/usr/bin/env bash
# What only a GPU shows: the tests that are skipped without one, the verifier, compute-sanitizer, and the benchmark.
#   scripts/gpu_checks.sh [FOLDER]   the programs: build/bin, or a folder that scripts/gpu_pack.sh has packed
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/bin}
# A packed program runs by the loader and with the libraries that are packed with it; the driver is the machine's.
command_of() { [ -e "$bin/../lib/ld.so" ] && echo "$bin/../lib/ld.so --library-path $bin/../lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; echo "$bin/$1"; }
run() { $(command_of "$1") "${@:2}"; }
skip() { echo "SKIP: $*"; }

if ! { command -v nvidia-smi > /dev/null && nvidia-smi -L; }; then
  skip "no GPU of NVIDIA's here (nvidia-smi finds none), so nothing has run on one"
  exit 0
fi
export CATENARY_CACHE=off CATENARY_NEEDS_GPU=1  # Here no test may be skipped for want of a GPU.

echo "== Every law against the processor, bit for bit; errors"
run test_targets -w NoTests '[gpu]'
echo "== An illegal address, in a process of its own"
run test_targets -w NoTests '[.illegal]'
echo "== The verifier on the GPU"
run catenary verify --all --gpu 0 --effort quick --quiet
echo "== The benchmark"
run bench --gpu 0
if command -v python3 > /dev/null; then python3 bench/rivals.py; else skip "no python3, so no rivals"; fi
echo "== compute-sanitizer"
if ! command -v compute-sanitizer > /dev/null; then
  skip "compute-sanitizer is not in PATH"
elif compute-sanitizer true 2>&1 | grep -q 'Device not supported'; then
  skip "compute-sanitizer does not support this machine's GPU"
else
  compute-sanitizer --error-exitcode 1 $(command_of test_targets) -w NoTests "on a GPU\, kernels give the CPU's bits"
fi
