#!/bin/sh
# Runs the tests that could depend on a processor's arithmetic on several processors, with three seeds each:
#
#   make test-processors                       this machine, Intel Haswell (AVX2, no AVX-512), Cortex-A72 (Raspberry Pi 4: NEON)
#   CPUS=haswell SEEDS=2 make test-processors  one of them, one seed
#
# QEMU's user mode emulates the others (apt-get install qemu-user-static; for cortex-a72 also what scripts/aarch64.sh names) and
# takes ten times as long. BLASTSCOPE_TEST_RUNNER runs the programs that a test starts under the emulator too.
# BLASTSCOPE_TEST_SEED seeds every test that draws weights or trains; tests without a seed run once.
set -eu
cd "$(dirname "$0")/.."
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}
# on_seed: tests that train or draw weights. once: tests that learn a last layer, draw fields or decode them.
cargo="cargo test --locked"
all="--workspace --no-default-features --features blastscope-host/flex,blastscope-shared/std"
on_seed() {
  $1 $all --lib -- training:: pack::
  $1 $all --test program --test crossing -- devices:: whole_loop::
}
once() {
  $1 $all --lib -- adaptation arch audit colour_baseline dataset drawn_set operating_point quantization statistics
  $1 -p blastscope-drawn --lib
  $1 $all --test program --test crossing --test shared -- retrain:: adapt:: circle:: explanation:: marked:: same_bits::
}
for cpu in ${CPUS:-native haswell cortex-a72}; do
  run=$cargo
  case $cpu in
    native) runner= ;;
    haswell) runner="qemu-x86_64-static -cpu Haswell" ;;
    cortex-a72)
      runner="qemu-aarch64-static -cpu cortex-a72 -L /usr/aarch64-linux-gnu"
      # This script adds the target, its linker and its standard library.
      run=scripts/aarch64.sh
      ;;
    *) fail "there is no processor $cpu" "CPUS=\"native haswell cortex-a72\"" ;;
  esac
  if [ -n "$runner" ]; then
    command -v "${runner%% *}" >/dev/null || fail "${runner%% *} is missing" "sudo apt-get install qemu-user-static"
  fi
  export BLASTSCOPE_TEST_RUNNER="$runner"
  if [ "$cpu" = haswell ]; then
    [ "$(uname -m)" = x86_64 ] || fail "the haswell tests need an x86-64 machine" "CPUS=\"native cortex-a72\""
    export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="$runner"
  else
    unset CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER
  fi
  [ "$cpu" != cortex-a72 ] || export CPUS=cortex-a72
  echo "== $cpu"
  once "$run"
  for seed in ${SEEDS:-1 2 3}; do
    echo "== $cpu, seed $seed"
    BLASTSCOPE_TEST_SEED=$seed on_seed "$run"
  done
done
