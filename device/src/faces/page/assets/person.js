// Who works at this screen. The name is no secret and leaves the browser only with what it signs.

const NAME = "blastscope-person";
// Who has answered nothing for so long (ms) may be somebody else, and is asked again.
const SHIFT = 12 * 3600 * 1000;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

// The name that was given last, to be offered.
export const last = () => kept().name ?? "";

// The name that answers bear; empty where somebody has to say it first.
export function person() {
  const { name, used } = kept();
  return name && Math.abs(Date.now() - used) < SHIFT ? name : "";
}

export const remember = (name) => localStorage.setItem(NAME, JSON.stringify({ name, used: Date.now() }));
