// Thumbnails, loaded two at a time so that buttons never wait behind them; each with a time limit.

import { picture } from "/api.js";
import { say } from "/strings.js";

const AT_ONCE = 2;

// Object URLs of pictures by path; a new map after `forget`.
let known = new Map();
let waiting = [];
let busy = 0;

// Loads pictures in view.
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) want(target);
  }
});

// Shows the picture at `path` in an image once that is in view.
export function small(image, path) {
  if (image.dataset.path === path) return;
  image.dataset.path = path;
  if (known.has(path)) return show(image, known.get(path));
  image.removeAttribute("src");
  // Observing twice does nothing: an image that stays in view would never be loaded.
  sight.unobserve(image);
  sight.observe(image);
}

function want(image) {
  // It came into view before its slide was dropped.
  if (!image.dataset.path) return;
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
  const of = known;
  busy += 1;
  try {
    if (!of.has(path)) {
      const { address } = await picture(path);
      // Dropped meanwhile: the same path may belong to another slide now.
      if (of !== known) return URL.revokeObjectURL(address);
      of.set(path, address);
    }
    if (image.dataset.path === path) show(image, known.get(path));
  } catch (problem) {
    // Loaded again when it comes into view, or after a while.
    image.title = say("picture_failed", { reason: problem.message });
    setTimeout(() => image.isConnected && !image.src && image.dataset.path === path && want(image), 5000);
  } finally {
    busy -= 1;
    work();
  }
}

// Drops the pictures of a session no longer on display, visible ones included: another record uses the same paths.
export function forget() {
  for (const image of document.querySelectorAll("img[data-path]")) {
    sight.unobserve(image);
    delete image.dataset.path;
    image.removeAttribute("src");
    image.title = "";
  }
  for (const address of known.values()) URL.revokeObjectURL(address);
  known = new Map();
  waiting = [];
}
