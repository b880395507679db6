// The session's fields as cards, and one of them enlarged to the window.

import { drawing, picture } from "/api.js";
import { opinionText, opinionWord, saidText, show } from "/answer.js";
import { element, kindOf, mark, one, word } from "/marks.js";
import { forget, small } from "/pictures.js";
import { say } from "/strings.js";
import * as slide from "/slide.js";
import { time } from "/summary.js";

// The record and session that the cards belong to.
let drawn = null;

const label = (field, opinion) =>
  say("field_label", { number: field.sequence, said: saidText(field), person: opinion ? opinionWord(opinion) : say("field_nobody") });

function card(field) {
  const kind = kindOf(field);
  const image = element("img", { alt: "", width: 120, height: 90 });
  const button = element("button", { id: `field-${field.sequence}`, class: "card", type: "button" }, image);
  button.append(
    element("span", { class: "card-number" }, String(field.sequence)),
    element("span", { class: "card-said" }, mark(kind), word(kind)),
    element("span", { class: "card-person" }),
  );
  small(image, slide.path(`/fields/${field.sequence}/thumbnail.jpg`));
  button.addEventListener("click", () => (slide.current().selected === field.sequence ? enlarge() : slide.select(field.sequence)));
  return button;
}

export function render() {
  const { fields, selected, generation } = slide.current();
  const list = one("fields");
  if (drawn !== generation) {
    forget();
    list.replaceChildren();
    drawn = generation;
  }
  for (const field of fields) {
    let item = one(`field-${field.sequence}`);
    if (!item) {
      item = card(field);
      // The newest comes first: people look for it.
      list.prepend(element("li", {}, item));
    }
    const standing = slide.standing(field);
    const opinion = standing?.kind === "withdrawal" ? null : standing;
    const confirms = opinion?.kind === "confirmation";
    if (item.dataset.opinions !== String(field.opinions.length)) {
      item.dataset.opinions = field.opinions.length;
      item.dataset.opinion = opinion ? (opinion.label ?? opinion.kind) : "";
      item.classList.toggle("is-excluded", opinion?.kind === "exclusion");
      item.classList.toggle("is-confirmed", confirms);
      item.classList.toggle("is-corrected", opinion?.kind === "correction");
      item.querySelector(".card-person").textContent = opinion ? (confirms ? "✓" : `→ ${opinionWord(opinion)}`) : "";
      item.setAttribute("aria-label", label(field, opinion));
    }
    item.classList.toggle("is-selected", field.sequence === selected);
    item.setAttribute("aria-current", String(field.sequence === selected));
  }
  one("gallery-none").hidden = fields.length > 0;
  if (one("large").open) describe();
}

export function step(by) {
  const number = slide.step(by);
  if (number !== null) show(number);
}

// What the open window shows; its map belongs to the same field, whatever is selected since.
let large = null;

// What was said of the enlarged field, also while it is answered.
function describe() {
  const field = slide.field(large.number);
  if (!field) return;
  one("large-head").textContent = say("correct_field", { number: field.sequence });
  one("large-said").replaceChildren(mark(kindOf(field)), saidText(field));
  one("large-person").textContent = opinionText(slide.standing(field));
  one("large-reason").textContent = field.reason ?? "";
  one("large-details").textContent = say("details", {
    frames: field.frames,
    novelty: field.novelty?.toFixed(2) ?? "–",
    focus: field.quality.focus.toFixed(3),
    gate: field.gate,
    when: time(field.taken_utc),
  });
}

async function fill(path, load) {
  const image = one("large-picture");
  const wanted = (large = { ...large, path });
  image.removeAttribute("src");
  one("large-wait").textContent = say("picture_wait");
  try {
    const { address } = await load(path);
    if (large !== wanted) return URL.revokeObjectURL(address);
    URL.revokeObjectURL(image.dataset.address);
    image.src = image.dataset.address = address;
    one("large-wait").textContent = "";
  } catch (problem) {
    if (large === wanted) one("large-wait").textContent = say("picture_failed", { reason: problem.message });
  }
}

// The selected field, enlarged to the window, with its numbers.
export function enlarge() {
  const field = slide.field();
  if (!field) return;
  large = { of: slide.path(`/fields/${field.sequence}`), number: field.sequence };
  describe();
  // The buttons are the same: they name this field as long as the window is open.
  one("large-answer").append(one("labels"), one("acts"));
  if (!one("large").open) one("large").showModal();
  showPicture();
}

function showPicture() {
  large = { ...large, isMap: false };
  one("large-map").textContent = say("map");
  return fill(`${large.of}/picture.jpg`, picture);
}

// The map of the enlarged field; again, its picture.
export function enlargeMap() {
  if (!large) return;
  if (large.isMap) return showPicture();
  large = { ...large, isMap: true };
  one("large-map").textContent = say("map_off");
  return fill(`${large.of}/map/likely.png`, drawing);
}

one("large").addEventListener("close", () => one("correct").append(one("labels"), one("acts")));
