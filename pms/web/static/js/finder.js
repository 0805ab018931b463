// A long list of choices in a dialog is narrowed by typing.

/** Serve every field marked with data-narrows: it shows only the choices whose data-words hold what is typed. */
export function startFinder() {
  document.addEventListener("input", (event) => {
    const list = document.getElementById(event.target.dataset.narrows ?? "");
    if (list) narrow(list, event.target.value.trim().toLowerCase());
  });
}

function narrow(list, typed) {
  const choices = [...list.querySelectorAll("[data-words]")];
  for (const choice of choices) choice.hidden = !choice.dataset.words.toLowerCase().includes(typed);
  const shown = choices.filter((choice) => !choice.hidden);
  if (shown.length && !shown.some((choice) => choice.querySelector(":checked"))) {
    shown[0].querySelector("input").checked = true;
  }
  const none = list.querySelector("[data-none]");
  if (none) none.hidden = shown.length > 0;
}
