// Classes and other answers: a word, a shape and a colour for each, so that any one of them is enough. The colours are from Okabe
// and Ito's palette, which people with any colour vision can tell apart.

import { say } from "/strings.js";

export const CLASSES = ["Benign", "Early", "Pre", "Pro"];
export const MALIGNANT = "malignant";
export const NOT_ASSESSABLE = "not assessable";
export const LABELS = [...CLASSES, MALIGNANT, NOT_ASSESSABLE];
// The key of each label.
export const KEYS = { 1: "Benign", 2: "Early", 3: "Pre", 4: "Pro", 5: MALIGNANT, 0: NOT_ASSESSABLE };

// What a person calls a cell, and the key of each; null takes a label back.
export const CELL_LABELS = ["blast", "lymphocyte", "other", "debris", "not a cell"];
export const CELL_KEYS = { 1: "blast", 2: "lymphocyte", 3: "other", 4: "debris", 5: "not a cell", 0: null };

const CELL_WORDS = { blast: () => say("cell_blast"), lymphocyte: () => say("cell_lymphocyte"), other: () => say("cell_other"), debris: () => say("cell_debris"), "not a cell": () => say("cell_not") };

export const cellWord = (label) => CELL_WORDS[label]();

const WORDS = {
  Benign: () => say("benign"),
  Early: () => say("early"),
  Pre: () => say("pre"),
  Pro: () => say("pro"),
  [NOT_ASSESSABLE]: () => say("not_assessable"),
  malignant: () => say("malignant"),
  abstain: () => say("abstains"),
  rejected: () => say("rejected"),
  settling: () => say("settling"),
  nothing: () => say("nothing"),
};

// In a square of 24: circle, triangle, square, diamond, star; outlines where nothing is said.
const SHAPES = {
  Benign: ["circle", { cx: 12, cy: 12, r: 9.5 }],
  Early: ["path", { d: "M12 1.8 23 21.5H1Z" }],
  Pre: ["rect", { x: 3, y: 3, width: 18, height: 18, rx: 1 }],
  Pro: ["path", { d: "M12 .8 23.2 12 12 23.2.8 12Z" }],
  malignant: ["path", { d: "M12 .8 15 8.6 23.2 9 16.8 14.2 19 22.4 12 17.8 5 22.4 7.2 14.2.8 9 9 8.6Z" }],
  [NOT_ASSESSABLE]: ["path", { d: "M5 5 19 19M19 5 5 19" }],
  abstain: ["path", { d: "M7.5 8.5a4.5 4.5 0 1 1 6.6 4c-1.5.8-2.1 1.6-2.1 3.2M12 20v.2" }],
  rejected: ["path", { d: "M4 12H20" }],
  settling: ["path", { d: "M5 12h.2M12 12h.2M19 12h.2" }],
  nothing: ["path", { d: "M4 12H20" }],
  blast: ["path", { d: "M12 .8 15 8.6 23.2 9 16.8 14.2 19 22.4 12 17.8 5 22.4 7.2 14.2.8 9 9 8.6Z" }],
  lymphocyte: ["circle", { cx: 12, cy: 12, r: 9.5 }],
  other: ["rect", { x: 3, y: 3, width: 18, height: 18, rx: 1 }],
  debris: ["path", { d: "M4 12H20" }],
  "not a cell": ["path", { d: "M5 5 19 19M19 5 5 19" }],
};

export function word(kind) {
  return (WORDS[kind] ?? WORDS.nothing)();
}

// What a verdict of the record or the state amounts to: a class, malignant without a subtype, or why nothing is said.
export function kindOf(said) {
  if (!said) return "nothing";
  return said.kind === "class" ? said.class : said.kind;
}

export function slug(kind) {
  return kind.toLowerCase().replaceAll(" ", "-");
}

export function mark(kind) {
  const [name, attributes] = SHAPES[kind] ?? SHAPES.nothing;
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = make("svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `mark is-${slug(kind)}`);
  const shape = make(name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  svg.append(shape);
  return svg;
}

// An element with children; text is inserted as text only.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// Shares and probabilities are written in whole percent everywhere.
export const percent = (share) => String(Math.round(share * 100));
// A network's probability is never 0 or 1.
export const likely = (probability) => (probability >= 0.995 ? "> 99" : probability < 0.005 ? "< 1" : percent(probability));
export const one = (id) => document.getElementById(id);
