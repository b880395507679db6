// Requests to the device. The page never contacts another machine, and every request has a time limit.

import { badge } from "/person.js";
import { say } from "/strings.js";

// Milliseconds: for reads, for writes (after 8 s the device itself reports a slow disk), and for heavy work.
const READ = 10000;
const WRITE = 12000;
const WORK = 120000;

export class Problem extends Error {
  constructor(status, reason, remedy) {
    super(reason);
    this.status = status;
    this.remedy = remedy;
  }

  // Whether the device may have carried out the request.
  get uncertain() {
    return this.status === 0 || this.status === 503;
  }
}

// A problem as one sentence.
export const sentence = ({ message, remedy }) => [message.replace(/\.$/, ""), remedy].filter(Boolean).join(": ");

let denied = () => {};
export function whenDenied(callback) {
  denied = callback;
}

// `read` extracts the result from the response; the time limit covers the body too.
async function ask(path, limit, read, options = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limit);
  const given = options.signal;
  const end = () => stop.abort();
  given?.addEventListener("abort", end);
  try {
    const response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options, signal: stop.signal });
    if (response.ok) return await read(response);
    const text = await response.json().catch(() => ({ reason: response.statusText, remedy: "" }));
    throw new Problem(response.status, text.reason, text.remedy);
  } catch (problem) {
    if (problem instanceof Problem) {
      if (problem.status === 401) denied(problem);
      throw problem;
    }
    if (stop.signal.aborted && !given?.aborted) throw new Problem(0, say("failed_slow", { seconds: limit / 1000 }), say("failed_network_remedy"));
    throw new Problem(0, say("failed_network"), say("failed_network_remedy"));
  } finally {
    clearTimeout(timer);
    given?.removeEventListener("abort", end);
  }
}

export const get = (path) => ask(path, READ, (response) => response.json());

// A picture as an object URL that only this page knows, and the number of its frame.
export const picture = (path, limit = READ) =>
  ask(path, limit, async (response) => ({
    address: URL.createObjectURL(await response.blob()),
    frame: response.headers.get("x-blastscope-frame"),
  }));

export const drawing = (path) => picture(path, WORK / 2);

// A document with its file name.
export const report = (path) =>
  ask(path, WORK, async (response) => {
    const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "report";
    return { name, address: URL.createObjectURL(await response.blob()) };
  });

export function post(path, body = {}) {
  const headers = { "content-type": "application/json", "x-blastscope": "1" };
  if (badge()) headers["x-blastscope-badge"] = badge();
  return ask(path, WRITE, (response) => response.json(), { method: "POST", headers, body: JSON.stringify(body), priority: "high" });
}

// The name of a request: sent again under it, nothing is saved twice. Random, even if the page did not come over TLS.
export const requestName = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Whatever is newer than this state and picture, at once or after a second: the state, and its picture if that is new.
export function live(seen, number, limit, signal) {
  const read = async (response) => {
    const bytes = new Uint8Array(await response.arrayBuffer());
    const end = bytes.indexOf(10);
    const state = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
    return { state, jpeg: state.picture ? new Blob([bytes.subarray(end + 1)], { type: "image/jpeg" }) : null };
  };
  return ask(`/api/live?seen=${seen}&picture=${number}`, limit, read, { signal, priority: "low" });
}
