// The page: puts its parts together.

import { get, post, report, sentence, whenDenied } from "/api.js";
import * as answer from "/answer.js";
import * as awake from "/awake.js";
import * as cells from "/cells.js";
import * as dialogs from "/dialogs.js";
import * as gallery from "/gallery.js";
import * as keyboard from "/keyboard.js";
import * as live from "/live.js";
import { KEYS, element, one } from "/marks.js";
import * as people from "/people.js";
import { person } from "/person.js";
import * as sessions from "/sessions.js";
import * as slide from "/slide.js";
import * as slideCard from "/slide_card.js";
import { LANGUAGES, language, say, speak, translate } from "/strings.js";
import * as summary from "/summary.js";
import { watch } from "/watch.js";

// Pause (ms) before the record is read again after a failure.
const AGAIN = 2000;

// The session on display although another one, or none, is open.
let chosen = null;
let version = null;
let running = null;
let watching = false;
// Whether the last read of the record failed, and the timer of the next try.
let unread = false;
let again;

let silence;
function tell(message) {
  const toast = one("toast");
  const wrong = message instanceof Error;
  toast.textContent = wrong ? sentence(message) : message;
  toast.className = wrong ? "is-wrong" : "";
  toast.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => (toast.hidden = true), wrong ? 9000 : 3500);
}

// Reads the record and, after a failure, tries again: new fields and others' answers must not wait for the next save.
async function read(reading, tells) {
  try {
    await reading();
    unread = false;
    clearTimeout(again);
  } catch (problem) {
    // Report it once, not with every try.
    if (tells || !unread) tell(problem);
    unread = true;
    clearTimeout(again);
    // The device would refuse it again.
    const refused = problem.status >= 400 && problem.status < 500;
    // A page that reconnects reads anyway.
    if (!refused) again = setTimeout(() => live.state() === null || refresh(), AGAIN);
  }
}

const refresh = () => read(slide.refresh, false);
const look = (id) => read(() => slide.open(id), true);

function draw() {
  summary.render();
  // First, because it drops the pictures of another slide: what the panel shows afterwards belongs to this one.
  gallery.render();
  slideCard.render();
  cells.render();
  answer.render();
  buttons();
}

function buttons() {
  const going = live.state()?.session?.id ?? null;
  const { session, summary } = slide.current();
  // While the device is lost, nobody knows whether a session is open: offer neither to start nor to end one.
  one("new-session").hidden = live.state() === null || going !== null;
  one("take").hidden = !one("new-session").hidden;
  one("end-session").hidden = going === null || session !== going;
  one("end-session").textContent = say("session_end", { id: session });
  one("sign-off").hidden = session === null || !["draft", "changed"].includes(summary?.session.state);
  one("other").hidden = chosen === null;
  one("back").hidden = going === null;
  one("reports").hidden = session === null;
  const operator = live.state()?.session?.operator;
  one("hand-over").hidden = going === null || session !== going || !person() || person() === operator;
  one("hand-over").textContent = say("hand_over", { from: operator, to: person() });
  one("specimen-button").hidden = !summary;
  const ended = summary?.session.state === "draft" && summary.session.ended_utc !== null;
  one("reopen").hidden = !ended || live.state() === null || going !== null || live.state().left !== null;
  awake.keep(going !== null);
  cutOff(live.state());
}

// The session that a loss of power left open, and whether it can continue.
function cutOff(snapshot) {
  const left = snapshot?.left;
  one("left").hidden = !left;
  if (left) {
    const more = left.problem ? say("left_problem", left) : say("left_ask");
    one("left-text").textContent = `${say("left_text", { ...left, when: summary.time(left.last_utc) })} ${more}`;
    one("left-continue").hidden = Boolean(left.problem);
    one("left").dataset.session = left.id;
  }
  const since = snapshot?.session?.cut_off_utc;
  one("cut-off").hidden = !since || slide.current().session !== snapshot.session.id;
  if (since) one("cut-off").textContent = say("cut_off", { when: summary.time(since) });
}

