#!/bin/sh
# The whole loop on drawn fields: draw, train a small network in about a minute, quantize it, classify live with it. The shipped
# model knows real smears only, and its answers for drawn ones mean nothing, so the demo trains its own.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
target=${CARGO_TARGET_DIR:-target}
demo=${BLASTSCOPE_DEMO:-demo}

echo "== building the device and the host"
cargo build --locked --release -p blastscope
cargo build --locked -p blastscope-program --no-default-features --features flex
device=$target/release/blastscope
host=$target/debug/blastscope-host

echo "== drawing fields (drawn, not photographed: they show how the loop works)"
"$host" synth --out "$demo/fields" --per-class 6 --seed 2
"$host" synth --out "$demo/training" --per-class 300 --size 224x224 --seed 1

if [ ! -e "$demo/drawn.bsm" ]; then
  echo "== training a small network on drawn fields"
  if [ -e "$demo/run/run.json" ]; then
    "$host" train --out "$demo/run" --resume
  else
    "$host" train --data "$demo/training" --out "$demo/run" --arch allcnn-small --image-size 128 --epochs 6 \
      --per-class 300 --schedule one-cycle --learning-rate 0.003
  fi
  echo "== quantizing it to int8"
  "$host" quantize --run "$demo/run" --out "$demo/drawn.bsm" --name drawn-demo
fi

echo "== classifying live, with a folder as the camera"
"$device" live --source "$demo/fields" --fps 5 --model "$demo/drawn.bsm"
echo
echo "again, endlessly:      $device live --source $demo/fields --fps 5 --repeat --model $demo/drawn.bsm"
echo "with your camera:      $device live --source camera"
