// What people say about a field. The buttons name the field and the person; an answer counts for what they name, never for a later
// selection or name.

import { post, requestName } from "/api.js";
import { LABELS, MALIGNANT, element, kindOf, likely, mark, one, slug, word } from "/marks.js";
import * as notes from "/notes.js";
import * as people from "/people.js";
import { person, stay } from "/person.js";
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
// The fields answered on this screen, newest last: what "undo" takes back.
let given = [];
let pressed = false;
let held;
let ask = {};
let tell = () => {};

// What the opinion that stands says, in words.
export function opinionText(opinion) {
  if (!opinion || opinion.kind === "withdrawal") return say("correct_nothing");
  return say("opinion_by", { label: opinionWord(opinion), by: opinion.given_by });
}

export const opinionWord = (opinion) => (opinion.kind === "exclusion" ? say("excluded") : word(opinion.label));

// The class or malignancy that a confirmation confirms; null where the model said neither benign nor malignant.
const confirmed = (field) => ({ class: field.class, malignant: MALIGNANT })[field.kind] ?? null;

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
  const opinion = slide.standing(field);
  const excluded = opinion?.kind === "exclusion";
  one("correct-number").textContent = say("correct_field", { number: field.sequence });
  small(one("correct-picture"), slide.path(`/fields/${field.sequence}/thumbnail.jpg`));
  one("correct-said").replaceChildren(mark(kindOf(field)), saidText(field));
  one("correct-reason").textContent = field.reason ?? "";
  one("correct-person").replaceChildren(...(opinion?.label ? [mark(opinion.label)] : []), opinionText(opinion));
  for (const button of one("labels").children) {
    const label = button.dataset.label;
    const kind = label === "" ? "confirmation" : "correction";
    const chosen = opinion?.kind === kind && (label === "" || opinion.label === label);
    button.setAttribute("aria-pressed", String(chosen));
    button.disabled = excluded || (label === "" && confirmed(field) === null);
    const names = { label: label === "" ? say("confirm") : word(label), number: field.sequence, by: by || say("who_nobody") };
    button.setAttribute("aria-label", say("label_target", names));
    button.querySelector(".target").replaceChildren(
      element("span", { class: "target-field" }, say("target_field", names)),
      element("span", { class: "target-person" }, by ? say("target_person", names) : ""));
  }
  one("withdraw").disabled = slide.isOpen(field);
  one("exclude").setAttribute("aria-pressed", String(excluded));
  one("exclude").querySelector(".word").textContent = say(excluded ? "include" : "exclude");
  hold(came + JUST_NOW - performance.now());
}

// How long (ms) a field is marked as new.
function hold(left) {
  clearTimeout(held);
  one("labels").classList.toggle("is-held", left > 0);
  if (left > 0) held = setTimeout(() => one("labels").classList.remove("is-held"), left);
}

const signature = ({ state, sign_offs }) => (["approved", "amended"].includes(state) ? sign_offs.at(-1) : null);

const isSame = (opinion, { kind, label }, by) =>
  opinion?.given_by === by && opinion.kind === kind && (kind !== "correction" || opinion.label === label);

const CONFIRMATION = { kind: "confirmation", label: null };
const WITHDRAWAL = { kind: "withdrawal", label: null };
const EXCLUSION = { kind: "exclusion", label: null };
const UNDO = { kind: "undo", label: null };
const correction = (label) => ({ kind: "correction", label });
const WORDS = { confirmation: () => say("confirm"), withdrawal: () => say("withdraw"), exclusion: () => say("exclude"), undo: () => say("undo") };
const wordOf = ({ kind, label }) => (kind === "correction" ? word(label) : WORDS[kind]());
const TOLD = { correction: "told_saved", confirmation: "told_confirmed", withdrawal: "told_withdrawn", exclusion: "told_excluded", undo: "told_undone" };

