// What is asked of the device. Nothing is ever asked of another machine.

import { say } from "/strings.js";

export class Problem extends Error {
  constructor(status, reason, remedy) {
    super(reason);
    this.status = status;
    this.remedy = remedy;
  }
}

// A problem as one sentence.
export const sentence = ({ message, remedy }) => [message.replace(/\.$/, ""), remedy].filter(Boolean).join(": ");

let denied = () => {};
export function whenDenied(callback) {
  denied = callback;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch {
    throw new Problem(0, say("failed_network"), say("failed_network_remedy"));
  }
  if (response.ok) return response;
  const text = await response.json().catch(() => ({ reason: response.statusText, remedy: "" }));
  if (response.status === 401) denied();
  throw new Problem(response.status, text.reason, text.remedy);
}

export async function get(path) {
  return (await ask(path)).json();
}

export async function picture(path) {
  return URL.createObjectURL(await (await ask(path)).blob());
}

// A document with its name.
export async function report(path) {
  const response = await ask(path);
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "report";
  return { name, address: URL.createObjectURL(await response.blob()) };
}

export async function post(path, body = {}) {
  const headers = { "content-type": "application/json", "x-blastscope": "1" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

// States as they come. `lost` is called when none came for a while.
export function listen(state, lost) {
  const patience = 5000;
  let timer;
  const sign = () => {
    clearTimeout(timer);
    timer = setTimeout(lost, patience);
  };
  const events = new EventSource("/api/events");
  events.addEventListener("message", (event) => {
    sign();
    state(JSON.parse(event.data));
  });
  events.addEventListener("error", () => {
    // The browser tries again by itself, unless the answer was no.
    if (events.readyState === EventSource.CLOSED) {
      clearTimeout(timer);
      lost();
      // A device that was started anew asks for its new token.
      setTimeout(() => get("/api/about").catch(() => {}).then(() => listen(state, lost)), 2000);
    }
  });
  sign();
}
