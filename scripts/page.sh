#!/bin/sh
# Drives the page of `blastscope live --listen` in Chromium without a window: verdicts appear, corrections and the signature reach the
# record and the exports, no request leaves the machine, nothing complains. Pictures of the window at 1280x800, 800x480 and 390x844 go
# to a folder:
#   scripts/page.sh [FOLDER]
# BLASTSCOPE_FIELDS and BLASTSCOPE_MODEL show other drawn fields and another model than the test's own; the page names the fields as
# BLASTSCOPE_FIELDS does.
set -eu
cd "$(dirname "$0")/.."
pictures=${1:-${BLASTSCOPE_SCREENSHOTS:-}}
browser=$(scripts/browser.sh)
if [ -n "$pictures" ]; then
  mkdir -p "$pictures"
  pictures=$(cd "$pictures" && pwd)
fi
BLASTSCOPE_BROWSER=$browser BLASTSCOPE_SCREENSHOTS=$pictures \
  cargo test --locked -p blastscope --test browser -- --nocapture
[ -z "$pictures" ] || echo "pictures: $pictures"