async function download(button) {
  const { form, query } = button.dataset;
  const { session } = slide.current();
  if (session === null) return;
  button.disabled = true;
  tell(say("report_wait"));
  try {
    const queries = [one("report-maps").checked && "maps=1", query].filter(Boolean).join("&");
    const { name, address } = await report(`/api/sessions/${session}/report/${form}?${queries}`);
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell(say("report_done", { name }));
  } catch (problem) {
    tell(problem);
  } finally {
    button.disabled = false;
  }
}

// Sends an order and reports its outcome; returns whether it succeeded.
async function order(path, body, told) {
  try {
    const done = await post(path, body);
    tell(told(done));
    return true;
  } catch (problem) {
    if (people.denied(problem)) return false;
    tell(problem);
    return false;
  }
}

const goOn = () => {
  const id = one("left").dataset.session;
  return order(`/api/sessions/${id}/continue`, {}, () => say("told_continued", { id }));
};

async function close() {
  const id = one("left").dataset.session;
  const left = live.state()?.left;
  if (!left || String(left.id) !== id) return;
  if (!(await ask.sure({ head: say("close_head", { id }), text: say("close_text", left), yes: say("close_yes", { id }) }))) return;
  await order(`/api/sessions/${id}/end`, {}, () => say("told_closed", { id }));
}

async function end() {
  const { session: id, summary } = slide.current();
  if (id === null || !summary) return;
  if (!(await ask.sure({ head: say("end_head", { id }), text: say("end_text", { ...summary.session, id }), yes: say("end_yes", { id }) }))) return;
  await order(`/api/sessions/${id}/end`, {}, () => say("told_ended", { id }));
}

// The person at this screen takes over the microscope.
function handOver() {
  const session = live.state()?.session;
  const to = person();
  if (!session || !to) return;
  return order(`/api/sessions/${session.id}/hand-over`, { to }, () => say("told_handed", { id: session.id, to }));
}

// Goes on with a session that has ended.
async function reopen() {
  const { session: id, summary } = slide.current();
  if (id === null || !summary) return;
  if (!person()) return people.ask(say("person_again"));
  if (!(await ask.sure({ head: say("reopen_head", { id }), text: say("reopen_text", summary.session), yes: say("reopen_yes", { id }) }))) return;
  const body = { started: summary.session.started_utc, by: person() };
  if (await order(`/api/sessions/${id}/reopen`, body, () => say("told_reopened", { id }))) chosen = null;
}

// Takes the field on display into the session that is open as far as this page knows.
function take() {
  const { session, sequence } = live.state() ?? {};
  if (!session) return tell(say("stage_no_session"));
  return order("/api/take", { session: session.id, frame: sequence }, ({ saved }) => say("told_taken", { number: saved.sequence, id: saved.session }));
}

// Shows a state; returns whether its picture is on display.
function state(snapshot, image, damaged) {
  const wasLost = live.state() === null;
  const stands = live.show(snapshot, image, damaged);
  notices([...snapshot.notices, ...trouble(snapshot)]);
  const before = running;
  running = snapshot.session?.id ?? null;
  // A viewer of an earlier session stays there.
  if (running !== null && running !== before && chosen === null) look(running);
  if (version !== snapshot.record_version || wasLost) {
    version = snapshot.record_version;
    refresh();
  }
  buttons();
  return stands;
}

// What makes the record doubtful.
function trouble({ record_check: check, clock_reason: clock }) {
  // In steps: screen readers read the notices aloud at every change, and answers come up to 12 times a second.
  const percent = () => (check.total > 0 ? Math.floor((10 * check.done) / check.total) * 10 : 0);
  const states = { damaged: () => check.reason, failed: () => say("check_failed", check), running: () => say("check_running", { percent: percent() }) };
  return [states[check?.state]?.(), clock].filter(Boolean);
}

