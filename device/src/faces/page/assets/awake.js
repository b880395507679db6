// Keeps the screen on while a session runs. Browsers allow it over TLS and on this machine only.

let lock = null;
let wanted = false;

async function take() {
  if (!wanted || lock || document.hidden || !navigator.wakeLock) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", () => (lock = null));
    // It ended while the lock was being given.
    if (!wanted) lock.release();
  } catch {
    // Refused, on low battery for example: the screen goes dark as before.
  }
}

export function keep(is) {
  if (is === wanted) return;
  wanted = is;
  document.body.dataset.awake = String(is);
  if (wanted) take();
  else lock?.release();
}

// The browser drops the lock of a page that is out of sight.
document.addEventListener("visibilitychange", take);
