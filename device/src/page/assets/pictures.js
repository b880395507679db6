// Small pictures, two at a time, so that buttons never wait behind them; each with a time limit.

import { picture } from "/api.js";
import { say } from "/strings.js";

const AT_ONCE = 2;

const known = new Map();
let waiting = [];
let busy = 0;

// What is seen is asked for.
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) want(target);
  }
});

// Shows the picture at `path` in an image as soon as that is in sight.
export function small(image, path) {
  if (image.dataset.path === path) return;
  image.dataset.path = path;
  if (known.has(path)) {
    image.src = known.get(path);
    return;
  }
  image.removeAttribute("src");
  sight.observe(image);
}

function want(image) {
  if (known.has(image.dataset.path)) return show(image, known.get(image.dataset.path));
  if (!waiting.includes(image)) waiting.push(image);
  work();
}

function show(image, address) {
  image.src = address;
  image.title = "";
  sight.unobserve(image);
}

async function work() {
  if (busy >= AT_ONCE || waiting.length === 0) return;
  const image = waiting.shift();
  const path = image.dataset.path;
  busy += 1;
  try {
    if (!known.has(path)) known.set(path, (await picture(path)).address);
    if (image.dataset.path === path) show(image, known.get(path));
  } catch (problem) {
    // It is asked for again when it comes into sight again, or after a while.
    image.title = say("picture_failed", { reason: problem.message });
    setTimeout(() => image.isConnected && !image.src && image.dataset.path === path && want(image), 5000);
  } finally {
    busy -= 1;
    work();
  }
}

// Forgets the pictures of a session that is not looked at any more.
export function forget() {
  for (const address of known.values()) URL.revokeObjectURL(address);
  known.clear();
  waiting = [];
}
