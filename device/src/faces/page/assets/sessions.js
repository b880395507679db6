// The list of sessions: found by pseudonym and date, read in parts.

import { get } from "/api.js";
import { element, one } from "/marks.js";
import { say } from "/strings.js";
import { stateWord, time } from "/summary.js";

// Pause (ms) after a letter before the list is searched.
const PAUSE = 250;

let chosen = () => {};
let state = () => null;
let tell = () => {};
let timer;
// Only the newest search is shown.
let search = 0;
let oldest = null;

// Running, left behind, ended, or what the sign-off made of it.
function word(session) {
  const snapshot = state();
  if (session.state !== "draft") return stateWord(session.state);
  if (snapshot?.session?.id === session.id) return say("state_running");
  return say(session.ended_utc === null ? "state_left" : "state_ended");
}

function row(session) {
  const open = element("button", { type: "button", class: "quiet", "aria-label": say("look_at", session) }, say("look"));
  open.addEventListener("click", () => {
    one("sessions-dialog").close();
    chosen(session.id);
  });
  const cells = [session.id, session.specimen, time(session.started_utc), session.operator, say("fields_number", session), word(session)];
  const first = session.first_specimen === session.specimen ? null : say("first_specimen", session);
  const shown = cells.map((cell, index) => element("td", {}, String(cell), index === 1 && first ? element("small", {}, first) : null));
  return element("tr", {}, ...shown, element("td", {}, open));
}

// A day of the calendar here as a time in UTC.
function day(text, later) {
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

function query() {
  const parts = new URLSearchParams();
  const [specimen, from, until] = ["sessions-specimen", "sessions-from", "sessions-until"].map((id) => one(id).value.trim());
  if (specimen) parts.set("specimen", specimen);
  if (from) parts.set("from", day(from, 0));
  if (until) parts.set("until", day(until, 1));
  return parts;
}

async function find(more) {
  const mine = ++search;
  const parts = query();
  if (more) parts.set("before", oldest);
  try {
    const { sessions, more: older } = await get(`/api/sessions?${parts}`);
    if (mine !== search) return;
    if (!more) one("sessions-list").replaceChildren();
    one("sessions-list").append(...sessions.map(row));
    oldest = sessions.at(-1)?.id ?? oldest;
    one("sessions-more").hidden = !older;
    one("sessions-none").hidden = one("sessions-list").children.length > 0;
    one("sessions-none").textContent = say(parts.size > 0 ? "sessions_not_found" : "sessions_none");
  } catch (problem) {
    tell(problem);
  }
}

export async function open() {
  one("sessions-form").reset();
  await find(false);
  if (!one("sessions-dialog").open) one("sessions-dialog").showModal();
}

export function prepare(actions) {
  ({ chosen, state, tell } = actions);
  one("sessions-form").addEventListener("submit", (event) => event.preventDefault());
  one("sessions-form").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(false), PAUSE);
  });
  one("sessions-more").addEventListener("click", () => find(true));
}
