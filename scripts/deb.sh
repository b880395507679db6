#!/bin/sh
# Builds the Debian package of the device: program, model, systemd unit, configuration, udev rule, name on the network.
#
#   make deb                      for this machine
#   ARCH=arm64 make deb           for a Raspberry Pi, with gcc-aarch64-linux-gnu and a standard library for it
#   BINARY=blastscope ARCH=arm64 make deb   packs a program built elsewhere
#   MAINTAINER='A. B. <a@b.org>' make deb   names the contact
#
# The package goes to target/debian. Needs only dpkg-deb, readelf and strip.
set -eu
cd "$(dirname "$0")/.."
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}
for tool in dpkg-deb readelf gzip; do
  command -v "$tool" >/dev/null || fail "$tool is missing" "sudo apt-get install dpkg binutils gzip"
done
native=$(dpkg --print-architecture)
arch=${ARCH:-$native}
case $arch in
  amd64) triple=x86_64 ;;
  arm64) triple=aarch64 ;;
  *) fail "there is no package for ARCH=$arch" "ARCH=amd64 or ARCH=arm64" ;;
esac
output=${CARGO_TARGET_DIR:-target}
maintainer=${MAINTAINER:-The blastscope developers <blastscope@localhost>}
strip="strip"
[ "$arch" = "$native" ] || strip=$triple-linux-gnu-strip

if [ -n "${BINARY:-}" ]; then
  program=$BINARY
elif [ "$arch" = "$native" ]; then
  scripts/setup.sh
  cargo build --locked --release -p blastscope
  program=$output/release/blastscope
else
  target=$triple-unknown-linux-gnu
  command -v $triple-linux-gnu-gcc >/dev/null ||
    fail "$triple-linux-gnu-gcc is missing" "sudo apt-get install gcc-$triple-linux-gnu libc6-dev-$arch-cross"
  if ! find "$(rustc --print target-libdir --target "$target")" -name 'libstd-*' 2>/dev/null | grep -q .; then
    # Where `make aarch64` unpacks Debian's standard library.
    cross=${CROSS:-$HOME/.cache/cross-arm64}
    [ -x "$cross/rustc" ] || fail "there is no standard library for $target here" "rustup target add $target, or: make aarch64"
    export RUSTC="$cross/rustc"
  fi
  name=$(echo "$target" | tr 'a-z-' 'A-Z_')
  under=$(echo "$target" | tr - _)
  export "CARGO_TARGET_${name}_LINKER=$triple-linux-gnu-gcc" "CC_$under=$triple-linux-gnu-gcc" "AR_$under=$triple-linux-gnu-ar"
  export "BINDGEN_EXTRA_CLANG_ARGS_$under=--sysroot=/usr/$triple-linux-gnu -I/usr/$triple-linux-gnu/include"
  cargo build --locked --release -p blastscope --target "$target"
  program=$output/$target/release/blastscope
fi
[ -f "$program" ] || fail "$program is not there" "see cargo's messages above"

# The program needs nothing from the system but the C library.
machine=$(readelf -h "$program" | sed -n 's/ *Machine: *//p')
case $arch:$machine in
  amd64:*X86-64* | arm64:AArch64*) ;;
  *) fail "$program is for $machine, not for $arch" "build it for $arch, or set ARCH" ;;
esac
for library in $(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
  case $library in
    libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libgcc_s.so.* | ld-linux-*) ;;
    *) fail "$program needs $library, which the package does not name" "add its package to Depends in scripts/deb.sh" ;;
  esac
done
glibc=$(readelf -V "$program" | grep -o 'GLIBC_[0-9][0-9.]*' | sed 's/GLIBC_//' | sort -Vu | tail -1)

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
mkdir -p "$output/debian"
stage=$(mktemp -d "$output/debian/stage.XXXXXX")
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
put() { install -D -m "$3" "$1" "$stage/$2"; }
put "$program" usr/bin/blastscope 755
command -v "$strip" >/dev/null && "$strip" --strip-unneeded --remove-section=.comment "$stage/usr/bin/blastscope"
put models/blastscope.bsm usr/share/blastscope/models/blastscope.bsm 644
put models/blastscope.md usr/share/doc/blastscope/blastscope.md 644
put docs/http.md usr/share/doc/blastscope/http.md 644
put docs/commands.md usr/share/doc/blastscope/commands.md 644
put device/assets/service/blastscope.service usr/lib/systemd/system/blastscope.service 644
put device/assets/service/sysusers.conf usr/lib/sysusers.d/blastscope.conf 644
put device/assets/service/gpio.rules usr/lib/udev/rules.d/60-blastscope-gpio.rules 644
put device/assets/service/avahi.service etc/avahi/services/blastscope.service 644
put device/assets/blastscope.toml etc/blastscope.toml 644
put device/assets/debian/copyright usr/share/doc/blastscope/copyright 644
put device/assets/debian/blastscope.1 usr/share/man/man1/blastscope.1 644
{
  printf 'blastscope (%s) stable; urgency=low\n\n  * See /usr/share/doc/blastscope/CHANGELOG.md.gz.\n\n' "$version"
  printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} > "$stage/usr/share/doc/blastscope/changelog"
put CHANGELOG.md usr/share/doc/blastscope/CHANGELOG.md 644
chmod 644 "$stage/usr/share/doc/blastscope/changelog"
gzip -9n "$stage/usr/share/doc/blastscope/changelog" "$stage/usr/share/doc/blastscope/CHANGELOG.md" \
  "$stage/usr/share/man/man1/blastscope.1"

(cd "$stage" && find . -type f -printf '%P\0' | sort -z | xargs -0 md5sum) > "$output/debian/md5sums"
size=$(du -sk --apparent-size "$stage" | cut -f1)
mkdir "$stage/DEBIAN"
mv "$output/debian/md5sums" "$stage/DEBIAN/md5sums"
printf '/etc/avahi/services/blastscope.service\n/etc/blastscope.toml\n' > "$stage/DEBIAN/conffiles"
for script in postinst prerm postrm; do put device/assets/debian/$script DEBIAN/$script 755; done
cat > "$stage/DEBIAN/control" <<END
Package: blastscope
Version: $version
Architecture: $arch
Maintainer: $maintainer
Installed-Size: $size
Depends: libc6 (>= $glibc), libgcc-s1, systemd | systemd-standalone-sysusers
Recommends: avahi-daemon
Section: science
Priority: optional
Description: screens blood-smear fields for leukaemia at the microscope
 Runs a neural network on the frames of a microscope's camera, without
 internet, names a class or abstains, and keeps the record of the session.
 .
 For research use only. Not for use in diagnostic procedures.
END
chmod 644 "$stage/DEBIAN/control" "$stage/DEBIAN/conffiles" "$stage/DEBIAN/md5sums"
find "$stage" -type d -exec chmod 755 {} +
find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
package=$output/debian/blastscope_${version}_$arch.deb
# Written whole or not at all, like every file.
dpkg-deb --root-owner-group -Zxz --build "$stage" "$package.tmp" >/dev/null
mv "$package.tmp" "$package"
echo "$package"
