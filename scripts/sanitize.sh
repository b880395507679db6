#!/bin/sh
# Runs the tests of the fast kernels, those of this machine's instruction sets too, with AddressSanitizer, which stops at a read or
# write outside of an allocation. The stable compiler carries it behind its switch for unstable options.
set -eu
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize" \
  cargo test --locked --target "$target" -p blastscope-shared --lib -- arch
