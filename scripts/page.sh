#!/bin/sh
# Drives the page of `blastscope live --listen` in Chromium without a window: verdicts appear, corrections and the signature reach the
# record, no request leaves the machine, nothing complains. Pictures of the window at 1280x800, 800x480 and 390x844 go to a folder:
#   scripts/page.sh [FOLDER]
# BLASTSCOPE_FIELDS and BLASTSCOPE_MODEL show other drawn fields and another model than the test's own.
set -eu
cd "$(dirname "$0")/.."
pictures=${1:-${BLASTSCOPE_SCREENSHOTS:-}}
browser=${BLASTSCOPE_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
  if ! command -v apt-get >/dev/null; then
    echo "error: Chromium is missing; install it, or name one in BLASTSCOPE_BROWSER" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing chromium"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium
  browser=$(command -v chromium)
fi
if [ -n "$pictures" ]; then
  mkdir -p "$pictures"
  pictures=$(cd "$pictures" && pwd)
fi
BLASTSCOPE_BROWSER=$browser BLASTSCOPE_SCREENSHOTS=$pictures \
  cargo test --locked -p blastscope --test browser -- --nocapture
[ -z "$pictures" ] || echo "pictures: $pictures"
