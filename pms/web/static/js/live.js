// The feed: what happens in the hotel, as it happens. The browser resumes from the last event by itself; here we watch
// whether the house still answers, and say so within ten seconds when it does not.
import { hear, hotelNow } from "./clock.js";
import { age, text } from "./texts.js";

const PULSE_MS = 3000;
const PATIENCE_MS = 4000;
const AGAIN_MS = 3000;
const SOUND = "innkeeper.sound";

let source = null;
let offset = document.documentElement.dataset.offset ?? "";
let lostAt = null;
let beatAt = performance.now();

/** Listen, and keep asking whether anybody is there. */
export function startLive() {
  if (!document.getElementById("link-state")) return;
  listen();
  setInterval(pulse, PULSE_MS);
  window.addEventListener("offline", () => lost());
  window.addEventListener("online", pulse);
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : wake()));
}

/** Begin where the page was drawn, so that nothing is missed between the two. */
function listen() {
  source?.close();
  source = new EventSource(`/api/v1/events${offset && `?after=${offset}`}`);
  source.addEventListener("open", found);
  source.addEventListener("error", () => source.readyState === EventSource.CLOSED && setTimeout(listen, AGAIN_MS));
  source.addEventListener("message", take);
}

/** A browser has few connections to one house: a page nobody sees gives its own back, unless it has to ring. */
function rest() {
  if (localStorage.getItem(SOUND) !== "on") source.close();
}

function wake() {
  if (source.readyState === EventSource.CLOSED) listen();
  pulse();
}

function take(message) {
  beatAt = performance.now();
  offset = message.lastEventId || offset;
  let event;
  try {
    event = JSON.parse(message.data);
  } catch {
    return;
  }
  hear(event.at);
  const id = String(event.payload?.room ?? event.subject ?? "");
  for (const topic of topicsOf(event.kind)) {
    document.dispatchEvent(new CustomEvent("hotel:change", { detail: { topic, id, subject: event.subject } }));
  }
}

/** Which parts of a page an event concerns. Whatever happens to a stay shows on its room as well, and keys and
 * cards are jobs at an encoder. */
function topicsOf(kind) {
  const department = kind.split(".")[0];
  const also = { stay: ["room"], task: ["room"], alert: ["room"], cleaning: ["task", "room"], device: ["room"], command: ["room"], key: ["room", "job"], card: ["job"], inventory: ["device"] };
  return [department, ...(also[department] ?? [])];
}

async function pulse() {
  if (document.hidden) return;
  try {
    const response = await fetch("/pulse", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new Error(String(response.status));
    const beat = await response.json();
    hear(beat.now);
    putDate(beat.business_date);
    found();
  } catch {
    lost();
  }
}

function putDate(words) {
  const node = document.getElementById("business-date")?.lastChild;
  if (words && node && node.textContent !== words) node.textContent = words;
}

function found() {
  beatAt = performance.now();
  const wasLost = lostAt !== null;
  lostAt = null;
  show("ok", "live.ok");
  document.getElementById("connection-banner").hidden = true;
  if (wasLost) {
    if (source.readyState === EventSource.CLOSED) listen();
    document.dispatchEvent(new CustomEvent("hotel:resync"));
  }
}

function lost() {
  lostAt ??= hotelNow();
  show("lost", "live.lost");
  const banner = document.getElementById("connection-banner");
  const words = text("live.banner", { age: age((performance.now() - beatAt) / 1000) });
  const slot = banner.querySelector("span");
  if (banner.hidden) slot.textContent = words;
  banner.hidden = false;
}

function show(name, key) {
  const node = document.getElementById("link-state");
  if (node.classList.contains(name)) return;
  node.className = `link-state ${name}`;
  node.querySelector("span").textContent = text(key);
  node.querySelector("use").setAttribute("href", name === "ok" ? "#i-link" : "#i-offline");
}
