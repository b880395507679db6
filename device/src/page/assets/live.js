// The live picture, the verdict, the focus and how camera and record are.

import { picture } from "/api.js";
import { CLASSES, element, kindOf, likely, mark, one, slug, word } from "/marks.js";
import { say } from "/strings.js";

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
  one("picture").addEventListener("error", () => setTimeout(restart, 2000));
  restart();
}

function restart() {
  one("picture").src = `/api/live.mjpg?${Date.now()}`;
}

export const state = () => latest;

export function show(snapshot) {
  latest = snapshot;
  if (document.body.classList.contains("is-lost")) {
    document.body.classList.remove("is-lost");
    restart();
  }
  showVerdict(snapshot);
  showFocus(snapshot.focus);
  showField(snapshot);
  showCamera(snapshot);
  showRecord(snapshot);
}

// Nothing that was said may stand when nobody says it any more.
export function lost() {
  latest = null;
  document.body.classList.add("is-lost");
  showVerdict({ said: null, probabilities: null });
  one("verdict-reason").textContent = say("connection_lost");
  showFocus({ level: null, threshold: 0 });
  set(one("stage"), say("stage_nothing"));
  chip(one("camera"), "bad", say("camera"), "–", null);
  chip(one("record"), "calm", say("record"), "–", null);
  one("no-picture").hidden = false;
  one("no-picture-reason").textContent = say("connection_lost");
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
    const malignant = CLASSES.indexOf(kind) > 0;
    set(one("verdict-means"), kind === "Benign" ? say("benign_means") : malignant ? say("malignant_means") : "");
  }
  const number = said?.probability == null ? "" : say("probability", { percent: likely(said.probability) });
  set(one("verdict-number"), number);
  set(one("verdict-reason"), said?.reason ?? "");
  // Screen readers hear what changes, not every number.
  const told = [word(kind), kind in { abstain: 1, rejected: 1 } ? said.reason : ""].join(" ");
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

function showCamera({ source_state: state, source_reason: reason, flow, source, sequence }) {
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
  chip(one("camera"), mood, say("camera"), texts[state](), reason ?? source);
  one("no-picture").hidden = sequence !== null;
  set(one("no-picture-reason"), reason ?? say("waiting"));
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

// The map of the newest frame, in the place of the live picture; again for the live picture.
export async function toggleMap(tell) {
  const map = one("map");
  const button = one("map-button");
  if (!map.hidden) {
    map.hidden = true;
    map.removeAttribute("src");
    URL.revokeObjectURL(mapAddress);
    button.textContent = say("map");
    button.setAttribute("aria-pressed", "false");
    return;
  }
  button.disabled = true;
  button.textContent = say("map_wait");
  try {
    mapAddress = await picture("/api/live/map/likely.png");
    map.src = mapAddress;
    map.hidden = false;
    button.textContent = say("map_back");
    button.setAttribute("aria-pressed", "true");
  } catch (problem) {
    button.textContent = say("map");
    tell(problem);
  } finally {
    button.disabled = false;
  }
}
