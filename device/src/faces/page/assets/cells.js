// The gallery of a session's cells: sorted by how they lean, filtered, looked at one by one in their field, and labelled one or many at
// once. A leaning sorts cells; it is no probability and no verdict.

import { get, post, requestName } from "/api.js";
import * as view from "/cell_view.js";
import { CELL_KEYS, CELL_LABELS, cellWord, element, mark, one, percent, slug } from "/marks.js";
import { oneRead } from "/one_read.js";
import * as people from "/people.js";
import { person, stay } from "/person.js";
import { small } from "/pictures.js";
import { say } from "/strings.js";
import * as slide from "/slide.js";

// A differential counts so many cells.
const GOALS = [100, 200];

const FILTERS = {
  all: () => true,
  open: (cell) => !cell.label,
  malignant: (cell) => cell.leaning > 0.5,
  benign: (cell) => cell.leaning !== null && cell.leaning <= 0.5,
  ...Object.fromEntries(CELL_LABELS.map((label) => [label, (cell) => cell.label === label])),
};

let ask = {};
let tell = () => {};
// The session that the cells belong to, as read last: its cells by key, what was told, the newest entry of labels.
let shown = null;
// Keys of the cells in the gallery, in order: fixed until somebody filters or sorts, so that nothing moves under a finger.
let listed = [];
// The tiles in the gallery by key.
let items = new Map();
let filter = "all";
let isFound = false;
let current = null;
let chosen = new Set();
let isSeveral = false;
let busy = false;
// What was requested and is not yet known to be saved.
let attempt = null;

const isOpen = () => one("cells-dialog").open;

// How many cells were looked at, and the share of blasts among the whole ones.
function told({ looked_at: looked, counted, blast_share: share }) {
  if (looked === 0) return say("cells_none_looked");
  if (share.value === null) return say("cells_looked", { looked });
  return say("cells_told", { blasts: share.hits, counted, percent: percent(share.value), low: percent(share.low), high: percent(share.high) });
}

// What stands of the cells beside the session; while the gallery is open, what it shows is read again.
export function render() {
  const { summary } = slide.current();
  const cells = summary?.cells ?? null;
  one("cells-button").hidden = one("cells-line").hidden = !cells || cells.found === 0;
  one("cells-line").textContent = cells?.found > 0 ? say("cells_line", { found: cells.found, told: told(cells) }) : "";
  if (isOpen()) load().catch(tell);
}

const load = oneRead(read);

async function read() {
  const { session, summary } = slide.current();
  if (!summary) return;
  const answer = await get(slide.path("/cells"));
  if (session !== slide.current().session) return;
  const cells = new Map();
  for (const { field, width, height, cells: of } of answer.fields) {
    for (const cell of of) cells.set(`${field}/${cell.cell}`, { ...cell, field, width, height, of: of.length });
  }
  const isNew = shown?.started !== summary.session.started_utc || shown.session !== session;
  shown = { session, started: summary.session.started_utc, cells, told: answer.told, last: answer.last };
  if (isNew) {
    [current, chosen, attempt] = [null, new Set(), null];
    // The same numbers are other cells.
    items = new Map();
    view.forget();
    return list();
  }
  // Cells of fields taken meanwhile come last; those of excluded fields leave.
  const known = new Set(listed);
  const kept = listed.filter((key) => cells.has(key));
  const added = [...cells].filter(([key, cell]) => !known.has(key) && FILTERS[filter](cell)).map(([key]) => key);
  if (kept.length !== listed.length || added.length > 0) place([...kept, ...added]);
  draw();
}

// Filters and sorts anew.
function list() {
  const cells = [...shown.cells].filter(([, cell]) => FILTERS[filter](cell));
  // A cell without a leaning comes last.
  if (!isFound) cells.sort(([, a], [, b]) => (b.leaning ?? -1) - (a.leaning ?? -1));
  chosen.clear();
  place(cells.map(([key]) => key));
  if (!listed.includes(current)) current = listed[0] ?? null;
  one("cells-list").scrollTop = 0;
  draw();
}

function place(keys) {
  listed = keys;
  items = new Map(keys.map((key) => [key, items.get(key) ?? tile(key)]));
  one("cells-list").replaceChildren(...items.values());
}

function tile(key) {
  const { field, cell, of } = shown.cells.get(key);
  const image = element("img", { alt: "" });
  image.style.transform = `translateX(${(-100 * (cell - 1)) / of}%)`;
  small(image, slide.path(`/fields/${field}/cells.jpg`));
  const button = element("button", { type: "button", class: "cell", tabindex: "-1" }, image, element("span", { class: "cell-label" }), element("i", { class: "cell-leaning" }));
  return element("li", { "data-key": key }, button);
}

