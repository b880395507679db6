#!/bin/sh
# Counts the instructions of a frame on Cortex-A72, A76 and with everything the emulator supports: make instructions
#
# The emulator logs each block of instructions that it translates, and each time it runs one. The difference between a run of three
# frames and one of two leaves out loading the model. Takes some minutes; scripts/aarch64.sh says what it needs.
set -eu
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-gnu
FRAMES_ONLY=1 scripts/aarch64.sh
program=${CARGO_TARGET_DIR:-target}/$target/release/examples/frames
count() {
  qemu-aarch64-static -cpu "$1" -L /usr/aarch64-linux-gnu -d in_asm,exec,nochain "$program" models/paper.bsm "$2" 2>&1 |
    awk '
      /^IN:/ { inside = 1; first = ""; next }
      inside && /^0x/ {
        if (first == "") {
          first = substr($1, 3, length($1) - 3)
          while (length(first) < 16) first = "0" first
          length_of[first] = 0
        }
        names[first, ++length_of[first]] = $3
        next
      }
      /^Trace/ { inside = 0; split($4, parts, "/"); runs[parts[2]]++; next }
      END {
        for (block in runs) for (i = 1; i <= length_of[block]; i++) total[names[block, i]] += runs[block]
        for (name in total) print name, total[name]
      }'
}
for cpu in ${CPUS:-cortex-a72 cortex-a76 max}; do
  { count "$cpu" 2 | sed 's/^/two /'; count "$cpu" 3 | sed 's/^/three /'; } |
    awk -v cpu="$cpu" '
      $1 == "two" { two[$2] = $3; all[$2] } $1 == "three" { three[$2] = $3; all[$2] }
      END {
        for (name in all) {
          n = (three[name] - two[name]) / 1e6
          sum += n
          # The disassembler does not know sdot and usdot.
          if (name ~ /^(smlal2?|smull2?|mul|mla|\.byte)$/) multiply += n
          else if (name ~ /^(sadalp|saddlp)$/) widen += n
          else if (name ~ /^(ld|st)/) memory += n
          else other += n
          mix[name] = n
        }
        printf "%-11s %7.1f million instructions per frame: %.1f multiply, %.1f add pairs, %.1f load or store, %.1f other\n", \
          cpu, sum, multiply, widen, memory, other
        for (name in mix) if (mix[name] > sum / 100) printf "            %-10s %8.2f\n", name == ".byte" ? "dot" : name, mix[name] | "sort -k2 -rn"
      }'
done
