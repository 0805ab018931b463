// Ages count up by themselves, and turn stale at their limit even when nothing more is heard.
import { hotelNow } from "./clock.js";
import { age, text } from "./texts.js";

const seen = new WeakMap();
const zone = document.documentElement.dataset.zone ?? "UTC";
const wall = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });

/** Count every second, and at once for what has just been put on the page. */
export function startAges() {
  count();
  setInterval(count, 1000);
}

/** Bring all ages of the page up to date. */
export function count() {
  put(document.getElementById("clock"), wall.format(hotelNow()));
  for (const node of document.querySelectorAll("[data-age]")) countAge(node);
  for (const node of document.querySelectorAll("time[data-since]")) countSince(node);
}

function countAge(node) {
  if (!seen.has(node)) seen.set(node, hotelNow() - Number(node.dataset.age) * 1000);
  const seconds = (hotelNow() - seen.get(node)) / 1000;
  put(node.querySelector(".text"), age(seconds));
  if (node.dataset.limit && seconds > Number(node.dataset.limit) && !node.classList.contains("stale")) turnStale(node);
}

function countSince(node) {
  put(node, age((hotelNow() - Date.parse(node.dateTime)) / 1000));
}

function put(node, words) {
  if (node && node.textContent !== words) node.textContent = words;
}

function turnStale(node) {
  node.classList.add("stale");
  const word = document.createElement("span");
  word.textContent = `${text("age.stale")} `;
  node.prepend(word);
}
