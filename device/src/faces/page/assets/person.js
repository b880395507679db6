// Who works at this screen: the name chosen at the top, and the badge that proves its PIN. The name is not secret; the badge leaves the
// browser only in a header of its requests.

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

// The name on answers; empty until somebody chooses one.
export function person() {
  const { name, used } = kept();
  return name && Math.abs(Date.now() - used) < SHIFT ? name : "";
}

export const badge = () => kept().badge ?? null;

// Remembers who is chosen, with the badge of a name that has a PIN.
export const become = (name, badge) => localStorage.setItem(NAME, JSON.stringify({ name, badge, used: Date.now() }));

// The person at this screen has just answered.
export const stay = () => become(last(), badge());

// The device has forgotten the badge: the PIN is asked again.
export const expire = () => localStorage.setItem(NAME, JSON.stringify({ ...kept(), badge: null, used: 0 }));