function draw() {
  const { told: count } = shown;
  const goal = GOALS.find((goal) => count.counted < goal) ?? GOALS.at(-1);
  one("cells-head").textContent = say("cells_head", { id: shown.session });
  one("cells-told").textContent = told(count);
  one("cells-progress").setAttribute("aria-valuemax", goal);
  one("cells-progress").setAttribute("aria-valuenow", Math.min(count.counted, goal));
  one("cells-progress").querySelector("i").style.width = `${Math.min(100, (100 * count.counted) / goal)}%`;
  one("cells-goal").textContent = say("cells_goal", { counted: count.counted, goal });
  one("cells-none").hidden = listed.length > 0;
  items.forEach(drawTile);
  for (const button of one("cells-filters").children) {
    const name = button.dataset.filter;
    const number = [...shown.cells.values()].filter(FILTERS[name]).length;
    button.setAttribute("aria-pressed", String(name === filter));
    button.querySelector(".number").textContent = number;
  }
  one("cells-several").setAttribute("aria-pressed", String(isSeveral));
  one("cells-order").setAttribute("aria-pressed", String(isFound));
  one("cells-note").textContent = say(isFound ? "cells_note_found" : "cells_note_sorted");
  side();
}

function drawTile(item) {
  const cell = shown.cells.get(item.dataset.key);
  const button = item.firstChild;
  const { label, leaning, labelled_by: by } = cell;
  const state = `${label} ${by} ${leaning}`;
  if (button.dataset.state !== state) {
    button.dataset.state = state;
    button.dataset.label = label ?? "";
    button.querySelector(".cell-label").replaceChildren(...(label ? [mark(label)] : []));
    button.querySelector(".cell-leaning").style.width = `${(leaning ?? 0) * 100}%`;
    button.setAttribute("aria-label", describe(cell));
  }
  const key = item.dataset.key;
  button.classList.toggle("is-current", key === current);
  button.classList.toggle("is-chosen", chosen.has(key));
  button.setAttribute("aria-pressed", String(chosen.has(key)));
  button.tabIndex = key === current ? 0 : -1;
}

function describe({ field, cell, leaning, label, labelled_by: by }) {
  const leans = leaning === null ? say("cell_no_leaning") : say("cell_leaning", { leaning: percent(leaning) });
  const said = label ? say("opinion_by", { label: cellWord(label), by }) : say("cell_not_looked");
  return say("cell_said", { field, cell, leans, said });
}

// The current cell in its field, and the buttons that name what they label.
function side() {
  const cell = shown.cells.get(current);
  const targets = wanted();
  one("cells-side").classList.toggle("is-empty", !cell);
  one("cell-said").textContent = chosen.size > 0 ? say("cells_chosen", { count: chosen.size }) : cell ? describe(cell) : "";
  for (const button of one("cell-labels").children) {
    const label = button.dataset.label || null;
    button.disabled = busy || targets.length === 0 || (label === null && !targets.some((target) => target.label));
    button.setAttribute("aria-pressed", String(label !== null && targets.length === 1 && targets[0].label === label));
  }
  if (cell) view.show(cell, slide.path(`/fields/${cell.field}/picture.jpg`));
}

// The cells that a label is for: those selected, or else the current one.
const wanted = () => [...(chosen.size > 0 ? chosen : [current])].map((key) => shown.cells.get(key)).filter(Boolean);

// Makes a cell the current one; selects it, too, or takes it out, or selects it alone. Only what changes is drawn: there may be thousands.
function choose(key, isMore) {
  const changed = new Set([current, key]);
  current = key;
  if (isMore) chosen.has(key) ? chosen.delete(key) : chosen.add(key);
  else {
    chosen.forEach((other) => changed.add(other));
    chosen.clear();
  }
  for (const item of [...changed].map((key) => items.get(key)).filter(Boolean)) drawTile(item);
  side();
}

function move(by) {
  const at = Math.min(listed.length - 1, Math.max(0, listed.indexOf(current) + by));
  if (listed.length === 0) return;
  const before = items.get(current);
  current = listed[at];
  if (before) drawTile(before);
  drawTile(items.get(current));
  side();
  const button = items.get(current).firstChild;
  button.focus();
  button.scrollIntoView({ block: "nearest" });
}

const columns = () => {
  const items = [...one("cells-list").children];
  const next = items.findIndex((item) => item.offsetTop > items[0].offsetTop);
  return next < 0 ? items.length : next;
};

