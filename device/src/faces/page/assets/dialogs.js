// Questions to the operator: start, sign off, name, confirmation, earlier sessions, token.

import { get, post, sentence } from "/api.js";
import { element, one } from "/marks.js";
import * as person from "/person.js";
import { say } from "/strings.js";
import { stateWord } from "/summary.js";

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
      await send(new FormData(form));
      dialog.close();
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

export function prepare({ started, refresh, named, next, chosen, admitted, current, tell }) {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  const askStart = question("start-dialog", async (form) => {
    const name = form.get("operator").trim();
    const { saved } = await post("/api/sessions", { specimen: form.get("specimen"), operator: name });
    person.remember(name);
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
  const askPerson = question("person-dialog", async (form) => {
    person.remember(form.get("by").trim());
    named();
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
      one("start-operator").value = person.last();
    },
    signOff() {
      if (!current().summary) return;
      askSignature();
      toSign = null;
      describe();
      one("sign-by").value = person.person();
    },
    person(more) {
      askPerson();
      one("person-text").textContent = `${say("person_text")} ${more}`;
      one("person-by").value = person.last();
      one("person-by").select();
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
    async sessions() {
      try {
        const { sessions } = await get("/api/sessions");
        const rows = sessions.map((session) => {
          const open = element("button", { type: "button", class: "quiet" }, say("look"));
          open.addEventListener("click", () => {
            one("sessions-dialog").close();
            chosen(session.id);
          });
          const cells = [session.id, session.specimen, session.operator, session.fields, stateWord(session.state)];
          return element("tr", {}, ...cells.map((cell) => element("td", {}, String(cell))), element("td", {}, open));
        });
        one("sessions-list").replaceChildren(...rows);
        one("sessions-none").hidden = rows.length > 0;
        if (!one("sessions-dialog").open) one("sessions-dialog").showModal();
      } catch (problem) {
        tell(problem);
      }
    },
  };
}
