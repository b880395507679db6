#!/bin/sh
# Installs the Debian or Raspberry Pi OS packages that building blastscope needs; asks for sudo only if one is missing.
# Install Rust yourself: https://rustup.rs
set -eu

command -v cargo >/dev/null || { echo "error: cargo is missing; install Rust 1.95 or newer from https://rustup.rs" >&2; exit 1; }

missing=
command -v cc >/dev/null || missing="$missing build-essential"
# bindgen, which binds the Linux camera interface, needs libclang and its headers.
ls /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* >/dev/null 2>&1 &&
  ls /usr/lib/llvm-*/lib/clang/*/include/stddef.h /usr/lib/clang/*/include/stddef.h 2>/dev/null | grep -q . ||
  missing="$missing libclang-dev"
[ -e /usr/include/linux/videodev2.h ] || missing="$missing linux-libc-dev"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "error: install your system's equivalents of:$missing" >&2
  exit 1
fi
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing
