#!/usr/bin/env bash
# Packs the benchmarks and the tests for a machine that has a card but no .NET: about 40 MB, or 30 without the recordings.
# usage: publish.sh [OUT=gpuoptim-card.tar.xz] [--without-recordings]
# There, unpacked in a FOLDER: check.sh FOLDER/gpuoptim-card OUT. Recordings left out are taken from the checkout that check.sh lies in.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(realpath -m "${1:-gpuoptim-card.tar.xz}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# One after the other into one folder, so that they share the runtime. The benchmarks can do without libtorch, a card needs no virtual one, and analyzers are the build's.
for project in tests benchmarks; do
  dotnet publish "$root/$project" -c Release -r linux-x64 --self-contained -p:Libtorch=false -p:SkipVirtualCard=true -p:RunAnalyzers=false -o "$folder/gpuoptim-card" >"$folder/log" || { cat "$folder/log"; exit 1; }
done
cd "$folder/gpuoptim-card"
# libtorch is 600 MB, and no test or benchmark of a card needs it. TorchSharp.dll is small, and without it no test is found.
rm -rf Microsoft.CodeCoverage Ptx VirtualCard lib*torch* libc10* libgomp* libaoti* libbackend_with_compiler* libjitbackend* libnnapi* libshm* libLibTorchSharp* Google.Protobuf.dll SkiaSharp.dll libSkiaSharp*
[ "${2:-}" != --without-recordings ] || rm -rf Golden
tar -C "$folder" -cf - gpuoptim-card | xz -T0 >"$out"
echo "$out: $(($(stat -c %s "$out") / 1000000)) MB"
