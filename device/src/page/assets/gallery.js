// The session's fields: what the model said beside what people said, and the one that is corrected now.

import { get, post } from "/api.js";
import { CLASSES, LABELS, NOT_ASSESSABLE, element, kindOf, likely, mark, one, percent, slug, word } from "/marks.js";
import { say } from "/strings.js";

// A field that has just come was not meant by a key that was on its way.
const JUST_NOW = 700;

let session = null;
let summary = null;
let fields = [];
let selected = null;
let before = null;
let since = 0;
let loading = null;

export const current = () => ({ session, summary, fields, selected });
const path = (rest = "") => `/api/sessions/${session}${rest}`;
const last = (field) => field.opinions.at(-1) ?? null;

// Shows a session, or nothing for null.
export async function open(id) {
  if (id === session) return;
  [session, summary, fields, selected, before] = [id, null, [], null, null];
  one("fields").replaceChildren();
  await refresh();
}

// Reads again what the disk has; calls that come meanwhile wait for one more reading.
export async function refresh() {
  if (loading) {
    loading.again = true;
    return loading.done;
  }
  loading = { again: false };
  loading.done = (async () => {
    try {
      do {
        loading.again = false;
        await read();
      } while (loading.again);
    } finally {
      loading = null;
    }
  })();
  return loading.done;
}

async function read() {
  const id = session;
  if (id === null) return render();
  const followed = selected === null || selected === fields.at(-1)?.sequence;
  const about = await get(path());
  await append(id);
  if (id !== session) return;
  summary = about;
  if (spoken() !== about.counts.confirmed_fields + about.counts.corrected_fields) {
    // Somebody else has answered: on another screen, or while we were reading.
    fields = [];
    await append(id);
    if (id !== session) return;
  }
  if (followed && fields.length > 0) select(fields.at(-1).sequence);
  render();
}

const spoken = () => fields.filter((field) => field.opinions.length > 0).length;

// Reads the fields after those that are here.
async function append(id) {
  let page;
  do {
    page = await get(path(`/fields?after=${fields.at(-1)?.sequence ?? 0}`));
    if (id !== session) return;
    fields.push(...page.fields);
  } while (page.more);
}

// Reads one field again, after it was spoken of.
async function reread(number) {
  const field = await get(path(`/fields/${number}`));
  const index = fields.findIndex((known) => known.sequence === number);
  if (index >= 0) fields[index] = field;
  summary = await get(path());
  render();
}

export function select(number) {
  if (selected === number || !fields.some((field) => field.sequence === number)) return;
  [before, selected, since] = [selected, number, Date.now()];
  render();
}

