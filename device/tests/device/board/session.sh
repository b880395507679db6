# The session in the virtual board, for busybox's shell. Lines for the judge go to the console and begin with BOARD and a name;
# device/tests/device/board.rs judges them. The script waits for conditions, with a limit, never for a fixed time.
. /lib.sh
# Keep kernel messages out of our lines.
echo 1 > /proc/sys/kernel/printk
export BLASTSCOPE_MODEL=/img/model.bsm
PATIENCE=${PATIENCE:-300}

say() { echo "BOARD $*"; }
give() { sed "s/^/BOARD $1 /" "$2"; }

# Until COMMAND succeeds.
await() {
  awaited=0
  until eval "$1"; do
    usleep 50000
    awaited=$((awaited + 1))
    if [ $awaited -gt $((PATIENCE * 20)) ]; then
      say gave-up "$1"
      [ -z "$OUT" ] || give so-far "$OUT"
      [ -z "$OUT" ] || give so-far "$OUT.err"
      return 1
    fi
  done
}
lines() { grep -c "$1" "$OUT" 2>/dev/null; }
# The camera's state by its last line.
state() { grep '"camera":"' "$OUT" | tail -1 | sed 's/.*"camera":"\([a-z]*\)".*/\1/'; }
# Prints the time since `mark`, with a name.
told() {
  read -r now _ < /proc/uptime
  say seconds "$1 $MARK $now"
}
# Waits until PATTERN is in the output for the Nth time; prints how long that took.
await_line() {
  await "[ \"\$(lines '$1')\" -ge $2 ]" || exit 1
  told "$3"
}
await_absent() {
  await '[ "$(state)" = absent ]' || exit 1
  told "$1"
}
await_streaming() {
  await '[ "$(state)" = streaming ]' || exit 1
  told "$1"
}
mark() { read -r MARK _ < /proc/uptime; }
camera() {
  # A port becomes free a moment after its camera is gone.
  await '! ls /sys/bus/usb/devices | grep -q "^[0-9]*-1$"'
  usleep 300000
  uvcsim 640 480 "${CAM_FPS:-5}" "$@" 2>/tmp/uvcsim.err &
  CAMPID=$!
}
gone() { kill -TERM $CAMPID; wait $CAMPID; }
live() {
  OUT=/tmp/$1
  shift
  : > "$OUT"
  blastscope live --json "$@" > "$OUT" 2> "$OUT.err" &
  PID=$!
}
finish() { kill -TERM $PID; wait $PID; say status "$1 $?"; give "$1" "$OUT"; }
lamps() { echo "$(led 0)$(led 1)$(led 2)"; }
descriptors() { echo "$(ls /proc/$PID/fd | wc -l) $(ls /proc/$PID/task | wc -l)"; }
cpu() { cut -d' ' -f14,15 /proc/$PID/stat; }

# 1. Drawn fields through the kernel's camera driver.
live fields --camera auto --settle 1 --frames "${FRAMES:-8}"
mark
await_line '"camera":"absent"' 1 absent-at-the-start
camera /img/fields/*.jpg
mark
await_streaming plugged-late
blastscope cameras --json > /tmp/cameras
give cameras /tmp/cameras
wait $PID
say status "fields $?"
give fields "$OUT"

# 2. Faults at run time; with a tiny network, because in emulation the shipped one takes seconds for a frame.
live faults --camera auto --settle 1 --model /img/tiny.bsm
mark
await_streaming began
mark; stall
await_line '"camera":"stalled"' 1 stalled
mark; stall
await_streaming stall-over
before=$(lines '"camera":"corrupt"')
mark; truncate_next
await_line '"camera":"corrupt"' $((before + 1)) corrupt
await_streaming corrupt-over
# Keep the node open, so that its number is taken when the camera returns.
sleep 100000 < /dev/video0 &
HOLDER=$!
await '[ "$(readlink /proc/$HOLDER/fd/0)" = /dev/video0 ]'
mark; gone
await_line '"camera":"lost"' 1 lost
await_absent absent
read -r from _ < /proc/uptime
before=$(cpu); sleep 10; after=$(cpu)
read -r to _ < /proc/uptime
say idle "$before $from $after $to"
camera /img/fields/*.jpg
mark
await_streaming back
say nodes-after "$(cd /dev && echo video*)"
kill $HOLDER
mark; gone
await_absent absent-again
first=$(ls /img/fields/*.jpg | head -1)
camera "$first"
mark
await_line '"camera":"frozen"' 1 frozen
mark; gone
await_absent absent-frozen
camera /img/fields/*.jpg
mark
await_streaming thawed

# 3. Unplugged and replugged twenty times.
say descriptors "$(descriptors)"
cycle=0
while [ $cycle -lt "${CYCLES:-20}" ]; do
  cycle=$((cycle + 1))
  mark
  gone
  await_absent cycle-absent
  camera /img/fields/*.jpg
  mark
  await_streaming cycle-back
  say descriptors "$(descriptors)"
done
finish faults
gone

# 4. Lamps, buzzer and buttons. Lines 0 to 2 are lamps (2 is lit by a low level), 3 is the buzzer, 4 and 5 are buttons.
blastscope doctor --hardware /img/board.toml --json > /tmp/doctor
give doctor /tmp/doctor
# A free line has the level of its pull: a lamp lit by a low level needs a pull-up.
press 2
live lamps --camera auto --settle 1 --hardware /img/board.toml
await '[ "$(lamps)" = 001 ]'
say lamps "start $(lamps)"
camera /img/benign/*.jpg
await '[ "$(lamps)" = 101 ]'
say lamps "benign $(lamps)"
press 4
await '[ "$(lines "\"button\":\"take\"")" -ge 1 ]'
release 4
press 5
await '[ "$(lines "\"button\":\"confirm\"")" -ge 1 ]'
release 5
gone
await '[ "$(lamps)" = 001 ]'
say lamps "unplugged $(lamps)"
camera /img/suspicious/*.jpg
await '[ "$(led 3)" = 1 ]'
say buzzer "on $(led 3)"
await '[ "$(lamps)" = 011 ]'
say lamps "suspicious $(lamps)"
await '[ "$(led 3)" = 0 ]'
say buzzer "off $(led 3)"
gone
camera /img/unfit/*.jpg
await '[ "$(lamps)" = 000 ]'
say lamps "unfit $(lamps)"
finish lamps
say lamps "end $(lamps)"
say complete
