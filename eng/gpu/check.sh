#!/usr/bin/env bash
# On a machine with a card and no .NET: what runs, what is right, what it takes beside PyTorch, what the sanitizer and the profiler say.
# usage: check.sh [--dry-run] PUBLISHED_FOLDER OUT_FOLDER [SECONDS=480] [PART...]
# Each part has its own limit and none ends the others; OUT_FOLDER/summary.txt says what each came to. Right first, then fast, then deep.
# Named parts run alone. --dry-run runs every command line small, on ILGPU's CPU accelerator, and fails if one of them does.
set -u
dry=; [ "${1:-}" != --dry-run ] || { dry=1; shift; }
bin=$(realpath "$1"); out=$(realpath -m "$2"); deadline=$((SECONDS + ${3:-480})); here=$(cd "$(dirname "$0")" && pwd); failed=0
shift $(($# < 3 ? $# : 3)); only=" $* "
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_TieredPGO=0 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 PYTHONUNBUFFERED=1 NO_COLOR=1 LC_ALL=C.UTF-8
# What compiles most of the time is better optimized at once; on a card, where starts are timed, all is as users have it.
[ -z "$dry" ] || export DOTNET_TC_QuickJit=0
mkdir -p "$out"; : >"$out/summary.txt"
[ -d "$bin/Golden" ] || cp -r "$here/../../tests/Golden" "$bin/Golden"

say() { echo "$*" | tee -a "$out/summary.txt"; }
part() { # NAME LIMIT COMMAND...
  local name=$1 limit=$2; shift 2
  # ILGPU's CPU accelerator takes its time, and others may be on the cores.
  [ -z "$dry" ] || limit=$((6 * limit))
  [[ $only =~ ^\ +$ || $only == *" $name "* ]] || return
  local left=$((deadline - SECONDS)); [ $left -gt 5 ] || { say "$name: no time left"; return; }
  [ "$limit" -lt $left ] || limit=$left
  command -v "$1" >/dev/null || { say "$name: no $1 here"; return; }
  local start=$SECONDS; timeout "$limit" "$@" >"$out/$name.log" 2>&1; local rc=$?
  [ $rc = 0 ] || failed=1
  say "$name: status $rc, $((SECONDS - start)) s; $(grep -aE '[a-z]' "$out/$name.log" | tail -n 1 | cut -c1-140)"
}

bench=$bin/gpuoptim-bench; tests=$bin/GpuOptim.Tests
if [ -n "$dry" ]; then
  device=ilgpu-cpu plan="--passes 2 --rounds 1" layouts="3x1000" shapes="64x96" models="transformer" filter="FullyQualifiedName~StepTests&FullyQualifiedName~ilgpu" torch="--device cpu --small --seconds-per-case 0.01"
else
  device=cuda plan="--passes 3 --rounds 3 --seconds-each 0.02" layouts="1x64M 1000x64K 10000x100" shapes="1024x1024 2048x2048 4096x4096 8192x8192 1024x4096 4096x1024" models="small transformer" filter="TestCategory=Card|FullyQualifiedName~cuda" torch="--seconds-per-case 0.05"
  nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem --format=csv | tee "$out/card.csv"
  part driver 20 python3 "$here/driver.py"
fi
# Lists of words are meant to be split.
# shellcheck disable=SC2086
{
  part verify 150 "$bench" verify --device $device ${dry:+--quick}
  part tests 150 "$tests" --filter "$filter" --output Detailed --no-ansi --ignore-exit-code 8
  part throughput 60 "$bench" throughput --device $device $plan --layout $layouts --json "$out/throughput.json"
  part newton-schulz 40 "$bench" newton-schulz --device $device $plan --shape $shapes --json "$out/newton-schulz.json"
  part newton-schulz-float16 40 "$bench" newton-schulz --device $device $plan --shape $shapes --precision Float16 --json "$out/newton-schulz-float16.json"
  # What is off unless asked for, since no card has run it.
  [ -n "$dry" ] || part verify-wgmma 40 env GPUOPTIM_WGMMA=1 "$bench" verify --device $device --quick
  [ -n "$dry" ] || part newton-schulz-wgmma 40 env GPUOPTIM_WGMMA=1 "$bench" newton-schulz --device $device $plan --shape $shapes --json "$out/newton-schulz-wgmma.json"
  [ -n "$dry" ] || part muon 40 "$bench" muon --device $device $plan --model $models --json "$out/muon.json"
  if python3 -c "import torch" 2>/dev/null; then part torch 100 python3 "$here/torch_anchor.py" "$out/torch.json" $torch; else say "torch: no PyTorch here"; fi
  part compare 20 python3 "$here/compare.py" "$out"
  part report 90 "$bench" report --quick --device $device --output "$out/report.html"
}
if [ -z "$dry" ]; then
  for tool in memcheck racecheck initcheck; do
    part $tool 60 compute-sanitizer --tool $tool --error-exitcode 9 "$bench" verify --device cuda --quick
  done
  metrics=gpu__time_duration.sum,dram__throughput.avg.pct_of_peak_sustained_elapsed,sm__inst_executed_pipe_tensor.avg.pct_of_peak_sustained_active,sm__inst_issued.avg.pct_of_peak_sustained_active,sm__warps_active.avg.pct_of_peak_sustained_active,launch__registers_per_thread
  part ncu-throughput 60 ncu --clock-control none --csv --launch-skip 4 --launch-count 24 --metrics $metrics "$bench" throughput --device cuda --passes 2 --rounds 1 --layout 1x64M 10000x100 --optimizer sgd adamw
  part ncu-newton-schulz 60 ncu --clock-control none --csv --launch-skip 20 --launch-count 34 --metrics $metrics "$bench" newton-schulz --device cuda --passes 2 --rounds 1 --shape 4096x4096
fi
cat "$out/compare.log" 2>/dev/null
echo; cat "$out/summary.txt"
[ -z "$dry" ] || exit $failed
