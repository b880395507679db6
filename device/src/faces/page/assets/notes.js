// Unsent notes. Each belongs to one field and stays with it on this screen, also when page or device restart.

const PREFIX = "blastscope-note:";
// Older notes than this many belong to slides long gone.
const MOST = 200;

// The session's start tells apart sessions of different records.
const key = ({ session, number }) => `${PREFIX}${session.id}:${session.started_utc}:${number}`;

export const of = (place) => localStorage.getItem(key(place)) ?? "";

export function keep(place, text) {
  if (text === "") return localStorage.removeItem(key(place));
  try {
    localStorage.setItem(key(place), text);
  } catch {
    // The store is full: the note still stays in the page.
  }
  const kept = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  for (const name of kept.slice(0, Math.max(0, kept.length - MOST))) localStorage.removeItem(name);
}

// Drops a saved note, unless somebody has edited it since.
export function saved(place, text) {
  if (of(place).trim() === text) localStorage.removeItem(key(place));
}
