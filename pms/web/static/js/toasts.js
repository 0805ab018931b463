// Short words about what was done, with a way back where there is one.
const PLAIN_MS = 4500;
const UNDO_MS = 8000;

/** Say `words`; with `undo` = {label, run} a button takes it back. */
export function toast(words, undo = null) {
  const box = document.getElementById("toasts");
  const node = document.createElement("div");
  node.className = "toast";
  node.append(Object.assign(document.createElement("span"), { textContent: words }));
  if (undo) node.append(undoButton(node, undo));
  box.replaceChildren(...[...box.children].slice(-2), node);
  expire(node, undo ? UNDO_MS : PLAIN_MS);
}

/** The time to read it does not run while a dialog lies over it. */
function expire(node, ms) {
  setTimeout(() => (document.querySelector("dialog[open]") ? expire(node, ms) : node.remove()), ms);
}

function undoButton(node, undo) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: undo.label });
  button.addEventListener("click", () => {
    node.remove();
    undo.run();
  });
  return button;
}
