#!/bin/sh
# The whole loop on drawn fields: draw, classify live with the shipped model, and where that rightly abstains, train a small
# network on drawn fields in about a minute, quantize it, and classify live with it.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
target=${CARGO_TARGET_DIR:-target}
demo=${BLASTSCOPE_DEMO:-demo}

echo "== building the device and the host"
cargo build --locked --release -p blastscope
cargo build --locked -p blastscope-host --no-default-features --features flex
device=$target/release/blastscope
host=$target/debug/blastscope-host

echo "== drawing fields (drawn, not photographed: they show how the loop works)"
"$host" synth --out "$demo/fields" --per-class 5 --seed 2

echo "== classifying live with the shipped model"
"$device" live --source "$demo/fields" --fps 10 --frames 20
abstained=$("$device" classify --json "$demo/fields" | grep -c '"verdict":"abstain"' || true)
echo "the shipped model abstains on $abstained of 20 drawn fields"
[ "$abstained" -gt 10 ] || exit 0

echo "== it was trained on real smears, so that is right; training a small network on drawn fields"
if [ ! -e "$demo/drawn.bsm" ]; then
  "$host" synth --out "$demo/training" --per-class 300 --size 224x224 --seed 1
  resume=; [ ! -e "$demo/run/run.json" ] || resume=--resume
  if [ -n "$resume" ]; then
    "$host" train --out "$demo/run" --resume
  else
    "$host" train --data "$demo/training" --out "$demo/run" --arch allcnn-small --image-size 128 --epochs 6 \
      --per-class 300 --schedule one-cycle --learning-rate 0.003
  fi
  "$host" quantize --run "$demo/run" --out "$demo/drawn.bsm" --name drawn-demo
fi

echo "== classifying live with the network of the demo"
"$device" live --source "$demo/fields" --fps 5 --frames 20 --model "$demo/drawn.bsm"
echo "again: $device live --source $demo/fields --fps 5 --repeat --model $demo/drawn.bsm"
