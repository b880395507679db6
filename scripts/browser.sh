#!/bin/sh
# Prints the path of a Chromium for the page's test: BLASTSCOPE_BROWSER, else an installed one, else Debian's, which it installs.
# Asks for sudo only to install.
set -eu
browser=${BLASTSCOPE_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ]; then
  remedy="remedy: install Chromium, or name one in BLASTSCOPE_BROWSER"
  if ! command -v apt-get >/dev/null; then
    printf 'error: Chromium is missing, and so is apt-get\n%s\n' "$remedy" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing chromium" >&2
  if ! { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium; } >&2; then
    printf 'error: Chromium cannot be installed; see the message of apt-get above\n%s\n' "$remedy" >&2
    exit 1
  fi
  browser=$(command -v chromium)
fi
if ! "$browser" --version >/dev/null 2>&1; then
  printf 'error: %s does not run as Chromium\nremedy: install Chromium, or name one in BLASTSCOPE_BROWSER\n' "$browser" >&2
  exit 1
fi
echo "$browser"
