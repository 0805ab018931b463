// Parts of the page the server draws again when something changed. Many changes in a moment make one request;
// nothing is redrawn under an open dialog, and the focus and opened details stay where they were.
import { hear } from "./clock.js";
import { count } from "./ages.js";

const GATHER_MS = 200;
const EVERY_MS = 60000;
const states = new WeakMap();

/** Watch the feed on behalf of every [data-fragment] of the page. */
export function startFragments() {
  document.addEventListener("hotel:change", (event) => {
    for (const region of regions()) if (concerns(region, event.detail)) mark(region, event.detail);
  });
  document.addEventListener("hotel:resync", refresh);
  setInterval(refresh, EVERY_MS);
  for (const region of document.querySelectorAll("[data-every]")) {
    setInterval(() => mark(region, null), Number(region.dataset.every) * 1000);
  }
}

/** Draw everything again soon. */
export function refresh() {
  for (const region of regions()) mark(region, null);
}

/** Draw one region again soon: what happened while it was fetched is not missed. */
export const redraw = (region) => mark(region, null);

/** A dialog has closed: what waited for it may be drawn now. */
export function settle() {
  for (const region of regions()) if (stateOf(region).dirty) schedule(region);
}

/** Take a new region into the watch (a drawer that has just been filled). */
export const regions = () => document.querySelectorAll("[data-fragment]");

function stateOf(region) {
  if (!states.has(region)) states.set(region, { dirty: false, all: false, ids: new Set(), timer: 0, running: false });
  return states.get(region);
}

function concerns(region, change) {
  return region.dataset.watch.split(" ").some((topic) => {
    const [kind, id] = topic.split(":");
    return kind === change.topic && (!id || id === change.id || id === change.subject);
  });
}

function mark(region, change) {
  const state = stateOf(region);
  state.dirty = true;
  if (change && region.dataset.pick) state.ids.add(change.id);
  else state.all = true;
  schedule(region);
}

function schedule(region) {
  const state = stateOf(region);
  if (!state.timer) state.timer = setTimeout(() => draw(region), GATHER_MS);
}

async function draw(region) {
  const state = stateOf(region);
  state.timer = 0;
  if (state.running) return schedule(region);
  if (region.querySelector("dialog[open]") || !region.isConnected) return;
  state.running = true;
  const ids = state.all ? [] : [...state.ids];
  Object.assign(state, { dirty: false, all: false, ids: new Set() });
  const asked = region.dataset.fragment;
  try {
    const html = await load(addressOf(region, ids));
    if (html !== null && region.dataset.fragment === asked) put(region, html, ids.length > 0);
  } finally {
    state.running = false;
  }
}

function addressOf(region, ids) {
  const url = new URL(region.dataset.fragment, location.href);
  if (ids.length) url.searchParams.set(region.dataset.pick, ids.join(","));
  return url;
}

/** The server's HTML for `url`, or null when it cannot be had now. */
export async function load(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15000) });
    hear(response.headers.get("X-Hotel-Time") ?? "");
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}

function put(region, html, some) {
  const drawn = new DOMParser().parseFromString(html, "text/html").body;
  if (region.querySelector("dialog[open]")) return Object.assign(stateOf(region), { dirty: true, all: true });
  if (some || "whole" in region.dataset === false) swapKnown(region, drawn);
  else swapWhole(region, drawn);
  count();
  region.dispatchEvent(new CustomEvent("hotel:drawn", { bubbles: true }));
}

/** Replace, by id, only what looks different. */
function swapKnown(region, drawn) {
  for (const fresh of drawn.querySelectorAll("a[id]")) {
    const old = document.getElementById(fresh.id);
    if (!old || lookOf(old) === lookOf(fresh)) continue;
    const focused = old === document.activeElement;
    fresh.classList.toggle("chosen", old.classList.contains("chosen"));
    fresh.hidden = old.hidden;
    if (meaningOf(old) !== meaningOf(fresh)) fresh.classList.add("changed");
    old.replaceWith(fresh);
    if (focused) fresh.focus();
  }
}

const lookOf = (node) => node.innerHTML + node.dataset.tone;
const meaningOf = (node) => [...node.querySelectorAll(".code, .lines")].map((part) => part.textContent).join();

function swapWhole(region, drawn) {
  const focus = region.contains(document.activeElement) ? markOf(document.activeElement, region) : null;
  const open = [...region.querySelectorAll("details[open][id]")].map((node) => node.id);
  region.replaceChildren(...drawn.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focus) find(focus, region)?.focus({ preventScroll: true });
}

/** How to find an element again after its region was drawn anew: its id, or its place inside the nearest id. */
function markOf(node, region) {
  if (node.id) return { id: node.id };
  const home = node.closest("[id]");
  if (!home || !region.contains(home)) return null;
  return { id: home.id, tag: node.localName, index: [...home.querySelectorAll(node.localName)].indexOf(node) };
}

function find(mark) {
  const home = document.getElementById(mark.id);
  return mark.tag ? (home?.querySelectorAll(mark.tag)[mark.index] ?? home?.querySelector("button, a")) : home;
}
