// The live picture, the verdict, the focus, and the state of camera and record.

import { drawing } from "/api.js";
import { CLASSES, element, kindOf, likely, mark, one, slug, word } from "/marks.js";
import { say } from "/strings.js";

// The instrument reports many times a second; after this long (ms) without a report it counts as hung.
const HANGS = 3000;

let latest = null;
let announced = "";
let mapAddress = null;

export function start() {
  const bars = one("bars");
  for (const name of CLASSES) {
    const bar = element("span", { class: `bar is-${slug(name)}` }, element("i"));
    const row = element("li", { "data-class": name }, mark(name), element("span", { class: "name" }, word(name)), bar);
    row.append(element("span", { class: "number" }, "–"));
    bars.append(row);
  }
}

export const state = () => latest;

// Shows a state and its picture in one go; without a picture if the one on display is still right. Returns whether the state's
// picture is on display.
export function show(snapshot, image, damaged) {
  if (snapshot.age_ms > HANGS) {
    lost({ message: say("instrument_hangs", { seconds: Math.round(snapshot.age_ms / 1000) }) });
    return false;
  }
  latest = snapshot;
  document.body.classList.remove("is-lost");
  const fits = showPicture(snapshot.sequence, image) && !damaged;
  showVerdict(fits ? snapshot : { said: null, probabilities: null });
  one("verdict-box").dataset.number = one("picture").dataset.number;
  showFocus(snapshot.focus);
  showField(snapshot);
  showCamera(snapshot, fits);
  showRecord(snapshot);
  return fits;
}

// Swaps in the picture of this number, already decoded, so that it appears together with its verdict.
function showPicture(sequence, image) {
  const before = one("picture");
  if (image && sequence !== null) {
    image.id = "picture";
    image.alt = before.alt;
    image.setAttribute("aria-label", say("live_alt"));
    image.dataset.number = sequence;
    before.replaceWith(image);
    if (before.src) URL.revokeObjectURL(before.src);
    return true;
  }
  const stands = sequence !== null && before.dataset.number === String(sequence);
  if (!stands) before.dataset.number = "";
  return stands;
}

