#!/bin/sh
# Runs the tests of the fast kernels, those of this machine's instruction sets too, and whole networks, drawn and hostile ones, with
# AddressSanitizer, which stops at a read or write outside of an allocation. The stable compiler carries it behind its switch for
# unstable options.
set -eu
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
if ! ls "$(rustc --print target-libdir --target "$target")" | grep -q 'rt\.asan'; then
  echo "error: $(rustc --version) has no AddressSanitizer for $target" >&2
  echo "remedy: take a Rust of https://rustup.rs, whose Linux toolchains carry it" >&2
  exit 1
fi
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize" \
  cargo test --locked --target "$target" -p blastscope-shared --lib --test shared -- arch hostile_models foreign_workspaces
