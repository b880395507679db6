// Who works at this screen. The name is not secret; it leaves the browser only with the answers it signs.

const NAME = "blastscope-person";
// After this long (ms) without an answer, somebody else may sit here: ask again.
const SHIFT = 12 * 3600 * 1000;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}

// The last name given, offered as the default.
export const last = () => kept().name ?? "";

// The name on answers; empty until somebody enters it.
export function person() {
  const { name, used } = kept();
  return name && Math.abs(Date.now() - used) < SHIFT ? name : "";
}

export const remember = (name) => localStorage.setItem(NAME, JSON.stringify({ name, used: Date.now() }));
