// What the fields of the session on display say of the slide together, and what speaks against it.

import { element, likely, mark, one, word } from "/marks.js";
import { small } from "/pictures.js";
import { say } from "/strings.js";
import * as slide from "/slide.js";

// The thumbnails on display: record, session and numbers.
let drawn = "";

// `shows` enlarges the selected field.
export function prepare(shows) {
  one("slide-against-list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    slide.select(Number(button.dataset.field));
    shows();
  });
}

const verdictOf = ({ malignant }) =>
  malignant === null ? say("slide_not_enough") : malignant ? say("slide_malignant") : say("slide_benign");

const sentence = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}.`;

// What is missing; the device's own sentence where more fields will not settle it.
const missing = ({ more, missing }) =>
  more === null ? sentence(missing ?? "") : more === 1 ? say("slide_more_one") : say("slide_more", { count: more });

const basis = ({ fields, abstained, cells }) =>
  [
    fields === 1 ? say("slide_fields_one") : say("slide_fields", { count: fields }),
    cells === null ? null : cells === 1 ? say("slide_cells_one") : say("slide_cells", { count: cells }),
    abstained > 0 ? say("slide_abstained", { count: abstained }) : null,
  ].filter(Boolean).join(" · ");

export function render() {
  const { session, summary, generation } = slide.current();
  const told = summary?.slide ?? null;
  one("slide").hidden = one("slide-link").hidden = !told;
  if (!told) {
    drawn = "";
    return one("slide-against-list").replaceChildren();
  }
  const kind = told.malignant === null ? "abstain" : told.malignant ? (told.subtype ?? "malignant") : "Benign";
  const text = verdictOf(told);
  const box = one("slide-box");
  if (box.dataset.kind !== kind) {
    box.dataset.kind = kind;
    box.className = `is-${kind.toLowerCase()}`;
    one("slide-mark").replaceChildren(mark(kind));
  }
  set("slide-word", text);
  set("slide-subtype", told.subtype ? word(told.subtype) : "");
  set("slide-number", told.probability === null ? "" : say("probability", { percent: likely(told.probability) }));
  set("slide-missing", missing(told));
  set("slide-basis", basis(told));
  set("slide-link", told.more === null ? say("slide_link", { verdict: text }) : say("slide_link_more", { count: told.more }));
  against(told.against, `${generation} ${session}`);
}

function set(id, text) {
  if (one(id).textContent !== text) one(id).textContent = text;
}

// The fields whose verdicts differ, as pictures: a tap selects and enlarges one.
function against(numbers, of) {
  one("slide-against").hidden = numbers.length === 0;
  set("slide-against-head", numbers.length === 1 ? say("slide_against_one") : say("slide_against", { count: numbers.length }));
  const wanted = `${of} ${numbers.join(",")}`;
  if (drawn === wanted) return;
  drawn = wanted;
  one("slide-against-list").replaceChildren(...numbers.map((number) => {
    const image = element("img", { alt: "", width: 88, height: 66 });
    small(image, slide.path(`/fields/${number}/thumbnail.jpg`));
    const label = say("slide_against_field", { number });
    return element("li", {}, element("button", { type: "button", "data-field": number, "aria-label": label }, image, String(number)));
  }));
}
