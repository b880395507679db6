// What people say about a field. The buttons name the field and the person; an answer counts for what they name, never for a later
// selection or name.

import { post } from "/api.js";
import { LABELS, element, kindOf, likely, mark, one, slug, word } from "/marks.js";
import * as notes from "/notes.js";
import { person, remember } from "/person.js";
import { small } from "/pictures.js";
import { say } from "/strings.js";
import * as slide from "/slide.js";

// A field that appeared on its own less than this ago (ms) cannot have been the target of a hand already moving.
const JUST_NOW = 700;
// Pending attempts: a retry sends the same opinion again, not another one.
const ATTEMPTS = 50;

// What the buttons name: session, field as shown, person.
let shown = null;
// By field: what was requested and is not yet known to be saved.
const attempts = new Map();
let pressed = false;
let held;
let ask = {};
let tell = () => {};

export function opinionText(opinion) {
  return opinion ? say("opinion_by", { label: word(opinion.label), by: opinion.given_by }) : say("correct_nothing");
}

export function saidText(field) {
  const kind = kindOf(field);
  return field.probability == null ? word(kind) : `${word(kind)} ${likely(field.probability)} %`;
}

// Whether somebody is busy with the field: then it must not change under the hand.
export const isBusy = () =>
  pressed || document.activeElement === one("note") || document.querySelector("dialog[open]") !== null || (shown !== null && notes.of(shown.place).trim() !== "") || (shown !== null && attempts.get(shown.key)?.busy);

export function render() {
  const { session, summary, came } = slide.current();
  const field = summary ? slide.field() : null;
  const by = person();
  one("correct").classList.toggle("is-empty", !field);
  one("correction-none").hidden = Boolean(field);
  // A new record gives the same numbers to other slides; the session's start tells the records apart.
  const key = field ? `${session}/${summary.session.started_utc}/${field.sequence}` : null;
  if (!field) {
    shown = null;
    for (const button of one("labels").children) {
      button.disabled = true;
      button.setAttribute("aria-pressed", "false");
      button.querySelector(".target").textContent = "";
    }
    return;
  }
  const place = { session: summary.session, number: field.sequence };
  if (shown?.key !== key) one("note").value = notes.of(place);
  shown = { key, place, field, by, came, address: slide.path(`/fields/${field.sequence}/opinion`), seen: field.opinions.length, signed: signature(summary.session) };
  const opinion = field.opinions.at(-1) ?? null;
  one("correct-number").textContent = say("correct_field", { number: field.sequence });
  small(one("correct-picture"), slide.path(`/fields/${field.sequence}/thumbnail.jpg`));
  one("correct-said").replaceChildren(mark(kindOf(field)), saidText(field));
  one("correct-reason").textContent = field.reason ?? "";
  one("correct-person").replaceChildren(...(opinion ? [mark(opinion.label)] : []), opinionText(opinion));
  one("who").textContent = by || say("who_nobody");
  one("who").classList.toggle("is-nobody", !by);
  for (const button of one("labels").children) {
    const label = button.dataset.label;
    const chosen = label === "" ? Boolean(opinion?.confirms) : Boolean(opinion && !opinion.confirms && opinion.label === label);
    button.setAttribute("aria-pressed", String(chosen));
    button.disabled = label === "" && field.kind !== "class";
    const names = { label: label === "" ? say("confirm") : word(label), number: field.sequence, by: by || say("who_nobody") };
    button.setAttribute("aria-label", say("label_target", names));
    button.querySelector(".target").replaceChildren(
      element("span", { class: "target-field" }, say("target_field", names)),
      element("span", { class: "target-person" }, by ? say("target_person", names) : ""));
  }
  hold(came + JUST_NOW - performance.now());
}

// How long (ms) a field is marked as new.
function hold(left) {
  clearTimeout(held);
  one("labels").classList.toggle("is-held", left > 0);
  if (left > 0) held = setTimeout(() => one("labels").classList.remove("is-held"), left);
}

const signature = ({ state, sign_offs }) => (["approved", "amended"].includes(state) ? sign_offs.at(-1) : null);

const isSame = (opinion, label, by) =>
  Boolean(opinion) && opinion.given_by === by && (label === null ? opinion.confirms : !opinion.confirms && opinion.label === label);

