#!/bin/sh
# Runs the shared crate's tests on an emulated Haswell: AVX2, without the later dot-product instructions.
# Skips the test that changes every byte of a model, which would take longer than all others together.
#
#   make haswell            ten fields of the golden file; FIELDS=200 for all
#   CI=true make haswell    installs a missing emulator from Debian
set -eu
cd "$(dirname "$0")/.."
if ! command -v qemu-x86_64-static >/dev/null; then
  if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user-static; } >&2
  else
    echo "error: qemu-x86_64-static is missing" >&2
    echo "remedy: sudo apt-get install qemu-user-static" >&2
    exit 1
  fi
fi
target=$(rustc -vV | sed -n 's/^host: //p')
if [ "$target" != x86_64-unknown-linux-gnu ]; then
  echo "error: this is $target, and the tests are built for the machine they are built on" >&2
  echo "remedy: run this on x86-64 Linux" >&2
  exit 1
fi
export BLASTSCOPE_GOLDEN_FIELDS="${FIELDS:-10}" BLASTSCOPE_MUST_RUN=avx2
CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64-static -cpu Haswell" \
  cargo test --locked -p blastscope-shared --lib
CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="qemu-x86_64-static -cpu Haswell" \
  cargo test --locked -p blastscope-shared --test shared -- golden_fields:: networks:: --skip every_body_with_one_wrong_byte
