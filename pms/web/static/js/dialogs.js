// Dialogs: opened by a button that says what about (data-fill: values of fields, as JSON), closed by Esc, the focus goes back to where it was.
import { settle } from "./fragments.js";

/** Serve data-open and data-close buttons, also those that arrive later. */
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener && !opener.disabled) open(opener);
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });
}

function open(opener) {
  const dialog = document.getElementById(opener.dataset.open);
  if (!dialog) return;
  const form = dialog.querySelector("form");
  if (opener.dataset.action) form.setAttribute("action", opener.dataset.action);
  const title = dialog.querySelector("[data-slot=title]");
  if (title) title.textContent = opener.dataset.title ?? "";
  for (const [name, value] of Object.entries(JSON.parse(opener.dataset.fill ?? "{}"))) form.elements[name].value = value;
  for (const part of dialog.querySelectorAll("[data-when=present]")) part.hidden = opener.dataset.present !== "yes";
  dialog.dispatchEvent(new CustomEvent("hotel:opened", { bubbles: true, detail: opener }));
  const from = opener.id || marked(opener);
  dialog.addEventListener("close", () => closed(form, from), { once: true });
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden], [type=radio]), input:checked, select, textarea")?.focus();
}

function closed(form, from) {
  form.reset();
  const problem = form.querySelector(".problem");
  if (problem) problem.hidden = true;
  document.getElementById(from)?.focus();
  settle();
}

let given = 0;
function marked(opener) {
  given += 1;
  opener.id = `opener-${opener.dataset.open}-${opener.dataset.title?.replace(/\W+/g, "-") ?? given}`;
  return opener.id;
}
