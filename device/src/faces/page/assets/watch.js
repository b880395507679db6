// Looks at the instrument again and again, as long as somebody looks at the page.

import { live } from "/api.js";

// Without a sign for so long (ms), nothing that was said stands. The device gives one each second.
const PATIENCE = 3000;
// How long one answer may take.
const LIMIT = 5000;
// How long to wait after a failure; the first is tried again at once.
const PAUSE = 700;

const pause = (time) => new Promise((done) => setTimeout(done, time));

async function decoded(jpeg) {
  const image = new Image();
  image.src = URL.createObjectURL(jpeg);
  try {
    await image.decode();
    return image;
  } catch {
    URL.revokeObjectURL(image.src);
    return null;
  }
}

// Calls `shown` with a state and its picture, which is null where it is the one before, and `lost` when there is no sign; `shown` gives
// whether the state's picture stands. A hidden page lets go of its connection.
export function watch({ shown, lost }) {
  let turn = null;
  let timer = null;

  const sign = () => {
    clearTimeout(timer);
    timer = setTimeout(lost, PATIENCE);
  };

  async function look(stop) {
    let seen = "";
    let number = "";
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        const { state, jpeg } = await live(seen, number, LIMIT, stop.signal);
        const image = jpeg && (await decoded(jpeg));
        if (stop.signal.aborted) return;
        sign();
        failures = 0;
        const stands = shown(state, image, jpeg !== null && image === null);
        if (image && !stands) URL.revokeObjectURL(image.src);
        // A picture that does not stand is asked for again: it came broken, or the one that stood was taken away when the device was
        // lost. The state is not: what never comes would be asked for without a pause.
        [seen, number] = [state.revision, stands ? state.sequence : ""];
      } catch (problem) {
        if (stop.signal.aborted) return;
        failures += 1;
        [seen, number] = ["", ""];
        if (failures > 1) lost(problem);
        await pause(failures > 1 ? PAUSE : 50);
      }
    }
  }

  function start() {
    turn?.abort();
    turn = new AbortController();
    clearTimeout(timer);
    if (document.hidden) return lost();
    sign();
    look(turn);
  }

  document.addEventListener("visibilitychange", start);
  addEventListener("pageshow", (event) => event.persisted && start());
  start();
}
