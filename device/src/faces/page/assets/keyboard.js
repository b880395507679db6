// Keys. Ignored in text fields and while a dialog is open, but for the enlarged field.

export function listen(actions) {
  // Browsers do not scroll to what is in the window already, even where the notice covers it.
  document.addEventListener("focusin", ({ target }) => {
    if (target.closest("dialog, #bottom")) return;
    const hidden = target.getBoundingClientRect().bottom - document.getElementById("bottom").getBoundingClientRect().top;
    if (hidden > 0) scrollBy(0, hidden + 8);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const where = document.activeElement;
    if (where?.closest("input, textarea, select, dialog:not(#large)")) return;
    // Escape closes a dialog, also the enlarged field.
    if (event.key === "Escape" && document.querySelector("dialog[open]")) return;
    // Enter and space belong to the focused button.
    const onButton = Boolean(where?.closest("button, a"));
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (action) {
      event.preventDefault();
      action();
    }
  });
}
