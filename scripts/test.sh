#!/bin/sh
# Passes the tests of every crate with the CPU back end. BLASTSCOPE_DATA=DIR adds the tests on real images.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
cargo test --locked --workspace --no-default-features --features blastscope-host/flex,blastscope-shared/std
# The crate that the device's firmware would share must do without the standard library.
cargo check --locked -p blastscope-shared --no-default-features
