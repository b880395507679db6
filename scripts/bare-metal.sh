#!/bin/sh
# Builds the shared crate for machines without an operating system: Cortex-M4F and bare aarch64. Needs core and alloc of
# both targets: rustup target add thumbv7em-none-eabihf aarch64-unknown-none.
set -eu
cd "$(dirname "$0")/.."
built=0
for target in thumbv7em-none-eabihf aarch64-unknown-none; do
  if rustc --print target-libdir --target "$target" 2>/dev/null | xargs -I{} ls {} 2>/dev/null | grep -q libcore; then
    cargo build --locked -p blastscope-shared --no-default-features --target "$target"
    built=$((built + 1))
  else
    echo "SKIPPED $target: rustup target add $target"
  fi
done
echo "$built of 2 bare-metal targets built"
