// The session as a whole: specimen and operator, state, counts.

import { CLASSES, element, mark, one, percent, word } from "/marks.js";
import { language, say } from "/strings.js";
import * as slide from "/slide.js";

export const time = (text) => new Date(text).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });

export const stateWord = (state) =>
  ({ draft: say("state_draft"), approved: say("state_approved"), changed: say("state_changed"), amended: say("state_amended") })[state];

export function render() {
  const { summary } = slide.current();
  const signed = summary?.session.sign_offs.at(-1);
  const state = summary?.session.state;
  one("session-state").textContent = state ? stateWord(state) : "";
  one("session-state").className = `state is-${state ?? "none"}`;
  one("session-head").textContent = summary ? say("session_number", { id: summary.session.id }) : say("session");
  one("session-line").textContent = summary ? say("session_line", { ...summary.session, operator: summary.session.hand_overs.at(-1)?.to_person ?? summary.session.operator }) : say("session_none");
  one("session-signed").textContent = signed
    ? say("signed", { kind: stateWord(signed.kind), by: signed.signed_by, fields: signed.fields, when: time(signed.signed_utc) })
    : "";
  counts(summary);
}

function counts(summary) {
  const body = one("counts-body");
  one("counts").hidden = one("counts-note").hidden = !summary;
  if (!summary) return body.replaceChildren();
  const { counts, corrected } = summary;
  const share = ({ hits, of, low, high }) =>
    of === 0 ? "–" : `${percent(hits / of)} % (${percent(low)}–${percent(high)})`;
  const row = (head, said, right, shares) =>
    element("tr", {}, element("th", { scope: "row" }, ...head), element("td", {}, String(said)), element("td", {}, String(right)), element("td", {}, shares));
  const without = ({ abstained, rejected, settling, not_assessable }) => abstained + rejected + settling + not_assessable;
  const rows = CLASSES.map((name) =>
    row([mark(name), word(name)], counts.said.classes[name], counts.corrected.classes[name], share(corrected.classes[name])));
  const unsure = [counts.said, counts.corrected].map((tally) => tally.subtype_not_sure);
  if (unsure.some((count) => count > 0)) rows.push(row([mark("malignant"), say("counts_unsure")], ...unsure, ""));
  const malignant = (tally) => CLASSES.slice(1).reduce((sum, name) => sum + tally.classes[name], tally.subtype_not_sure);
  rows.push(row([say("counts_malignant")], malignant(counts.said), malignant(counts.corrected), share(corrected.malignant)));
  rows.push(row([say("counts_without")], without(counts.said), without(counts.corrected), ""));
  body.replaceChildren(...rows);
}
