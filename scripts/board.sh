#!/usr/bin/env bash
# Tests the device in a virtual single-board computer: Debian's kernel under QEMU, with a USB camera that shows drawn fields
# and a bank of pins.
#
#   BLASTSCOPE_SBC=DIR make board              as a PC
#   BLASTSCOPE_SBC=DIR ARCH=arm64 make board   as a 64-bit ARM board, cross-compiled
#
# DIR holds the virtual board: sbc-vm-test.sh, which boots it with `-a ARCH -t SECONDS PROGRAM SESSION.sh IMAGES` and prints the
# session's console to stdout, and uvcsim.c, its camera. Kernels are kept in $SBCVM_CACHE (default ~/.cache/sbcvm).
# FIELDS=DIR uses fields of 640x480 pixels already drawn; LOG=FILE keeps the console output.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}
[ -n "${BLASTSCOPE_SBC:-}" ] ||
  fail "BLASTSCOPE_SBC is not set" \
    "set it to the folder of the virtual board (sbc-vm-test.sh and uvcsim.c); without one, make test covers everything else"
for file in sbc-vm-test.sh uvcsim.c; do
  [ -e "$BLASTSCOPE_SBC/$file" ] || fail "$BLASTSCOPE_SBC holds no $file" "set BLASTSCOPE_SBC to the folder of the virtual board"
done
export ARCH="${ARCH:-amd64}"
case $ARCH in
amd64) emulator=qemu-system-x86_64 packages="qemu-system-x86" ;;
arm64) emulator=qemu-system-aarch64 packages="qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
*) fail "there is no board for ARCH=$ARCH" "ARCH=amd64 or ARCH=arm64" ;;
esac
for tool in $emulator cpio modprobe make cc; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
    fail "$tool is missing" "sudo apt-get install --no-install-recommends $packages cpio kmod make gcc"
done
# Cargo runs the test in another folder.
BLASTSCOPE_SBC=$(realpath "$BLASTSCOPE_SBC")
export BLASTSCOPE_SBC
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
if [ -z "${FIELDS:-}" ]; then
  cargo build --locked -p blastscope-program --no-default-features --features flex
  FIELDS=$target/board-fields
  "$target/debug/blastscope-host" synth --out "$FIELDS" --per-class 4 --size 640x480
fi
if [ "$ARCH" = arm64 ]; then
  cross="$(PROGRAM_ONLY=1 scripts/aarch64.sh)"
  export BLASTSCOPE_BOARD_PROGRAM="$cross"
fi
BLASTSCOPE_BOARD_FIELDS=$(realpath "$FIELDS")
BLASTSCOPE_BOARD_LOG=${LOG:+$(realpath -m "$LOG")}
export BLASTSCOPE_BOARD_FIELDS BLASTSCOPE_BOARD_LOG
cargo test --locked -p blastscope --test device board:: -- --nocapture
