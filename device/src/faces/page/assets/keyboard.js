// Keys. Ignored in text fields and while a dialog is open.

export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const where = document.activeElement;
    if (where?.closest("input, textarea, select, dialog")) return;
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
