#!/bin/sh
# Compares blastscope with the fastest int8 engines on the same network, and prints a table for docs/measurements.md.
#
#   make bench-peers PEERS=DIR    DIR holds bench_peers.sh, which runs the other engines, and models/, their networks
#   ROUNDS=3 RUNS=100             runs of each engine, and frames timed in each run
#
# The other engines are not part of this repository: they are large, and each needs the network in its own format.
# bench_peers.sh is called as
#   bench_peers.sh --rounds N --runs N --clean N --extra "NAME PRECISION COMMAND"
# It runs every engine in turn, and COMMAND followed by the number of threads and of runs, with one and with two threads. It
# appends one JSON line each to results.jsonl in $PEERS_DIR (default ~/.cache/blastscope-peers), where it installs
# what it needs. Other programs lengthen the times: the table says how many rows were measured on a quiet machine.
set -eu
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}

[ -n "${PEERS:-}" ] || fail "PEERS is not set" "make bench-peers PEERS=DIR, where DIR holds bench_peers.sh and models/"
peers=$(cd "$PEERS" 2>/dev/null && pwd) || fail "there is no folder $PEERS" "set PEERS to the folder that holds bench_peers.sh"
cd "$(dirname "$0")/.."
[ -f "$peers/bench_peers.sh" ] || fail "$peers has no bench_peers.sh" "set PEERS to the folder that holds it"
# The other engines run the paper's network.
export BLASTSCOPE_MODEL="$PWD/models/paper.bsm"
[ -d "$peers/models" ] || fail "$peers has no models/" "copy the other engines' networks there"
for tool in bash python3 gcc; do
  command -v "$tool" >/dev/null || fail "$tool is missing" "sudo apt-get install bash python3 python3-venv gcc"
done
rounds=${ROUNDS:-3}
runs=${RUNS:-100}
for number in "$rounds" "$runs"; do
  case $number in
    '' | 0* | *[!0-9]*) fail "ROUNDS=$rounds RUNS=$runs: give whole numbers from 1" "ROUNDS=3 RUNS=100" ;;
  esac
done

scripts/setup.sh
cargo build --locked --release -p blastscope
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
ours=$target/release/blastscope
case $ours in
  *[[:space:]]*) fail "$ours contains spaces, where bench_peers.sh splits it" "set CARGO_TARGET_DIR to a path without spaces" ;;
esac

results=${PEERS_DIR:-$HOME/.cache/blastscope-peers}/results.jsonl
before=0
[ ! -e "$results" ] || before=$(wc -l <"$results")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  bash "$peers/bench_peers.sh" --rounds "$rounds" --runs "$runs" --clean "$rounds" \
    --extra "ours int8 $ours bench --peers" ||
    echo "bench_peers.sh FAILED"
} | tee "$log"
[ -e "$results" ] || fail "bench_peers.sh wrote no $results" "set PEERS_DIR to its working folder"
echo
tail -n "+$((before + 1))" "$results" | python3 scripts/peers_table.py
if grep -q " FAILED" "$log"; then
  fail "an engine failed, so the fastest may be missing from the table" "see the lines with FAILED above"
fi
