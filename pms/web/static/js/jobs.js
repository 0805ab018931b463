// A job at an encoder, seen live in a dialog of its own. The server draws it; here it is opened, closed, found again
// after a reload, said aloud, and its time is counted down. Closing the dialog never ends the job.
import { hotelNow } from "./clock.js";
import { load, redraw, refresh } from "./fragments.js";
import { count } from "./ages.js";

const OPEN = "innkeeper.job";
const TICK_MS = 250;
const GRACE_MS = 1500;
const dialog = document.getElementById("job");
let from = null;

/** Serve the dialog, where the page has one. */
export function startJobs() {
  if (!dialog) return;
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-job-open]");
    if (opener) openJob(opener.dataset.jobOpen);
  });
  document.addEventListener("hotel:done", ({ detail: { form, answer } }) => {
    const page = form.dataset.job;
    if (page) openJob(page.replace("{id}", answer.id));
  });
  dialog.addEventListener("close", closed);
  dialog.addEventListener("hotel:drawn", drawn);
  setInterval(countDown, TICK_MS);
  const left = sessionStorage.getItem(OPEN);
  if (left) openJob(left);
}

/** Show the job whose page is `address`, in place of another one that is shown. */
async function openJob(address) {
  const html = await load(address);
  if (html === null) return sessionStorage.removeItem(OPEN);
  sessionStorage.setItem(OPEN, address);
  dialog.querySelector(".problem").hidden = true;
  const region = dialog.querySelector("[data-job-body]");
  region.dataset.fragment = address;
  region.dataset.watch = `job:${address.split("/").pop()}`;
  region.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (!dialog.open) {
    from = document.activeElement?.id || null;
    dialog.showModal();
  }
  count();
  drawn();
  redraw(region);
  dialog.querySelector("h2")?.focus();
}

function closed() {
  sessionStorage.removeItem(OPEN);
  const region = dialog.querySelector("[data-job-body]");
  delete region.dataset.fragment;
  region.replaceChildren();
  const home = document.getElementById(from) ?? document.getElementById("open-key") ?? document.getElementById("content");
  home.focus({ preventScroll: true });
}

/** What has changed is said to who cannot see it; the keyboard is never left on a button that is gone. */
function drawn() {
  const shown = dialog.querySelector("[data-say]");
  if (dialog.querySelector(".end-of-job")) sessionStorage.removeItem(OPEN); // seen to its end: not shown once more
  const says = document.getElementById("job-says");
  if (shown && says.textContent !== shown.dataset.say) says.textContent = shown.dataset.say;
  if (dialog.open && !dialog.contains(document.activeElement)) dialog.querySelector("h2")?.focus();
  countDown();
}

function countDown() {
  for (const node of document.querySelectorAll("[data-deadline]")) {
    const seconds = Math.max(0, Math.ceil((Date.parse(node.dataset.deadline) - hotelNow()) / 1000));
    showLeft(node, seconds);
    if (seconds === 0 && !("over" in node.dataset)) {
      node.dataset.over = "";
      setTimeout(refresh, GRACE_MS);
    }
  }
}

function showLeft(node, seconds) {
  const words = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const text = node.querySelector(".text");
  if (text.textContent !== words) text.textContent = words;
  const bar = node.querySelector("progress");
  if (bar) bar.value = seconds;
}
