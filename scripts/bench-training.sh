#!/bin/sh
# Compares training speed, in pictures per second, of each back end and of PyTorch: the paper's network, the same machine, in turn.
#
#   make bench-training                      every back end of this build, and the PyTorch of python3
#   PYTHON=torch/bin/python3                 the Python that has PyTorch
#   BACKENDS="wgpu flex" FEATURES=tch        the back ends to time, and further cargo features
#   BACKENDS=wgpu PRECISION=flex32           on tensor cores, beside PyTorch's mixed precision
#   DEVICES=0,1                              several GPUs, which share each batch
#   HOST=/usr/bin/blastscope-host            a program already built
#   SIZE=224 BATCH=32 STEPS=20 ROUNDS=3      side of the input, batch size, measured steps, rounds
set -eu
fail() {
  echo "error: $1" >&2
  echo "remedy: $2" >&2
  exit 1
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "there is no $python" "sudo apt-get install python3 python3-venv, or set PYTHON"
"$python" -c 'import torch' 2>/dev/null ||
  fail "$python has no PyTorch" "python3 -m venv torch && torch/bin/pip install torch, then PYTHON=torch/bin/python3"
precision=${PRECISION:-f32}
case $precision in
  f32) theirs=f32 ;;
  flex32) theirs=amp ;;
  *) fail "PRECISION=$precision" "f32 or flex32" ;;
esac
# An absolute path survives the change of folder.
case $python in
  /*) ;;
  */*) python=$PWD/$python ;;
esac
cd "$(dirname "$0")/.."
if [ -n "${HOST:-}" ]; then
  host=$HOST
  [ -x "$host" ] || fail "HOST=$host is not a program" "set HOST to a built blastscope-host, by its absolute path, or unset it"
else
  scripts/setup.sh
  cargo build --locked --release -p blastscope-program ${FEATURES:+--features "$FEATURES"}
  host=${CARGO_TARGET_DIR:-target}/release/blastscope-host
fi
load="--image-size ${SIZE:-224} --batch-size ${BATCH:-32} --steps ${STEPS:-20}"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for round in $(seq "${ROUNDS:-3}"); do
  echo "round $round" >&2
  for backend in ${BACKENDS:-wgpu flex}; do
    # shellcheck disable=SC2086
    if found=$("$host" throughput --json --backend "$backend" --devices "${DEVICES:-0}" --precision "$precision" $load); then
      echo "$found" | tr -d '\n' >>"$results"
      echo >>"$results"
    else
      echo "$backend skipped" >&2
    fi
  done
  # shellcheck disable=SC2086
  "$python" scripts/pytorch_throughput.py --precision "$theirs" $load >>"$results"
done
echo
"$python" scripts/throughput_table.py <"$results"