export function step(by) {
  const index = fields.findIndex((field) => field.sequence === selected);
  const next = fields[index + by];
  if (next) {
    select(next.sequence);
    one(`field-${next.sequence}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

// Confirms (null) or corrects the selected field.
export async function answer(label, by, tell) {
  const just = Date.now() - since < JUST_NOW && before !== null;
  const number = just ? before : selected;
  if (number === null) return tell(say("told_no_field"));
  const note = just ? "" : one("note").value.trim();
  const body = label === null ? { confirm: true, note, by } : { label, note, by };
  try {
    await post(path(`/fields/${number}/opinion`), body);
    if (!just) one("note").value = "";
    tell(label === null ? say("told_confirmed", { number }) : say("told_saved", { number, label: word(label) }));
    await reread(number);
  } catch (problem) {
    tell(problem);
  }
}

function render() {
  renderSession();
  renderCounts();
  renderCorrection();
  renderGallery();
}

export const time = (text) => new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

function renderSession() {
  const signed = summary?.session.sign_offs.at(-1);
  const state = summary?.session.state;
  const states = { draft: say("state_draft"), approved: say("state_approved"), changed: say("state_changed"), amended: say("state_amended") };
  one("session-state").textContent = state ? states[state] : "";
  one("session-state").className = `state is-${state ?? "none"}`;
  one("session-head").textContent = summary ? say("session_number", { id: summary.session.id }) : say("session");
  one("session-line").textContent = summary ? say("session_line", summary.session) : say("session_none");
  one("session-signed").textContent = signed
    ? say("signed", { kind: states[signed.kind], by: signed.signed_by, fields: signed.fields, when: time(signed.signed_utc) })
    : "";
}

function renderCounts() {
  const body = one("counts-body");
  one("counts").hidden = one("counts-note").hidden = !summary;
  if (!summary) return body.replaceChildren();
  const { counts, corrected } = summary;
  const share = ({ hits, of, low, high }) =>
    of === 0 ? "–" : `${percent(hits / of)} % (${percent(low)}–${percent(high)})`;
  const row = (head, said, right, shares) =>
    element("tr", {}, element("th", { scope: "row" }, ...head), element("td", {}, String(said)), element("td", {}, String(right)), element("td", {}, shares));
  const total = (tally, names) => names.reduce((sum, name) => sum + tally.classes[name], 0);
  const without = ({ abstained, rejected, settling, not_assessable }) => abstained + rejected + settling + not_assessable;
  const rows = CLASSES.map((name) =>
    row([mark(name), word(name)], counts.said.classes[name], counts.corrected.classes[name], share(corrected.classes[name])));
  const malignant = CLASSES.slice(1);
  rows.push(row([say("counts_malignant")], total(counts.said, malignant), total(counts.corrected, malignant), share(corrected.malignant)));
  rows.push(row([say("counts_without")], without(counts.said), without(counts.corrected), ""));
  body.replaceChildren(...rows);
}

function opinionText(opinion) {
  return opinion ? say("opinion_by", { label: word(opinion.label), by: opinion.given_by }) : say("correct_nothing");
}

function saidText(field) {
  const kind = kindOf(field);
  return field.probability == null ? word(kind) : `${word(kind)} ${likely(field.probability)} %`;
}

function renderCorrection() {
  const field = fields.find((field) => field.sequence === selected);
  one("correction").hidden = !field;
  one("correction-none").hidden = Boolean(field);
  for (const button of one("labels").children) button.disabled = !field;
  if (!field) return;
  const opinion = last(field);
  one("correct-number").textContent = say("correct_field", { number: field.sequence });
  const image = one("correct-picture");
  const source = path(`/fields/${field.sequence}/thumbnail.jpg`);
  if (image.getAttribute("src") !== source) image.src = source;
  one("correct-said").replaceChildren(mark(kindOf(field)), saidText(field));
  one("correct-reason").textContent = field.reason ?? "";
  one("correct-person").replaceChildren(...(opinion ? [mark(opinion.label)] : []), opinionText(opinion));
  for (const button of one("labels").children) {
    const chosen = button.dataset.label === "" ? Boolean(opinion?.confirms) : Boolean(opinion && !opinion.confirms && opinion.label === button.dataset.label);
    button.setAttribute("aria-pressed", String(chosen));
  }
  one("confirm").disabled = field.kind !== "class";
}

function card(field) {
  const opinion = last(field);
  const kind = kindOf(field);
  const label = say("field_label", { number: field.sequence, said: saidText(field), person: opinion ? word(opinion.label) : say("field_nobody") });
  const button = element("button", { id: `field-${field.sequence}`, class: "card", type: "button", "aria-label": label });
  button.append(
    element("img", { src: path(`/fields/${field.sequence}/thumbnail.jpg`), alt: "", loading: "lazy", width: 120, height: 90 }),
    element("span", { class: "card-number" }, String(field.sequence)),
    element("span", { class: "card-said" }, mark(kind), word(kind)),
    element("span", { class: "card-person" }),
  );
  button.addEventListener("click", () => (selected === field.sequence ? enlarge() : select(field.sequence)));
  return button;
}

function renderGallery() {
  const list = one("fields");
  for (const field of fields) {
    let item = one(`field-${field.sequence}`);
    if (!item) {
      item = card(field);
      // The newest comes first: it is what one looks for.
      list.prepend(element("li", {}, item));
    }
    const opinion = last(field);
    const signature = opinion ? `${opinion.label}${opinion.confirms}` : "";
    if (item.dataset.opinion !== signature) {
      item.dataset.opinion = signature;
      item.classList.toggle("is-confirmed", Boolean(opinion?.confirms));
      item.classList.toggle("is-corrected", Boolean(opinion && !opinion.confirms));
      item.querySelector(".card-person").replaceChildren(...(opinion ? [opinion.confirms ? "✓" : "→ ", ...(opinion.confirms ? [] : [word(opinion.label)])] : []));
      item.setAttribute("aria-label", say("field_label", { number: field.sequence, said: saidText(field), person: opinion ? word(opinion.label) : say("field_nobody") }));
    }
    item.classList.toggle("is-selected", field.sequence === selected);
    item.setAttribute("aria-current", String(field.sequence === selected));
  }
  one("gallery-none").hidden = fields.length > 0;
}

// The selected field as large as the window, with its numbers.
export function enlarge() {
  const field = fields.find((field) => field.sequence === selected);
  if (!field) return;
  one("large-head").textContent = say("correct_field", { number: field.sequence });
  one("large-picture").src = path(`/fields/${field.sequence}/picture.jpg`);
  one("large-said").replaceChildren(mark(kindOf(field)), saidText(field));
  one("large-person").textContent = opinionText(last(field));
  one("large-reason").textContent = field.reason ?? "";
  one("large-details").textContent = say("details", {
    frames: field.frames,
    novelty: field.novelty?.toFixed(2) ?? "–",
    focus: field.quality.focus.toFixed(3),
    gate: field.gate,
    when: time(field.taken_utc),
  });
  if (!one("large").open) one("large").showModal();
}

export function enlargeMap() {
  one("large-picture").src = path(`/fields/${selected}/map/likely.png`);
}

export function labels(answered) {
  const names = [...LABELS];
  const keys = ["1", "2", "3", "4", "0"];
  const buttons = names.map((label, index) => {
    const text = element("span", {}, word(label));
    const button = element("button", { type: "button", class: `label is-${slug(label)}`, "data-label": label }, element("kbd", {}, keys[index]), mark(label), text);
    button.addEventListener("click", () => answered(label));
    return button;
  });
  const confirm = element("button", { type: "button", class: "label confirm", id: "confirm", "data-label": "" }, element("kbd", {}, "↵"), element("span", { class: "tick" }, "✓"), element("span", {}, say("confirm")));
  confirm.addEventListener("click", () => answered(null));
  one("labels").replaceChildren(confirm, ...buttons);
}

export const keyLabel = { 1: "Benign", 2: "Early", 3: "Pre", 4: "Pro", 0: NOT_ASSESSABLE };
