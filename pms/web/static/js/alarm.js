// A critical alert is seen on every page, and heard where the sound is on, until somebody acknowledges it. One of high
// priority is heard once, when it is new.
const EVERY_MS = 4000;
const STORED = "innkeeper.sound";
let audio = null;
let called = null;

/** Serve the alarm strip, the count beside the navigation and the sound switch. */
export function startAlarm() {
  const strip = document.getElementById("alarm");
  if (!strip) return;
  document.addEventListener("hotel:drawn", look);
  look();
  const button = document.getElementById("sound");
  if (button) serveButton(button);
  else if (wanted()) document.addEventListener("pointerdown", wake, { once: true });
  setInterval(ring, EVERY_MS);
}

const wanted = () => localStorage.getItem(STORED) === "on";
const ringing = () => Number(document.getElementById("alarm-state")?.dataset.ringing ?? 0);

function look() {
  const state = document.getElementById("alarm-state");
  const count = document.getElementById("alarm-count");
  if (!state || !count) return;
  count.textContent = Number(state.dataset.waiting) || "";
  count.setAttribute("title", count.dataset.label);
  call(state.dataset.calling?.split(" ").filter(Boolean) ?? []);
  document.documentElement.toggleAttribute("data-ringing", ringing() > 0);
  const mark = ringing() ? "⚠ " : "";
  document.title = mark + document.title.replace(/^⚠ /, "");
}

function serveButton(button) {
  paint(button);
  if (wanted()) document.addEventListener("pointerdown", wake, { once: true });
  button.addEventListener("click", () => {
    localStorage.setItem(STORED, wanted() ? "off" : "on");
    if (wanted()) wake();
    paint(button);
    ring();
  });
}

function paint(button) {
  button.setAttribute("aria-pressed", String(wanted()));
  button.querySelector("span").textContent = wanted() ? button.dataset.on : button.dataset.off;
  button.querySelector("use").setAttribute("href", wanted() ? "#i-bell" : "#i-mute");
}

function wake() {
  audio ??= new AudioContext();
  audio.resume();
}

function ring() {
  if (!audio || !wanted() || !ringing()) return;
  for (const [start, pitch] of [[0, 880], [0.22, 660], [0.44, 880]]) tone(audio.currentTime + start, pitch);
}

/** Those that were there when the page was opened have been heard elsewhere. */
function call(waiting) {
  const fresh = called !== null && waiting.some((id) => !called.has(id));
  called = new Set(waiting);
  if (!fresh || !wanted() || ringing()) return;
  document.documentElement.dataset.called = String(Number(document.documentElement.dataset.called ?? 0) + 1);
  if (audio) tone(audio.currentTime, 660);
}

function tone(at, pitch) {
  const oscillator = new OscillatorNode(audio, { frequency: pitch });
  const volume = new GainNode(audio, { gain: 0.15 });
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.18);
}