// Random, even if the page did not come over TLS.
const name = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Confirms (null) or corrects the field that the buttons name.
export async function answer(label) {
  if (!shown) return tell(say("told_no_field"));
  const { key, place, field, by, came, address, seen, signed } = shown;
  const number = field.sequence;
  if (performance.now() - came < JUST_NOW) return tell(say("told_just_came", { number }));
  if (label === null && field.kind !== "class") return tell(say("told_nothing_to_confirm", { number }));
  if (!by) return ask.person(say("person_again"));
  const earlier = attempts.get(key);
  // A double tap.
  if (earlier?.busy) return earlier.label === label ? undefined : tell(say("told_wait", { number }));
  const note = notes.of(place).trim();
  if (isSame(field.opinions.at(-1), label, by) && note === "") return tell(say("told_already", { number, label: word(field.opinions.at(-1).label) }));
  const names = { number, label: label === null ? say("confirm") : word(label), by };
  if (signed && !(await ask.sure({ head: say("amend_head", { id: place.session.id }), text: say("amend_text", { ...names, id: place.session.id, signed: signed.signed_by }), yes: say("amend_yes", names) }))) return;
  const again = earlier && earlier.label === label && earlier.by === by && earlier.note === note && earlier.seen === seen;
  const attempt = { label, by, note, seen, busy: true, request: again ? earlier.request : name() };
  attempts.delete(key);
  attempts.set(key, attempt);
  if (attempts.size > ATTEMPTS) attempts.delete(attempts.keys().next().value);
  busy(key, label, true);
  const body = { started: place.session.started_utc, note, by, seen, amends: Boolean(signed), request: attempt.request };
  try {
    await post(address, label === null ? { ...body, confirm: true } : { ...body, label });
    attempts.delete(key);
    slide.add(place.session.id, number, seen, { given_by: by, confirms: label === null, label: label ?? field.class, note });
    notes.saved(place, note);
    if (shown?.key === key) one("note").value = notes.of(place);
    remember(by);
    tell(label === null ? say("told_confirmed", names) : say("told_saved", names));
  } catch (problem) {
    attempt.busy = false;
    if (!problem.uncertain) attempts.delete(key);
    tell(new Error(say("failed_answer", { number, reason: problem.message.replace(/\.$/, ""), remedy: problem.remedy ?? "" })));
  } finally {
    busy(key, label, false);
  }
  // The message about the answer stays.
  slide.refresh().catch(() => {});
}

function busy(key, label, is) {
  if (shown?.key !== key) return;
  const button = [...one("labels").children].find((button) => button.dataset.label === (label ?? ""));
  button?.setAttribute("aria-busy", String(is));
}

// By key: only if the field it refers to is in view.
export function answerByKey(label) {
  const card = shown && one(`field-${shown.field.sequence}`);
  if (!shown || isSeen(one("correct-number")) || isSeen(card)) return answer(label);
  one("correct").scrollIntoView({ block: "nearest" });
  return tell(say("told_out_of_sight", { number: shown.field.sequence }));
}

function isSeen(element) {
  if (!element?.offsetParent) return false;
  const { top, bottom } = element.getBoundingClientRect();
  const inner = document.documentElement.clientHeight - one("bottom").offsetHeight;
  return (top + bottom) / 2 > 0 && (top + bottom) / 2 < inner;
}

export function prepare(asks, tells) {
  [ask, tell] = [asks, tells];
  const keys = ["1", "2", "3", "4", "0"];
  const button = (label, ...children) => {
    const made = element("button", { type: "button", class: label === null ? "label confirm" : `label is-${slug(label)}`, "data-label": label ?? "", id: label === null ? "confirm" : null, disabled: true }, ...children, element("small", { class: "target" }));
    made.addEventListener("click", () => answer(label));
    return made;
  };
  one("labels").replaceChildren(
    button(null, element("kbd", {}, "↵"), element("span", { class: "tick" }, "✓"), element("span", { class: "word" }, say("confirm"))),
    ...LABELS.map((label, index) => button(label, element("kbd", {}, keys[index]), mark(label), element("span", { class: "word" }, word(label)))));
  one("note").addEventListener("input", () => shown && notes.keep(shown.place, one("note").value));
  one("who-button").addEventListener("click", () => ask.person(""));
  // While a finger is down, its target must not change.
  one("correct").addEventListener("pointerdown", () => (pressed = true));
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => (pressed = false)));
}
