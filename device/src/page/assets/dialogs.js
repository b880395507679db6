// Questions to the operator: start, sign off, earlier sessions, token.

import { get, post, sentence } from "/api.js";
import { element, one } from "/marks.js";
import { say } from "/strings.js";

const NAME = "blastscope-operator";

// The name that was given last on this screen; it is no secret and leaves the browser only with what it signs.
export const operator = () => localStorage.getItem(NAME) ?? "";
const remember = (name) => localStorage.setItem(NAME, name);

function failed(form, problem) {
  const place = form.querySelector(".problem");
  place.textContent = sentence(problem);
  place.hidden = false;
}

// A form in a dialog that asks `send`, and closes when that went well.
function question(id, send) {
  const dialog = one(id);
  const form = dialog.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.querySelector(".problem").hidden = true;
    const button = form.querySelector("[type=submit]");
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
    form.reset();
    form.querySelector(".problem").hidden = true;
    if (!dialog.open) dialog.showModal();
  };
}

export function prepare({ started, signed, chosen, admitted, current, tell }) {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  const askStart = question("start-dialog", async (form) => {
    const name = form.get("operator").trim();
    const { saved } = await post("/api/sessions", { specimen: form.get("specimen"), operator: name });
    remember(name);
    tell(say("told_started", { id: saved.session }));
    started(saved.session);
  });
  const askSignature = question("sign-dialog", async (form) => {
    const { session } = current();
    const name = form.get("by").trim();
    await post(`/api/sessions/${session}/sign-off`, { by: name });
    tell(say("told_signed", { id: session }));
    signed(session);
  });
  const askToken = question("token-dialog", async (form) => {
    await post("/api/login", { token: form.get("token").trim() });
    admitted();
  });
  return {
    start() {
      askStart();
      one("start-operator").value = operator();
    },
    signOff() {
      const { session, summary, fields } = current();
      if (!summary) return;
      askSignature();
      const { confirmed_fields: confirmed, corrected_fields: corrected, fields: total } = summary.counts;
      one("sign-head").textContent = say("sign_off_head", { id: session });
      one("sign-text").textContent = say("sign_off_text", { fields: Math.max(total, fields.length), confirmed, corrected, open: total - confirmed - corrected });
      one("sign-by").value = operator();
    },
    token: askToken,
    async sessions() {
      try {
        const { sessions } = await get("/api/sessions");
        const states = { draft: say("state_draft"), approved: say("state_approved"), changed: say("state_changed"), amended: say("state_amended") };
        const rows = sessions.map((session) => {
          const open = element("button", { type: "button", class: "quiet" }, say("look"));
          open.addEventListener("click", () => {
            one("sessions-dialog").close();
            chosen(session.id);
          });
          const cells = [session.id, session.specimen, session.operator, session.fields, states[session.state]];
          return element("tr", {}, ...cells.map((cell) => element("td", {}, String(cell))), element("td", {}, open));
        });
        one("sessions-list").replaceChildren(...rows);
        one("sessions-none").hidden = rows.length > 0;
        one("sessions-dialog").showModal();
      } catch (problem) {
        tell(problem);
      }
    },
  };
}
