#!/bin/sh
# Measures a shipped model and writes its card: make card DATA=all_pbs UNFAMILIAR="other_laboratory holidays"
#
# MODEL=paper measures the other model. The evidence goes to models/MODEL.evidence, the card to models/MODEL.md. Takes a
# quarter of an hour on two cores.
set -eu
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}
[ -n "${DATA:-}" ] || fail "DATA is not set" "make card DATA=all_pbs, the data set that the model was trained on"
data=$(cd "$DATA" 2>/dev/null && pwd) || fail "there is no folder $DATA" "set DATA to the data set that the model was trained on"
set --
for folder in ${UNFAMILIAR:-}; do
  [ -d "$folder" ] || fail "there is no folder $folder" "set UNFAMILIAR to folders of pictures, separated by spaces"
  set -- "$@" --unfamiliar "$(cd "$folder" && pwd)"
done
cd "$(dirname "$0")/.."
cargo build --locked --release -p blastscope-program --no-default-features --features flex
host=${CARGO_TARGET_DIR:-target}/release/blastscope-host
name=models/${MODEL:-blastscope}
model=$name.bsm
evidence=$name.evidence
mkdir -p "$evidence"
# An interrupted measurement must not replace a complete one.
measured=$(mktemp -d)
trap 'rm -rf "$measured"' EXIT
"$host" evaluate --model "$model" --data "$data" "$@" --json >"$measured/evaluate.json"
"$host" stress --model "$model" --data "$data" --json >"$measured/stress.json"
# Keeps the result of crossval: crossval --out DIR writes DIR/evidence.json, which is copied there by hand.
rm -f "$evidence/evaluate.json" "$evidence/stress.json"
cp "$measured"/*.json "$evidence"
"$host" card "$model" --evidence "$evidence" --out "$name.md"
echo "$name.md"
