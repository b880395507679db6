#!/bin/sh
# Lints the back ends that CI does not build: wgpu (the GPU) and ndarray. A cold build takes about 17 CPU-minutes.
set -eu
cd "$(dirname "$0")/.."
cargo clippy --locked -p blastscope-host -p blastscope-paper -p blastscope-program --features blastscope-host/ndarray --all-targets -- -D warnings
