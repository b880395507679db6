#!/bin/sh
# Runs the tests of every crate with the CPU back end. BLASTSCOPE_DATA=DIR adds the tests on real images.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
# The page is tested in a real browser if one can be found or installed.
skipped=
if browser=$(scripts/browser.sh); then
  export BLASTSCOPE_BROWSER="$browser"
else
  skipped="SKIPPED the_page_works_in_a_browser: no Chromium, for the reason given above the tests"
fi
cargo test --locked --workspace --no-default-features --features blastscope-host/flex,blastscope-shared/std
# The shared crate, which a device's firmware would use, must build without the standard library.
cargo check --locked -p blastscope-shared --no-default-features
# Quantized models are read, measured and signed without Burn too; the fuzz targets build the host like that.
cargo check --locked -p blastscope-host --no-default-features
[ -z "$skipped" ] || echo "$skipped"