// An old verdict must not stay once nobody confirms it.
export function lost(problem) {
  latest = null;
  document.body.classList.add("is-lost");
  const reason = problem?.message && problem.status !== 0 ? problem.message : say("connection_lost");
  one("picture").dataset.number = one("verdict-box").dataset.number = "";
  showVerdict({ said: null, probabilities: null });
  set(one("verdict-reason"), reason);
  showFocus({ level: null, threshold: 0 });
  set(one("stage"), say("stage_lost"));
  one("stage").className = "is-nothing";
  one("take").disabled = true;
  chip(one("camera"), "bad", say("camera"), say("camera_unknown"), null);
  chip(one("record"), "bad", say("record"), say("camera_unknown"), null);
  hideMap();
  one("no-picture").hidden = false;
  set(one("no-picture-reason"), reason);
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showVerdict({ said, probabilities }) {
  const kind = kindOf(said);
  const box = one("verdict-box");
  if (box.dataset.kind !== kind) {
    box.dataset.kind = kind;
    box.className = `is-${slug(kind)}`;
    one("verdict-mark").replaceChildren(mark(kind));
    set(one("verdict-word"), word(kind));
    const malignant = CLASSES.indexOf(kind) > 0 || kind === "malignant";
    set(one("verdict-means"), kind === "Benign" ? say("benign_means") : malignant ? say("malignant_means") : "");
  }
  // First how probably the field is malignant at all; the bars show the subtypes.
  const malignant = CLASSES.indexOf(kind) > 0 && probabilities && say("probability_malignant", { percent: likely(1 - probabilities.Benign) });
  const number = said?.probability == null ? "" : malignant || say("probability", { percent: likely(said.probability) });
  set(one("verdict-number"), number);
  set(one("verdict-reason"), said?.reason ?? "");
  // Screen readers announce changes, not every number.
  const told = [word(kind), kind in { malignant: 1, abstain: 1, rejected: 1 } ? said.reason : ""].join(" ");
  if (kind !== "settling" && announced !== kind) {
    announced = kind;
    one("announcer").textContent = told;
  }
  for (const row of one("bars").children) {
    const value = probabilities?.[row.dataset.class];
    set(row.lastChild, value == null ? "–" : `${likely(value)} %`);
    row.querySelector("i").style.width = `${(value ?? 0) * 100}%`;
    row.classList.toggle("is-most", row.dataset.class === kind);
  }
}

function showFocus({ level, threshold }) {
  const meter = one("focus-bar");
  const value = level ?? 0;
  meter.setAttribute("aria-valuenow", Math.round(value * 100));
  meter.querySelector("i").style.width = `${value * 100}%`;
  meter.querySelector("b").style.left = `${threshold * 100}%`;
  const text = level == null ? say("focus_none") : value < threshold ? say("focus_soft") : value < 0.9 ? say("focus_fine") : say("focus_best");
  meter.setAttribute("aria-valuetext", text);
  meter.className = level == null ? "" : value < threshold ? "is-soft" : "is-fine";
  set(one("focus-text"), text);
}

function showField({ field, session }) {
  const stages = {
    nothing: () => say("stage_nothing"),
    moving: () => say("stage_moving"),
    judging: () => (field.agreeing >= field.needed ? say("stage_steady") : say("stage_judging", field)),
    saving: () => say("stage_saving"),
    taken: () => say("stage_taken", field),
  };
  set(one("stage"), session ? stages[field.stage]() : say("stage_no_session"));
  one("stage").className = session ? `is-${field.stage}` : "is-nothing";
  one("take").disabled = !session || field.stage === "taken" || field.stage === "saving";
}

const chip = (box, mood, name, text, reason) => {
  box.className = `chip is-${mood}`;
  set(box.querySelector(".chip-name"), name);
  set(box.querySelector(".chip-text"), text);
  set(box.querySelector(".chip-reason"), reason ?? "");
};

function showCamera({ source_state: state, source_reason: reason, flow, source, sequence }, fits) {
  const texts = {
    opening: () => say("camera_opening"),
    streaming: () => say("camera_streaming", { rate: flow.rate >= 10 ? flow.rate.toFixed(0) : flow.rate.toFixed(1) }),
    stalled: () => say("camera_stalled"),
    frozen: () => say("camera_frozen"),
    corrupt: () => say("camera_corrupt"),
    lost: () => say("camera_lost"),
    absent: () => say("camera_absent"),
    ended: () => say("camera_ended"),
  };
  const mood = state === "streaming" ? "good" : state === "opening" ? "calm" : "bad";
  chip(one("camera"), mood, say("camera"), texts[state](), reason ?? (fits ? say("camera_picture", { source, number: sequence }) : source));
  one("no-picture").hidden = fits;
  set(one("no-picture-reason"), reason ?? (sequence === null ? say("waiting") : say("picture_missing", { number: sequence })));
}

function showRecord({ saving, unsaved, session }) {
  const texts = {
    idle: () => say("record_idle"),
    writing: () => say("record_writing"),
    saved: () => say("record_saved"),
    failed: () => say("record_failed"),
  };
  const lost = unsaved > 0 ? say("record_unsaved", { count: unsaved }) : "";
  const mood = saving.state === "failed" ? "bad" : saving.state === "saved" && session ? "good" : "calm";
  chip(one("record"), mood, say("record"), texts[saving.state](), [saving.reason, lost].filter(Boolean).join(". "));
}

export function hideMap() {
  const map = one("map");
  if (map.hidden) return;
  map.hidden = one("map-label").hidden = true;
  map.removeAttribute("src");
  URL.revokeObjectURL(mapAddress);
  one("map-button").textContent = say("map");
  one("map-button").setAttribute("aria-pressed", "false");
}

// The map of the newest frame, in the place of the live picture; pressed again, the live picture. It stands still and names its
// frame.
export async function toggleMap(tell) {
  const map = one("map");
  const button = one("map-button");
  if (!map.hidden) return hideMap();
  if (button.disabled) return;
  button.disabled = true;
  button.textContent = say("map_wait");
  try {
    const drawn = await drawing("/api/live/map/likely.png");
    mapAddress = drawn.address;
    map.src = mapAddress;
    map.hidden = one("map-label").hidden = false;
    one("map-label").textContent = say("map_label", { number: drawn.frame ?? "?" });
    button.textContent = say("map_back");
    button.setAttribute("aria-pressed", "true");
  } catch (problem) {
    button.textContent = say("map");
    tell(problem);
  } finally {
    button.disabled = false;
  }
}
