#!/usr/bin/env bash
# Packs the programs of scripts/gpu_checks.sh with every library they load, for a machine that has neither these packages
# nor a network.
#   scripts/gpu_pack.sh FILE.tar.xz; there: tar xf FILE.tar.xz && scripts/gpu_checks.sh gpu_checks/bin
set -euo pipefail
file=$(realpath -m "${1:?"$0: Name the file to write."}")
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"/gpu_checks/{bin,lib}
for program in test_targets catenary bench; do
  cp "build/bin/$program" "$folder/gpu_checks/bin"
  ldd "build/bin/$program" | awk '$3 ~ "^/" { print $3 }'
done | sort -u | xargs cp -L -t "$folder/gpu_checks/lib"
cp -L "$(ldd build/bin/bench | awk '$1 ~ "^/.*ld-linux" { print $1 }')" "$folder/gpu_checks/lib/ld.so"
strip "$folder"/gpu_checks/bin/* "$folder"/gpu_checks/lib/libcatenary*
tar -C "$folder" -c gpu_checks | xz --x86 --lzma2=preset=9e,dict=256MiB > "$file"
ls -lh "$file"