async function label(to) {
  const targets = wanted();
  if (busy || targets.length === 0 || (to === null && !targets.some((target) => target.label))) return;
  const by = person();
  if (!by) return ask.person(say("person_again"));
  const { summary } = slide.current();
  const { state, sign_offs: signatures } = summary.session;
  const signed = ["approved", "amended"].includes(state) ? signatures.at(-1) : null;
  const word = to === null ? say("cells_no_label") : cellWord(to);
  const names = { count: targets.length, label: word, by, id: shown.session };
  if (signed && !(await ask.sure({ head: say("amend_head", names), text: say("cells_amend", { ...names, signed: signed.signed_by }), yes: say("cells_amend_yes") }))) return;
  const body = { started: shown.started, cells: targets.map(({ field, cell }) => [field, cell]), label: to, by, seen: shown.last, amends: Boolean(signed) };
  // The same again after a failure is the same entry, whatever was read in between.
  const same = JSON.stringify([body.cells, to, by]);
  if (attempt?.same !== same) attempt = { same, request: requestName() };
  const isOne = chosen.size === 0;
  busy = true;
  side();
  try {
    await post(slide.path("/cells"), { ...body, request: attempt.request });
    attempt = null;
    stay();
    tell(say(targets.length === 1 ? "told_cell" : "told_cells", { ...names, field: targets[0].field, cell: targets[0].cell }));
    chosen.clear();
    if (isOne) move(1);
  } catch (problem) {
    if (!problem.uncertain) attempt = null;
    if (!people.denied(problem)) tell(problem);
  } finally {
    busy = false;
    // Also what others have labelled since.
    await load().catch(tell);
    side();
  }
}

// The notice stays in view, however many lines it has, and so does the current cell.
function fit() {
  one("cells-dialog").style.setProperty("--below", `${one("bottom").offsetHeight}px`);
  one("cells-list").querySelector(".is-current")?.scrollIntoView({ block: "nearest" });
}

export function open() {
  if (!slide.current().summary || isOpen()) return;
  fit();
  one("cells-dialog").showModal();
  load().then(() => {
    list();
    move(0);
  }).catch(tell);
}

function keys(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, dialog:not(#cells-dialog)")) return;
  const onCell = event.target.closest(".cell");
  const actions = {
    ArrowRight: () => move(1),
    ArrowLeft: () => move(-1),
    ArrowDown: () => move(columns()),
    ArrowUp: () => move(-columns()),
    Home: () => move(-listed.length),
    End: () => move(listed.length),
    " ": onCell && (() => choose(current, true)),
    s: several,
    o: order,
    f: view.toggle,
    ...Object.fromEntries(Object.entries(CELL_KEYS).map(([key, to]) => [key, () => event.repeat || label(to)])),
  };
  const action = actions[event.key] ?? actions[event.key.toLowerCase()];
  if (!action || !shown) return;
  event.preventDefault();
  action();
}

function several() {
  isSeveral = !isSeveral;
  if (!isSeveral) chosen.clear();
  draw();
}

function order() {
  isFound = !isFound;
  list();
}

export function prepare(asks, tells) {
  [ask, tell] = [asks, tells];
  const words = { all: "cells_all", open: "cells_open", malignant: "cells_malignant", benign: "cells_benign" };
  one("cells-filters").replaceChildren(...Object.keys(FILTERS).map((key) => {
    const text = words[key] ? say(words[key]) : cellWord(key);
    const button = element("button", { type: "button", class: "quiet", "data-filter": key }, ...(words[key] ? [] : [mark(key)]), element("span", {}, text), element("span", { class: "number" }));
    button.addEventListener("click", () => {
      filter = key;
      list();
    });
    return button;
  }));
  // Numbers as names come in their order: 0, which takes a label back, goes last.
  const [back, ...labels] = Object.entries(CELL_KEYS);
  one("cell-labels").replaceChildren(...[...labels, back].map(([key, to]) => {
    const button = element("button", { type: "button", class: to === null ? "quiet" : `is-${slug(to)}`, "data-label": to ?? "" }, element("kbd", {}, key), ...(to === null ? [] : [mark(to)]), element("span", {}, to === null ? say("cells_no_label") : cellWord(to)));
    button.addEventListener("click", () => label(to));
    return button;
  }));
  one("cells-list").addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) choose(item.dataset.key, isSeveral || event.shiftKey || event.ctrlKey || event.metaKey);
  });
  one("cells-several").addEventListener("click", several);
  one("cells-order").addEventListener("click", order);
  one("cell-view").addEventListener("click", view.toggle);
  one("cells-button").addEventListener("click", open);
  one("cells-dialog").addEventListener("keydown", keys);
  addEventListener("resize", fit);
}
