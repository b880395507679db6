// Notes that wait for their answer. Each belongs to one field and stays with it, on this screen, also when page or device start anew.

const PREFIX = "blastscope-note:";
// More than this are of slides long gone.
const MOST = 200;

// The session's start tells sessions of another record apart.
const key = ({ session, number }) => `${PREFIX}${session.id}:${session.started_utc}:${number}`;

export const of = (place) => localStorage.getItem(key(place)) ?? "";

export function keep(place, text) {
  if (text === "") return localStorage.removeItem(key(place));
  try {
    localStorage.setItem(key(place), text);
  } catch {
    // The store is full: it stands in the page all the same.
  }
  const kept = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  for (const name of kept.slice(0, Math.max(0, kept.length - MOST))) localStorage.removeItem(name);
}

// Forgets a note that was saved, unless somebody has gone on writing.
export function saved(place, text) {
  if (of(place).trim() === text) localStorage.removeItem(key(place));
}
