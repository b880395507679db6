#!/bin/sh
# Runs the tests of the fast kernels (this machine's instruction sets included) and of whole networks, drawn and hostile, with
# AddressSanitizer, which stops at a read or write outside an allocation. RUSTC_BOOTSTRAP makes the stable compiler accept this
# unstable option.
set -eu
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
if ! ls "$(rustc --print target-libdir --target "$target")" | grep -q 'rt\.asan'; then
  echo "error: $(rustc --version) has no AddressSanitizer for $target" >&2
  echo "remedy: install Rust from https://rustup.rs, whose Linux toolchains include it" >&2
  exit 1
fi
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize" \
  cargo test --locked --target "$target" -p blastscope-shared --lib --test shared -- arch hostile_models foreign_workspaces
