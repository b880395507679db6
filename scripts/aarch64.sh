#!/bin/sh
# Runs the shared crate's tests for 64-bit ARM under emulation: on a Cortex-A72 (Raspberry Pi 4: NEON), a Cortex-A76
# (Raspberry Pi 5: dot products) and with everything the emulator supports (mixed-sign dot products).
#
#   make aarch64                            all three
#   CPUS=cortex-a72 FIELDS=200 make aarch64 one, with all fields of the golden file instead of ten
#   CPUS=cortex-a72 scripts/aarch64.sh -p blastscope-program --test program retrain::    any tests: the arguments go to cargo test
#   CI=true make aarch64                    installs missing packages from Debian
#
# The run fails if a processor lacks the instruction sets it should test. The test that changes every byte of a model is skipped:
# it would take longer than all others together, and those draw hostile models too. The standard library for aarch64 comes from
# rustup, or else from Debian, unpacked below $CROSS (default ~/.cache/cross-arm64).
set -eu
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}
installs() { [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static"
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
  command -v "$tool" >/dev/null && continue
  installs || fail "$tool is missing" "sudo apt-get install $packages"
  echo "installing $packages" >&2
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >&2
done
if ! ls "$(rustc --print target-libdir --target $target)" 2>/dev/null | grep -q libstd; then
  cross=${CROSS:-$HOME/.cache/cross-arm64}
  usr=$cross/rw/usr
  if [ ! -e "$cross/ok" ]; then
    if ! dpkg --print-foreign-architectures | grep -q arm64; then
      installs || fail "neither rustup nor Debian has a standard library for $target here" \
        "rustup target add $target, or: sudo dpkg --add-architecture arm64 && sudo apt-get update"
      { dpkg --add-architecture arm64 && apt-get update -qq; } >&2
    fi
    mkdir -p "$cross/debs" "$cross/rw"
    names() { LC_ALL=C apt-cache depends "$1" | sed -n "s/.*Depends: \($2[^ ]*\).*/\1/p" | head -1; }
    library=$(names libstd-rust-web-dev 'libstd-rust-web-[0-9]')
    [ -n "$library" ] || fail "apt cannot find Debian's rustc-web" "sudo apt-get update, or rustup target add $target"
    (cd "$cross/debs" && apt-get -qq download rustc-web "$library" "$(names "$library" 'libllvm')" \
      libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64) >&2
    for package in "$cross"/debs/*.deb; do dpkg-deb -x "$package" "$cross/rw"; done
    rm -rf "$cross/debs"
    touch "$cross/ok"
  fi
  for tool in rustc rustdoc; do
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH=%s\nexec %s --sysroot %s "$@"\n' \
      "$usr/lib/x86_64-linux-gnu:$usr/lib" "$usr/bin/$tool" "$usr" > "$cross/$tool"
    chmod +x "$cross/$tool"
  done
  export RUSTC="$cross/rustc" RUSTDOC="$cross/rustdoc"
fi
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# For C code and the camera's headers.
export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
export BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_gnu="--sysroot=/usr/aarch64-linux-gnu -I/usr/aarch64-linux-gnu/include"
if [ -n "${PROGRAM_ONLY:-}" ]; then
  # For scripts/board.sh, which takes the program's path from stdout.
  cargo build --locked --release --target $target -p blastscope >&2
  realpath "${CARGO_TARGET_DIR:-target}/$target/release/blastscope"
  exit
fi
if [ -n "${FRAMES_ONLY:-}" ]; then
  exec cargo build --locked --release --target $target -p blastscope-shared --example frames
fi
export BLASTSCOPE_GOLDEN_FIELDS="${FIELDS:-10}"
for cpu in ${CPUS:-cortex-a72 cortex-a76 max}; do
  echo "== $cpu"
  case $cpu in
    cortex-a76) must_run=neon,neon-dotprod ;;
    max) must_run=neon,neon-dotprod,neon-i8mm ;;
    *) must_run=neon ;;
  esac
  export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64-static -cpu $cpu -L /usr/aarch64-linux-gnu" BLASTSCOPE_MUST_RUN=$must_run
  if [ $# -gt 0 ]; then
    cargo test --locked --target $target "$@"
  else
    cargo test --locked --target $target -p blastscope-shared --lib
    cargo test --locked --target $target -p blastscope-shared --test shared -- \
      golden_fields:: networks:: --skip every_body_with_one_wrong_byte
  fi
done
