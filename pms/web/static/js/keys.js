// Issuing keys: the desk's own encoder is remembered in this browser, and a check-in goes on to the key by itself.
const ENCODER = "innkeeper.encoder";
const PATIENCE_MS = 5000;

/** Serve the forms that name an encoder, and those that lead on to another dialog or page. */
export function startKeys() {
  document.addEventListener("hotel:opened", (event) => prefer(event.target, event.detail));
  document.addEventListener("submit", (event) => fillIn(event.target), true);
  document.addEventListener("hotel:done", ({ detail: { form, answer } }) => {
    if (answer?.encoder) localStorage.setItem(ENCODER, answer.encoder);
    goOn(form.dataset.then ?? "", answer);
  });
  openNamed();
}

/** An address may end in the name of a button that opens a dialog: `/rooms/102#open-key`. */
function openNamed() {
  const button = document.getElementById(location.hash.slice(1));
  if (!button?.matches("button[data-open]:enabled")) return;
  history.replaceState(null, "", location.pathname + location.search);
  button.click();
}

/** A dialog has opened: our own encoder is chosen if it can be, and whatever its opener asked for. */
function prefer(dialog, opener) {
  const wanted = [localStorage.getItem(ENCODER), opener.dataset.choose];
  for (const field of dialog.querySelectorAll("input[type=radio]:enabled")) {
    if (wanted.includes(field.value)) field.checked = true;
  }
}

/** A form of one button takes our own encoder where that can be used, else the one the server put there. */
function fillIn(form) {
  const field = form.querySelector("input[type=hidden][data-usable]");
  const mine = localStorage.getItem(ENCODER);
  if (field && mine && field.dataset.usable.split(" ").includes(mine)) field.value = mine;
}

function goOn(then, answer) {
  if (then.startsWith("/")) {
    location.assign(then.replace(/\{(\w+)\}/g, (whole, name) => encodeURIComponent(answer?.[name] ?? whole)));
  } else if (then) {
    openWhenThere(then);
  }
}

/** Press a button that the new state of the room brings, where there is an encoder to go on with, unless somebody has
 * opened something else meanwhile. */
function openWhenThere(id) {
  const until = performance.now() + PATIENCE_MS;
  document.addEventListener("hotel:drawn", function look() {
    const button = document.querySelector(`button#${id}:enabled`);
    const usable = document.querySelector(`dialog#${button?.dataset.open} input[name=encoder]:enabled`);
    if (usable && !document.querySelector("dialog[open]")) button.click();
    if (button || performance.now() > until) document.removeEventListener("hotel:drawn", look);
  });
}
