// The page: puts its parts together.

import { get, listen, post, report, sentence, whenDenied } from "/api.js";
import * as dialogs from "/dialogs.js";
import * as gallery from "/gallery.js";
import * as keyboard from "/keyboard.js";
import * as live from "/live.js";
import { element, one } from "/marks.js";
import { say, translate } from "/strings.js";

// The session that is looked at although another one, or none, goes on.
let chosen = null;
let version = null;
let running = null;
let watching = false;

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

const who = () => live.state()?.session?.operator || dialogs.operator() || gallery.current().summary?.session.operator || "";

async function look(id) {
  try {
    await gallery.open(id);
    buttons();
  } catch (problem) {
    tell(problem);
  }
}

function buttons() {
  const going = live.state()?.session?.id ?? null;
  const { session, summary } = gallery.current();
  one("new-session").hidden = going !== null;
  one("end-session").hidden = going === null || session !== going;
  one("sign-off").hidden = session === null || !["draft", "changed"].includes(summary?.session.state);
  one("other").hidden = chosen === null;
  one("reports").hidden = session === null;
  cutOff(live.state());
}

// What a loss of power left open, and whether it goes on.
function cutOff(snapshot) {
  const left = snapshot?.left;
  one("left").hidden = !left;
  if (left) {
    const more = left.problem ? say("left_problem", left) : say("left_ask");
    one("left-text").textContent = `${say("left_text", { ...left, when: gallery.time(left.last_utc) })} ${more}`;
    one("left-continue").hidden = Boolean(left.problem);
  }
  const troubles = [snapshot?.record_check?.reason, snapshot?.clock_reason].filter(Boolean);
  one("trouble").hidden = troubles.length === 0;
  one("trouble-text").textContent = troubles.join(" ");
  const since = snapshot?.session?.cut_off_utc;
  one("cut-off").hidden = !since || gallery.current().session !== snapshot.session.id;
  if (since) one("cut-off").textContent = say("cut_off", { when: gallery.time(since) });
}

async function download(form, button) {
  const { session } = gallery.current();
  if (session === null) return;
  button.disabled = true;
  tell(say("report_wait"));
  try {
    const { name, address } = await report(`/api/sessions/${session}/report/${form}${one("report-maps").checked ? "?maps=1" : ""}`);
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell(say("report_done", { name }));
  } catch (problem) {
    tell(problem);
  } finally {
    button.disabled = false;
  }
}

// `what` is "continue" or "end".
async function decide(what, told) {
  const id = live.state()?.left?.id;
  if (id == null) return;
  try {
    await post(`/api/sessions/${id}/${what}`);
    tell(say(told, { id }));
  } catch (problem) {
    tell(problem);
  }
}

function state(snapshot) {
  const before = running;
  running = snapshot.session?.id ?? null;
  live.show(snapshot);
  if (running !== null && running !== before) {
    chosen = null;
    look(running);
  }
  if (version !== snapshot.record_version) {
    version = snapshot.record_version;
    gallery.refresh().then(buttons, tell);
  }
  buttons();
}

async function take() {
  try {
    const { saved } = await post("/api/take");
    tell(say("told_taken", { number: saved.sequence }));
  } catch (problem) {
    tell(problem);
  }
}

const answer = (label) => gallery.answer(label, who(), tell).then(buttons);

async function end() {
  try {
    const id = running;
    await post(`/api/sessions/${id}/end`, {});
    tell(say("told_ended", { id }));
  } catch (problem) {
    tell(problem);
  }
}

async function begin() {
  const about = await get("/api/about");
  one("model").textContent = about.model;
  one("caution").hidden = !about.caution;
  one("caution").textContent = about.caution ? say(about.drawn ? "cautionDrawn" : "caution", about) : "";
  if (watching) return location.reload();
  watching = true;
  live.start();
  listen(state, live.lost);
}

const ask = dialogs.prepare({
  tell,
  current: gallery.current,
  started: (id) => look(id),
  signed: () => gallery.refresh().then(buttons, tell),
  chosen(id) {
    chosen = id === running ? null : id;
    look(id);
  },
  admitted: () => begin().catch(tell),
});

translate();
gallery.labels(answer);
one("take").addEventListener("click", take);
one("map-button").addEventListener("click", () => live.toggleMap(tell));
one("new-session").addEventListener("click", ask.start);
one("end-session").addEventListener("click", end);
one("sign-off").addEventListener("click", ask.signOff);
for (const button of one("reports").querySelectorAll("button")) {
  button.addEventListener("click", () => download(button.dataset.form, button));
}
one("left-continue").addEventListener("click", () => decide("continue", "told_continued"));
one("left-close").addEventListener("click", () => decide("end", "told_closed"));
one("sessions-button").addEventListener("click", ask.sessions);
one("help-button").addEventListener("click", () => one("help").showModal());
one("enlarge").addEventListener("click", gallery.enlarge);
one("large-map").addEventListener("click", gallery.enlargeMap);
one("back").addEventListener("click", () => {
  chosen = null;
  look(running);
});
keyboard.listen({
  ...Object.fromEntries(Object.entries(gallery.keyLabel).map(([key, label]) => [key, () => answer(label)])),
  Enter: () => answer(null),
  t: take,
  m: () => live.toggleMap(tell),
  l: gallery.enlarge,
  "?": () => one("help").showModal(),
  ArrowLeft: () => gallery.step(1),
  ArrowRight: () => gallery.step(-1),
});
whenDenied(() => ask.token());

// The QR code brings the token behind the hash, which the browser keeps to itself.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  history.replaceState(null, "", "/");
  post("/api/login", { token }).then(begin).catch(tell);
} else {
  begin().catch((problem) => problem.status === 401 || tell(problem));
}
