#!/bin/sh
# Fuzzes everything that reads outside data, with AddressSanitizer and overflow checks:
#
#   scripts/fuzz.sh [SECONDS]                       each target for SECONDS, 60 by default; make fuzz SECONDS=60 is the same
#   RUNS=10000000 TARGETS="picture keys" make fuzz  this many inputs for each of these targets
#
# Targets: artifact picture keys (the shared crate), groups (the host), settings update frame http json (the device). Starts from
# the inputs in fuzz/corpus, which fuzz/src/bin/seeds.rs drew. New inputs stay below the build folder; an input that stops a target
# goes to fuzz/artifacts. Needs only the nightly compiler (rustup toolchain install nightly): the flags are cargo-fuzz's.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
if ! rustc +nightly --version >/dev/null 2>&1; then
  echo "error: the nightly compiler is missing" >&2
  echo "remedy: rustup toolchain install nightly" >&2
  exit 1
fi
of_shared="artifact picture keys" of_host="groups" of_device="settings update frame http json"
targets=${TARGETS:-$of_shared $of_host $of_device}
features= bins=
for target in $targets; do
  case " $of_shared $of_host $of_device " in
    *" $target "*) ;;
    *) echo "error: there is no target $target; there are $of_shared $of_host $of_device" >&2; exit 1 ;;
  esac
  case " $of_host " in *" $target "*) features="$features,host" ;; esac
  case " $of_device " in *" $target "*) features="$features,device" ;; esac
  bins="$bins --bin $target"
done
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/fuzz")
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# shellcheck disable=SC2086
RUSTFLAGS="$coverage -Zsanitizer=address --cfg fuzzing -Ccodegen-units=1" CARGO_TARGET_DIR="$build" \
  cargo +nightly build --manifest-path fuzz/Cargo.toml --locked --release --target "$host" \
  --no-default-features --features "${features#,}" $bins
failed=
for target in $targets; do
  found=$build/corpus/$target
  mkdir -p "$found" "fuzz/artifacts/$target"
  limit=4096 per_input=20
  case $target in artifact | update) limit=16384 ;; picture | frame) limit=20000 ;; esac
  set -- "-max_len=$limit" "-timeout=$per_input" -rss_limit_mb=3000 "-artifact_prefix=fuzz/artifacts/$target/" -print_final_stats=1
  if [ -n "${RUNS:-}" ]; then set -- "$@" "-runs=$RUNS"; else set -- "$@" "-max_total_time=$seconds"; fi
  echo "== $target"
  # A target's output for each input is of no interest; the last lines give the number of inputs.
  if "$build/$host/release/$target" "$@" "$found" "fuzz/corpus/$target" >"$build/$target.log" 2>&1; then
    grep -E "number_of_executed_units|peak_rss|DONE" "$build/$target.log"
  else
    failed="$failed $target"
    tail -n 40 "$build/$target.log"
  fi
done
if [ -n "$failed" ]; then
  echo "error: these targets failed:$failed; the inputs are in fuzz/artifacts" >&2
  exit 1
fi
