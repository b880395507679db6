// Polls the instrument for as long as somebody looks at the page.

import { live } from "/api.js";

// After this long (ms) without a sign of life, the verdict is void. The device sends one each second.
const PATIENCE = 3000;
// Time limit of one answer.
const LIMIT = 5000;
// Pause after a failure; the first retry is immediate.
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

// Calls `shown` with a state and its picture, which is null if it has not changed, and `lost` without a sign of life; `shown`
// returns whether the state's picture is on display. A hidden page gives up its connection.
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
        // Ask again for a picture that is not on display: it arrived damaged, or was removed when the device was lost. Do not ask
        // for the state again: if the picture never comes, the page would ask without a pause.
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