function notices(sentences) {
  const list = one("notices");
  const text = sentences.join("\n");
  if (list.dataset.text === text) return;
  list.dataset.text = text;
  list.replaceChildren(...sentences.map((sentence) => element("li", {}, sentence)));
  list.hidden = sentences.length === 0;
}

function lost(problem) {
  live.lost(problem);
  buttons();
}

async function begin() {
  const about = await get("/api/about");
  one("model").textContent = about.model;
  one("caution").hidden = !about.caution;
  one("caution").textContent = about.caution ? say(about.drawn ? "cautionDrawn" : "caution", about) : "";
  ask.unlocked();
  people.refresh().catch(tell);
  if (watching) return;
  watching = true;
  watch({ shown: state, lost });
}

const ask = dialogs.prepare({
  tell,
  current: slide.current,
  started(id) {
    chosen = null;
    look(id);
  },
  refresh,
  next: answer.next,
  admitted: () => begin().catch(tell),
});

translate();
one("languages").replaceChildren(...Object.entries(LANGUAGES).map(([code, [name]]) => {
  const button = element("button", { type: "button", class: "quiet", lang: code, "aria-pressed": String(code === language()) }, name);
  button.addEventListener("click", () => speak(code));
  return button;
}));
live.start();
people.prepare({
  onChange() {
    draw();
    buttons();
  },
  tells: tell,
});
sessions.prepare({
  chosen(id) {
    chosen = id === running ? null : id;
    look(id);
    buttons();
  },
  state: live.state,
  tell,
});
answer.prepare(ask, tell);
slide.prepare(draw, () => !answer.isBusy());
slideCard.prepare(gallery.enlarge);
cells.prepare(ask, tell);
draw();
one("take").addEventListener("click", take);
one("map-button").addEventListener("click", () => live.toggleMap(tell));
one("new-session").addEventListener("click", ask.start);
one("end-session").addEventListener("click", end);
one("sign-off").addEventListener("click", ask.signOff);
for (const button of one("reports").querySelectorAll("button")) {
  button.addEventListener("click", () => download(button));
}
one("left-continue").addEventListener("click", goOn);
one("left-close").addEventListener("click", close);
one("sessions-button").addEventListener("click", () => sessions.open());
one("hand-over").addEventListener("click", handOver);
one("reopen").addEventListener("click", reopen);
one("specimen-button").addEventListener("click", ask.specimen);
one("help-button").addEventListener("click", () => one("help").showModal());
one("enlarge").addEventListener("click", gallery.enlarge);
one("large-map").addEventListener("click", gallery.enlargeMap);
one("back").addEventListener("click", () => {
  chosen = null;
  look(running);
});
keyboard.listen({
  ...Object.fromEntries(Object.entries(KEYS).map(([key, label]) => [key, () => answer.answerByKey(label)])),
  Enter: () => answer.answerByKey(null),
  u: () => answer.byKey(answer.undo),
  w: () => answer.byKey(answer.withdraw),
  d: () => answer.byKey(answer.exclude),
  n: answer.next,
  c: () => one("cells-button").hidden || cells.open(),
  t: () => one("take").disabled || take(),
  m: () => live.toggleMap(tell),
  l: gallery.enlarge,
  Escape: live.hideMap,
  "?": () => one("help").showModal(),
  ArrowLeft: () => gallery.step(1),
  ArrowRight: () => gallery.step(-1),
});
whenDenied((problem) => ask.token(watching ? problem : null));

// A link brings a code, or the token itself, behind the hash, which the browser never sends. The code works once: a copy in the
// browser's history opens nothing.
const given = new URLSearchParams(location.hash.slice(1));
const [code, token] = [given.get("enter"), given.get("token")];
if (code || token) {
  history.replaceState(null, "", "/");
  (code ? post("/api/enter", { code }) : post("/api/login", { token })).then(begin).catch((problem) => begin().catch(() => problem.status === 401 ? ask.token(problem) : tell(problem)));
} else {
  begin().catch((problem) => problem.status === 401 || tell(problem));
}
