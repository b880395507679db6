// The people at the top of the page: one tap changes who works at this screen.

import { get, post, sentence } from "/api.js";
import { element, one } from "/marks.js";
import { become, expire, last, person } from "/person.js";
import { say } from "/strings.js";

let people = [];
let changed = () => {};
let tell = () => {};
// What is told once a name is chosen that was needed for something else.
let wanted = "";

export async function refresh() {
  ({ people } = await get("/api/people"));
  render();
}

const entry = (name) => people.find((other) => other.name === name);

function render() {
  const bar = one("people");
  const now = person();
  const names = people.map((other) => other.name);
  if (now && !names.includes(now)) names.unshift(now);
  // The same buttons stay, so that a finger on its way finds what it saw.
  const drawn = JSON.stringify([names, now, people]);
  if (bar.dataset.drawn === drawn) return;
  bar.dataset.drawn = drawn;
  bar.replaceChildren(...names.map((name) => {
    const mark = entry(name)?.has_pin ? element("span", { class: "lock", "aria-label": say("person_has_pin") }, "•") : null;
    const button = element("button", { type: "button", class: "person", "aria-pressed": String(name === now), title: name }, element("span", { class: "person-name" }, name), mark);
    button.addEventListener("click", () => choose(name));
    return button;
  }));
  bar.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// Whoever is chosen is on all answers from here on; without a PIN, one tap does it.
async function choose(name) {
  if (name === person()) return;
  if (entry(name)?.has_pin) return ask("", name);
  try {
    await enter(name, null);
  } catch (problem) {
    tell(problem);
  }
}

// Chooses a name with its PIN, if it has one.
export async function enter(name, pin) {
  const { name: chosen, badge } = await post("/api/people", { name, pin });
  become(chosen, badge);
  await refresh();
  changed();
}

// The name for a start typed into a form: the screen's person from then on.
export async function enterTyped(name) {
  if (name !== person()) await enter(name, null);
}

// Asks for a name, or for the PIN of a name.
export function ask(more, name = "") {
  const dialog = one("person-dialog");
  if (dialog.open) return;
  wanted = more;
  const form = dialog.querySelector("form");
  form.reset();
  form.querySelector(".problem").hidden = true;
  one("person-text").textContent = `${say("person_text")} ${wanted}`.trim();
  one("person-by").value = name || last();
  one("person-settings").hidden = !person();
  one("person-current").textContent = person();
  showPin();
  dialog.showModal();
  (one("person-pin-line").hidden ? one("person-by") : one("person-pin")).select();
}

function showPin() {
  one("person-pin-line").hidden = !entry(one("person-by").value.trim())?.has_pin;
}

// The device asks for a PIN that this screen gave before a restart.
export function denied(problem) {
  if (problem.status !== 403 || !entry(last())?.has_pin) return false;
  const name = last();
  expire();
  render();
  changed();
  ask(say("person_again"), name);
  return true;
}

function form(id, send) {
  const dialog = one(id);
  const form = dialog.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    try {
      await send(new FormData(form), button.value);
      form.reset();
      dialog.close();
    } catch (problem) {
      form.querySelector(".problem").textContent = sentence(problem);
      form.querySelector(".problem").hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}

const optional = (text) => text || null;

export function prepare({ onChange, tells }) {
  [changed, tell] = [onChange, tells];
  one("person-button").addEventListener("click", () => ask(""));
  one("person-by").addEventListener("input", showPin);
  form("person-dialog", (data) => enter(data.get("by").trim(), optional(data.get("pin"))));
  one("pin-button").addEventListener("click", () => {
    one("person-dialog").close();
    const name = person();
    one("pin-head").textContent = say("pin_head", { name });
    one("pin-old-line").hidden = !entry(name)?.has_pin;
    one("pin-dialog").querySelector(".problem").hidden = true;
    one("pin-dialog").showModal();
  });
  form("pin-dialog", async (data, what) => {
    const name = person();
    const pin = optional(data.get("old"));
    const new_ = what === "remove" ? null : optional(data.get("new"));
    if (what === "forget") {
      await post("/api/people/remove", { name, pin });
      become("", null);
    } else {
      await post("/api/people/pin", { name, pin, new: new_ });
      if (new_) await enter(name, new_);
      else become(name, null);
    }
    await refresh();
    changed();
    tell(say(what === "forget" ? "told_person_removed" : new_ ? "told_pin_set" : "told_pin_removed", { name }));
  });
  render();
}
