// The session that is looked at, its fields, and the one of them that is selected: what is known, nothing of how it looks.

import { get } from "/api.js";

let session = null;
let summary = null;
let fields = [];
let selected = null;
// When the selection has changed by itself, by performance.now(); -Infinity where somebody has chosen.
let came = -Infinity;
// Whether the selection goes with the newest field: until somebody chooses another one.
let follows = true;
// Grows with every other session or record.
let generation = 0;
// The newest opinion that has been read.
let last = 0;
let loading = null;

let changed = () => {};
let mayFollow = () => true;

// `draws` is called after every change; `follows` says whether the selection may go to the newest field by itself.
export function prepare(draws, follows) {
  [changed, mayFollow] = [draws, follows];
}

export const current = () => ({ session, summary, fields, selected, came, generation });
export const field = (number = selected) => fields.find((field) => field.sequence === number) ?? null;
export const path = (rest = "") => `/api/sessions/${session}${rest}`;

// Shows a session, or nothing for null.
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
  if (id === null) return changed();
  const about = await get(path());
  if (id !== session) return;
  // A record that was begun anew gives the same numbers to other slides.
  if (summary && summary.session.started_utc !== about.session.started_utc) anew();
  const newest = fields.at(-1)?.sequence ?? null;
  await readFields(id);
  // What people have said since, here or elsewhere, also of fields that they had spoken of before.
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

// Reads the fields after those that are here.
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
  // What was asked for before an answer of ours may come after it.
  if (index >= 0 && fields[index].opinions.length <= field.opinions.length) fields[index] = field;
}

// An opinion that was saved just now as the one after `seen` others, unless it was read already: whoever answers has seen their own answer.
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

// The field after the selected one, or before it; gives its number, where there is one.
export function step(by) {
  const index = fields.findIndex((field) => field.sequence === selected);
  const next = fields[index + by];
  if (!next) return null;
  select(next.sequence);
  return next.sequence;
}
