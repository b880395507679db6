#!/bin/sh
# Keeps the back ends that CI does not build compiling: wgpu (the GPU) and ndarray. Takes about 17 CPU-minutes when cold.
set -eu
cd "$(dirname "$0")/.."
cargo clippy --locked -p blastscope-host -p blastscope-paper -p blastscope-program --features blastscope-host/ndarray --all-targets -- -D warnings
