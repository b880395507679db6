// Questions to the operator: start, sign off, name, confirmation, earlier sessions, token.

import { get, post, sentence } from "/api.js";
import { one } from "/marks.js";
import * as people from "/people.js";
import * as person from "/person.js";
import { say } from "/strings.js";
import { time } from "/summary.js";

// The second tap of the finger that opened a question does not answer it (ms).
const NO_ANSWER = 400;

function failed(form, problem) {
  const place = form.querySelector(".problem");
  place.textContent = sentence(problem);
  place.hidden = false;
}

// A form in a dialog that calls `send` and closes if that succeeds.
function question(id, send) {
  const dialog = one(id);
  const form = dialog.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.querySelector(".problem").hidden = true;
    const button = form.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    try {
      if ((await send(new FormData(form))) !== false) dialog.close();
    } catch (problem) {
      failed(form, problem);
    } finally {
      button.disabled = false;
    }
  });
  return () => {
    if (dialog.open) return;
    form.reset();
    form.querySelector(".problem").hidden = true;
    dialog.showModal();
  };
}

// Settles the previous question and arms the answer of this one.
let settle = null;
let arming = 0;

// Asks for confirmation of something irreversible; returns the answer.
function sure({ head, text, yes }) {
  const dialog = one("confirm-dialog");
  if (dialog.open) return Promise.resolve(false);
  // The event that closed the last question may still be pending: it must not answer this one.
  settle?.();
  const button = one("confirm-yes");
  one("confirm-head").textContent = head;
  one("confirm-text").textContent = text;
  button.textContent = yes;
  button.disabled = true;
  clearTimeout(arming);
  arming = setTimeout(() => (button.disabled = false), NO_ANSWER);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    const closed = () => dialog.open || settle();
    settle = () => {
      settle = null;
      dialog.removeEventListener("close", closed);
      done(dialog.returnValue === "yes");
    };
    button.onclick = () => dialog.close("yes");
    dialog.addEventListener("close", closed);
  });
}

export function prepare({ started, refresh, next, admitted, current, tell }) {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  // The pseudonym of which the question has said that it was screened before.
  let repeated = null;
  const again = (specimen, sessions) => {
    repeated = specimen;
    one("start-repeat").hidden = false;
    one("start-repeat").textContent = say("start_repeat", { specimen, id: sessions[0].id, when: time(sessions[0].started_utc), times: sessions.length });
    one("start-yes").textContent = say("start_anyway");
    return false;
  };
  const fresh = () => {
    repeated = null;
    one("start-repeat").hidden = true;
    one("start-yes").textContent = say("start");
  };
  one("start-specimen").addEventListener("input", fresh);
  const askStart = question("start-dialog", async (form) => {
    const [name, specimen] = [form.get("operator").trim(), form.get("specimen").trim()];
    if (repeated !== specimen) {
      const { sessions } = await get(`/api/sessions?whole=1&specimen=${encodeURIComponent(specimen)}`);
      if (sessions.length > 0) return again(specimen, sessions);
    }
    await people.enterTyped(name);
    const { saved } = await post("/api/sessions", { specimen, operator: name });
    tell(say("told_started", { id: saved.session }));
    started(saved.session);
  });
  // The session and the number of fields that the question names: nothing else is signed.
  let toSign = null;
  const describe = () => {
    const { session: id, summary, fields } = current();
    if (!summary || (toSign && toSign.id !== id)) return;
    const { confirmed_fields: confirmed, corrected_fields: corrected, excluded_fields: excluded, unassessed_fields: unassessed, fields: counted } = summary.counts;
    const total = Math.max(counted, fields.length);
    const open = total - confirmed - corrected - excluded;
    toSign = { id, started: summary.session.started_utc, fields: total };
    one("sign-head").textContent = say("sign_off_head", { id });
    one("sign-text").textContent = say("sign_off_text", { specimen: summary.session.specimen, fields: total, confirmed, corrected, excluded });
    one("sign-open").hidden = open === 0;
    one("sign-open-text").textContent = say(unassessed > 0 ? "sign_off_unassessed" : "sign_off_open", { open, unassessed });
    one("sign-approve").textContent = open > 0 ? say("approve_open", { open }) : say("approve");
  };
  const askSignature = question("sign-dialog", async (form) => {
    const { id, started, fields } = toSign;
    try {
      await post(`/api/sessions/${id}/sign-off`, { started, fields, by: form.get("by").trim() });
    } catch (problem) {
      // It is another slide, or has other fields: show them before anybody signs again.
      if (problem.status === 409) await refresh().then(describe);
      throw problem;
    }
    tell(say("told_signed", { id }));
    refresh();
  });
  one("sign-next").addEventListener("click", () => {
    one("sign-dialog").close();
    next();
  });
  const askSpecimen = question("specimen-dialog", async (form) => {
    const { session: id, summary } = current();
    const specimen = form.get("specimen").trim();
    await post(`/api/sessions/${id}/specimen`, { started: summary.session.started_utc, specimen, by: person.person() });
    tell(say("told_specimen", { id, specimen }));
    refresh();
  });
  // Until the page is unlocked, nothing behind the dialog works.
  let locked = false;
  const lock = one("token-dialog");
  const askToken = question("token-dialog", async (form) => {
    await post("/api/login", { token: form.get("token").trim() });
    locked = false;
    admitted();
  });
  lock.addEventListener("cancel", (event) => locked && event.preventDefault());
  // No page can block a second Escape.
  lock.addEventListener("close", () => locked && !lock.open && lock.showModal());
  return {
    sure,
    start() {
      askStart();
      fresh();
      one("start-operator").value = person.last();
    },
    signOff() {
      if (!current().summary) return;
      askSignature();
      toSign = null;
      describe();
      one("sign-by").value = person.person();
    },
    person: people.ask,
    specimen() {
      if (!person.person()) return people.ask(say("person_again"));
      const { summary } = current();
      if (!summary) return;
      askSpecimen();
      const signed = ["approved", "amended"].includes(summary.session.state) ? say("specimen_signed") : "";
      one("specimen-text").textContent = `${say("specimen_text", { ...summary.session, by: person.person() })} ${signed}`;
      one("specimen-new").value = summary.session.specimen;
      one("specimen-new").select();
    },
    token(problem) {
      locked = true;
      askToken();
      if (problem) failed(lock.querySelector("form"), problem);
    },
    unlocked() {
      locked = false;
      lock.close();
    },
  };
}
