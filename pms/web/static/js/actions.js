// Forms that speak to the API: one request however often the button is pressed, a word when it is done, a way back.
import { Problem, freshKey, send } from "./api.js";
import { valuesOf } from "./forms.js";
import { refresh } from "./fragments.js";
import { text } from "./texts.js";
import { toast } from "./toasts.js";

const keys = new WeakMap();

/** Serve every form marked with data-api, also those that arrive later. */
export function startActions() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.api) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true" && complete(form)) submit(form);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && "autosubmit" in form.dataset) form.requestSubmit();
  });
}

/** A field that is asked for by a choice: the reason of a block, why a room that is not ready is given away. */
function demand(form) {
  for (const field of form.querySelectorAll("[data-required-unless]")) {
    field.required = form.querySelector(`:checked[value="${field.dataset.requiredUnless}"]`) === null;
  }
  for (const field of form.querySelectorAll("[data-required-when]")) {
    field.required = form.querySelector(field.dataset.requiredWhen) !== null;
  }
}

function complete(form) {
  demand(form);
  const wrong = [...form.elements].find((field) => field.willValidate && !field.validity.valid);
  for (const field of form.elements) field.removeAttribute?.("aria-invalid");
  if (!wrong) return true;
  wrong.setAttribute("aria-invalid", "true");
  say(form, wrong.validationMessage);
  wrong.focus();
  return false;
}

async function submit(form) {
  busy(form, true);
  say(form, "");
  try {
    const answer = await send(form.dataset.api, form.getAttribute("action"), valuesOf(form), headersFor(form));
    keys.delete(form);
    form.closest("dialog:not([data-lasting])")?.close("done");
    done(form, answer);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    failed(form, problem);
  } finally {
    busy(form, false);
  }
}

function headersFor(form) {
  const headers = {};
  if ("keyed" in form.dataset) {
    if (!keys.has(form)) keys.set(form, freshKey());
    headers["Idempotency-Key"] = keys.get(form);
  }
  if (form.dataset.version) headers["If-Match"] = `"${form.dataset.version}"`;
  return headers;
}

/** Say it, unless what follows says more: the job that has begun, the page that comes next. */
function done(form, answer) {
  document.dispatchEvent(new CustomEvent("hotel:done", { detail: { form, answer } })); // the form may have been redrawn
  if ("silent" in form.dataset || form.dataset.then?.startsWith("/")) return refresh();
  const words = form.dataset.done || text("common.done");
  const url = form.dataset.undo?.replace("{id}", answer?.id ?? "");
  toast(words, url ? { label: text("common.undo"), run: () => takeBack(url) } : null);
  refresh();
}

async function takeBack(url) {
  try {
    await send("POST", url, {}, { "Idempotency-Key": freshKey() });
    toast(text("common.undone"));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
  }
  refresh();
}

function failed(form, problem) {
  if (problem.answer.status) keys.delete(form);
  if (!say(form, problem.message)) toast(problem.message);
  refresh();
}

function say(form, words) {
  const box = form.querySelector(".problem") ?? form.closest("dialog")?.querySelector(".problem");
  if (!box) return false;
  box.textContent = words;
  box.hidden = !words;
  return true;
}

function busy(form, on) {
  form.setAttribute("aria-busy", String(on));
  for (const button of form.querySelectorAll("button:not([data-close])")) button.setAttribute("aria-busy", String(on));
}
