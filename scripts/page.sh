#!/bin/sh
# Tests the page of `blastscope live --listen` in headless Chromium: verdicts appear, corrections and the signature reach the record
# and the exports, no request leaves the machine, the browser reports no errors. Screenshots at 1280x800, 800x480 and 390x844 go to
# a folder:
#   scripts/page.sh [FOLDER]
# BLASTSCOPE_FIELDS and BLASTSCOPE_MODEL replace the test's own drawn fields and model. The pictures in docs are
# live-1280x800, live-390x844 and map-1280x800 of
#   blastscope-host synth --out fields --per-class 6 --size 640x480
#   BLASTSCOPE_FIELDS=fields BLASTSCOPE_MODEL=models/blastscope.bsm make page PICTURES=pictures
set -eu
cd "$(dirname "$0")/.."
pictures=${1:-${BLASTSCOPE_SCREENSHOTS:-}}
browser=$(scripts/browser.sh)
if [ -n "$pictures" ]; then
  mkdir -p "$pictures"
  pictures=$(cd "$pictures" && pwd)
fi
# Cargo runs the test in another folder.
absolute() { case $1 in "" | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
BLASTSCOPE_FIELDS=$(absolute "${BLASTSCOPE_FIELDS:-}")
BLASTSCOPE_MODEL=$(absolute "${BLASTSCOPE_MODEL:-}")
export BLASTSCOPE_FIELDS BLASTSCOPE_MODEL
BLASTSCOPE_BROWSER=$browser BLASTSCOPE_SCREENSHOTS=$pictures \
  cargo test --locked -p blastscope --test device browser:: -- --nocapture
[ -z "$pictures" ] || echo "pictures: $pictures"