// Answers the field that the buttons name.
async function answer(said) {
  if (!shown) return tell(say("told_no_field"));
  const { key, place, field, by, came, address, seen, signed } = shown;
  const { kind, label } = said;
  const number = field.sequence;
  const before = slide.standing(field);
  if (performance.now() - came < JUST_NOW) return tell(say("told_just_came", { number }));
  if (kind === "confirmation" && confirmed(field) === null) return tell(say("told_nothing_to_confirm", { number }));
  if (before?.kind === "exclusion" && !["undo", "withdrawal"].includes(kind)) return tell(say("told_is_excluded", { number }));
  if (kind === "undo" ? !before : kind === "withdrawal" && slide.isOpen(field)) return tell(say("told_nothing_to_undo", { number }));
  if (!by) return ask.person(say("person_again"));
  const earlier = attempts.get(key);
  // A double tap.
  if (earlier?.busy) return earlier.kind === kind && earlier.label === label ? undefined : tell(say("told_wait", { number }));
  const note = kind === "undo" ? "" : notes.of(place).trim();
  if (isSame(before, said, by) && note === "") return tell(say("told_already", { number, label: opinionWord(before) }));
  const names = { number, label: wordOf(said), by };
  if (signed && !(await ask.sure({ head: say("amend_head", { id: place.session.id }), text: say("amend_text", { ...names, id: place.session.id, signed: signed.signed_by }), yes: say("amend_yes", names) }))) return;
  const again = earlier && earlier.kind === kind && earlier.label === label && earlier.by === by && earlier.note === note && earlier.seen === seen;
  const attempt = { ...said, by, note, seen, busy: true, request: again ? earlier.request : requestName() };
  attempts.delete(key);
  attempts.set(key, attempt);
  if (attempts.size > ATTEMPTS) attempts.delete(attempts.keys().next().value);
  busy(key, said, true);
  const body = { started: place.session.started_utc, ...said, note, by, seen, amends: Boolean(signed), request: attempt.request };
  try {
    await post(address, body);
    attempts.delete(key);
    if (kind !== "undo") slide.add(place.session.id, number, seen, { given_by: by, kind, label: label ?? (kind === "confirmation" ? confirmed(field) : null), note });
    if (kind === "undo") given = given.filter((answered, index) => index !== given.findLastIndex((other) => other.key === key));
    else given.push({ key, session: place.session.id, number });
    notes.saved(place, note);
    if (shown?.key === key) one("note").value = notes.of(place);
    stay();
    tell(say(TOLD[kind], names));
  } catch (problem) {
    attempt.busy = false;
    if (!problem.uncertain) attempts.delete(key);
    if (people.denied(problem)) return;
    tell(new Error(say("failed_answer", { number, reason: problem.message.replace(/\.$/, ""), remedy: problem.remedy ?? "" })));
  } finally {
    busy(key, said, false);
  }
  // The message about the answer stays.
  slide.refresh().catch(() => {});
}

// Takes back the last answer given on this screen in this session, and shows its field; otherwise the answer of the selected field.
export async function undo() {
  if (!shown) return tell(say("told_no_field"));
  const last = given.findLast(({ session }) => session === shown.place.session.id);
  if (last && last.number !== shown.field.sequence) {
    slide.select(last.number);
    render();
  }
  // Only the record knows the number of an opinion, and what others have answered since.
  await slide.refresh().catch(() => {});
  render();
  return answer(UNDO);
}

export const withdraw = () => answer(WITHDRAWAL);
export const exclude = () => answer(shown && slide.standing(shown.field)?.kind === "exclusion" ? UNDO : EXCLUSION);

// Shows the next field without an answer.
export function next() {
  const number = slide.stepOpen();
  if (number === null) return tell(say("told_all_answered"));
  show(number);
}

// Brings a chosen field's card into sight, and last its answers: on a low window there is no room for both.
export function show(number) {
  one(`field-${number}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  one("correct").scrollIntoView({ block: "nearest" });
}

function busy(key, { kind, label }, is) {
  if (shown?.key !== key) return;
  const acts = { withdrawal: "withdraw", exclusion: "exclude", undo: "undo" };
  const button = acts[kind] ? one(acts[kind]) : [...one("labels").children].find((button) => button.dataset.label === (label ?? ""));
  button?.setAttribute("aria-busy", String(is));
}

// By key: only if the field it refers to is in view. Null confirms.
export const answerByKey = (label) => byKey(() => answer(label === null ? CONFIRMATION : correction(label)));

export function byKey(act) {
  const card = shown && one(`field-${shown.field.sequence}`);
  if (!shown || one("large").open || isSeen(one("correct-number")) || isSeen(card)) return act();
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
  const keys = ["1", "2", "3", "4", "5", "0"];
  const button = (label, ...children) => {
    const made = element("button", { type: "button", class: label === null ? "label confirm" : `label is-${slug(label)}`, "data-label": label ?? "", id: label === null ? "confirm" : null, disabled: true }, ...children, element("small", { class: "target" }));
    made.addEventListener("click", () => answer(label === null ? CONFIRMATION : correction(label)));
    return made;
  };
  one("labels").replaceChildren(
    button(null, element("kbd", {}, "↵"), element("span", { class: "tick" }, "✓"), element("span", { class: "word" }, say("confirm"))),
    ...LABELS.map((label, index) => button(label, element("kbd", {}, keys[index]), mark(label), element("span", { class: "word" }, word(label)))));
  for (const [id, act] of Object.entries({ undo, withdraw, exclude, "next-open": next })) one(id).addEventListener("click", act);
  one("note").addEventListener("input", () => shown && notes.keep(shown.place, one("note").value));
  // While a finger is down, its target must not change.
  one("correct").addEventListener("pointerdown", () => (pressed = true));
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => (pressed = false)));
}
