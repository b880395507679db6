#!/bin/sh
# Runs the loops of the fast kernels in plain Rust under Miri, which reports every read or write outside an allocation.
set -eu
cd "$(dirname "$0")/.."
if ! cargo +nightly miri --version >/dev/null 2>&1; then
  echo "error: Miri is missing" >&2
  echo "remedy: rustup component add --toolchain nightly miri rust-src; or make sanitize, which needs neither" >&2
  exit 1
fi
MIRIFLAGS="-Zmiri-disable-isolation" cargo +nightly miri test --locked -p blastscope-shared --lib -- arch::tests::the_loops arch::pool
