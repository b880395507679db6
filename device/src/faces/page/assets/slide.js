// The session on display, its fields and the selected one: the data only, not their looks.

import { get } from "/api.js";
import { oneRead } from "/one_read.js";

let session = null;
let summary = null;
let fields = [];
let selected = null;
// When the selection last moved by itself, by performance.now(); -Infinity once somebody has chosen.
let came = -Infinity;
// Whether the selection follows the newest field: until somebody chooses another one.
let follows = true;
// Increases with every change of session or record.
let generation = 0;
// The newest opinion read so far.
let last = 0;

let changed = () => {};
let mayFollow = () => true;

// `draws` runs after every change; `follows` says whether the selection may move to the newest field by itself.
export function prepare(draws, follows) {
  [changed, mayFollow] = [draws, follows];
}

export const current = () => ({ session, summary, fields, selected, came, generation });
// The newest opinion of a field that nobody has undone: a confirmation, a correction, a withdrawal or an exclusion.
export function standing(field) {
  // An answer of this screen has no number until the record is read.
  const undone = new Set(field.opinions.map((opinion) => opinion.undoes).filter(Boolean));
  return field.opinions.findLast((opinion) => opinion.kind !== "undo" && !undone.has(opinion.id)) ?? null;
}
// Whether a field still waits for an answer.
export const isOpen = (field) => {
  const opinion = standing(field);
  return !opinion || opinion.kind === "withdrawal";
};
export const field = (number = selected) => fields.find((field) => field.sequence === number) ?? null;
export const path = (rest = "") => `/api/sessions/${session}${rest}`;

// Shows a session; null shows nothing.
export async function open(id) {
  if (id === session) return refresh();
  session = id;
  anew();
  changed();
  await refresh();
}

function anew() {
  [summary, fields, selected, last, follows] = [null, [], null, 0, true];
  generation += 1;
}

// Reads the record again.
export const refresh = oneRead(read);

async function read() {
  const id = session;
  if (id === null) return changed();
  const about = await get(path());
  if (id !== session) return;
  // A new record gives the same numbers to other slides.
  if (summary && summary.session.started_utc !== about.session.started_utc) anew();
  const newest = fields.at(-1)?.sequence ?? null;
  await readFields(id);
  // New opinions, from here or elsewhere, also on fields that already had one.
  const spoken = await get(path(`/opinions?after=${last}`));
  if (id !== session) return;
  for (const field of spoken.fields) put(field);
  [summary, last] = [about, spoken.last];
  const number = fields.at(-1)?.sequence ?? null;
  if (number !== newest && number !== selected && (selected === null || (follows && mayFollow()))) {
    [selected, came] = [number, performance.now()];
  }
  changed();
}

// Reads the fields after the last known one.
async function readFields(id) {
  let page;
  do {
    page = await get(path(`/fields?after=${fields.at(-1)?.sequence ?? 0}`));
    if (id !== session) return;
    fields.push(...page.fields);
  } while (page.more);
}

function put(field) {
  const index = fields.findIndex((known) => known.sequence === field.sequence);
  // A request sent before our answer may return after it.
  if (index >= 0 && fields[index].opinions.length <= field.opinions.length) fields[index] = field;
}

// Adds an opinion just saved as the one after `seen` others, unless it was read already: people see their own answer at once.
export function add(about, number, seen, opinion) {
  const spoken = about === session ? field(number) : null;
  if (spoken?.opinions.length !== seen) return;
  put({ ...spoken, opinions: [...spoken.opinions, opinion] });
  changed();
}

// Somebody has chosen a field.
export function select(number) {
  if (selected === number || !field(number)) return;
  [selected, came, follows] = [number, -Infinity, number === fields.at(-1).sequence];
  changed();
}

// Selects the next field without an answer, oldest first, starting after the selected one; returns its number, if any.
export function stepOpen() {
  const at = fields.findIndex((field) => field.sequence === selected) + 1;
  const next = [...fields.slice(at), ...fields.slice(0, at)].find(isOpen);
  if (!next) return null;
  select(next.sequence);
  return next.sequence;
}

// The field after or before the selected one; returns its number, if any.
export function step(by) {
  const index = fields.findIndex((field) => field.sequence === selected);
  const next = fields[index + by];
  if (!next) return null;
  select(next.sequence);
  return next.sequence;
}
