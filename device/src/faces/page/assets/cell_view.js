// One cell in the picture of its field: enlarged around the cell, or the whole field; a frame marks what the networks see of the cell.

import { picture } from "/api.js";
import { one } from "/marks.js";
import { say } from "/strings.js";

// Share of the view that the frame takes while the cell is enlarged.
const FRAME = 0.6;
// Pictures that stay in memory: neighbours in the gallery are often of few fields.
const KEPT = 8;

const kept = new Map();
let cell = null;
let path = null;
let isWhole = false;

async function address(of) {
  if (!kept.has(of)) {
    const loaded = picture(of).then((made) => made.address);
    kept.set(of, loaded);
    // Tried again the next time.
    loaded.catch(() => kept.delete(of));
  }
  const found = kept.get(of);
  kept.delete(of);
  kept.set(of, found);
  for (const [old, loaded] of [...kept].slice(0, Math.max(0, kept.size - KEPT))) {
    kept.delete(old);
    loaded.then(URL.revokeObjectURL, () => {});
  }
  return found;
}

// Shows a cell; `of` is the path of its field's picture.
export async function show(which, of) {
  cell = which;
  const image = one("cell-picture");
  // Being loaded, it is laid out for the cell that is wanted then.
  if (path === of) return image.hidden || lay();
  path = of;
  image.hidden = one("cell-frame").hidden = true;
  one("cell-wait").textContent = say("picture_wait");
  try {
    const found = await address(of);
    if (path !== of) return;
    image.src = found;
    await image.decode();
    if (path !== of) return;
    one("cell-wait").textContent = "";
    image.hidden = one("cell-frame").hidden = false;
    lay();
  } catch (problem) {
    if (path !== of) return;
    path = null;
    one("cell-wait").textContent = say("picture_failed", { reason: problem.message });
  }
}

// The enlarged cell, or its whole field.
export function toggle() {
  isWhole = !isWhole;
  one("cell-view").setAttribute("aria-pressed", String(isWhole));
  if (cell && !one("cell-picture").hidden) lay();
}

// Another record uses the same paths.
export function forget() {
  for (const loaded of kept.values()) loaded.then(URL.revokeObjectURL, () => {});
  kept.clear();
  [cell, path] = [null, null];
}

// Lays picture and frame out, all in shares of the view.
function lay() {
  const image = one("cell-picture");
  const { clientWidth: width, clientHeight: height } = one("cell-view");
  const ratio = image.naturalHeight / image.naturalWidth;
  // Width of the picture in pixels of the page.
  const wide = isWhole ? Math.min(width, height / ratio) : (FRAME * Math.min(width, height)) / Math.max(cell.width, cell.height * ratio);
  const tall = wide * ratio;
  const [left, top] = isWhole ? [(width - wide) / 2, (height - tall) / 2] : [width / 2 - cell.x * wide, height / 2 - cell.y * tall];
  Object.assign(image.style, { width: `${wide}px`, height: `${tall}px`, left: `${left}px`, top: `${top}px` });
  const frame = { width: cell.width * wide, height: cell.height * tall };
  Object.assign(one("cell-frame").style, { width: `${frame.width}px`, height: `${frame.height}px`, left: `${left + cell.x * wide - frame.width / 2}px`, top: `${top + cell.y * tall - frame.height / 2}px` });
}

addEventListener("resize", () => cell && !one("cell-picture").hidden && lay());
