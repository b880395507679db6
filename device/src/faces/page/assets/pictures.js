// Small pictures, two at a time, so that buttons never wait behind them; each with a time limit.

import { picture } from "/api.js";
import { say } from "/strings.js";

const AT_ONCE = 2;

// Addresses of pictures by path; another map after `forget`.
let known = new Map();
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
  if (known.has(path)) return show(image, known.get(path));
  image.removeAttribute("src");
  // To observe what is observed already does nothing: an image that stays in sight would never be asked for.
  sight.unobserve(image);
  sight.observe(image);
}

function want(image) {
  // It came into sight before its slide was forgotten.
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
      // Forgotten meanwhile: the same path may be of another slide now.
      if (of !== known) return URL.revokeObjectURL(address);
      of.set(path, address);
    }
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

// Forgets the pictures of a session that is not looked at any more, also those that are shown: another record has the same paths.
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
