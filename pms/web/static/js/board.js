// The room board: find a room, show some of them, open one beside the others.
import { load } from "./fragments.js";
import { count } from "./ages.js";

const wide = matchMedia("(min-width: 68rem)");
const chosen = { status: "all", floor: "", q: "" };

/** Serve the board when the page has one. */
export function startBoard() {
  if (!document.getElementById("floors")) return;
  readAddress();
  document.querySelector("[data-board-status]").addEventListener("click", pickStatus);
  const tools = document.querySelector("[data-board-tools]");
  tools.addEventListener("input", () => pickFields(tools));
  tools.addEventListener("submit", (event) => {
    event.preventDefault();
    openFirst();
  });
  document.addEventListener("hotel:drawn", show);
  document.getElementById("floors").addEventListener("click", openBeside);
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawer());
  document.addEventListener("click", (event) => event.target.closest("[data-drawer-close]") && closeDrawer());
  show();
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of Object.keys(chosen)) chosen[name] = query.get(name) ?? chosen[name];
  document.getElementById("floor").value = chosen.floor;
  document.getElementById("find").value = chosen.q;
}

function pickStatus(event) {
  const chip = event.target.closest("[data-status]");
  if (!chip) return;
  chosen.status = chip.dataset.status === chosen.status ? "all" : chip.dataset.status;
  show();
  writeAddress();
}

function pickFields(tools) {
  chosen.floor = tools.elements.floor.value;
  chosen.q = tools.elements.q.value.trim();
  show();
  writeAddress();
}

function writeAddress() {
  const query = new URLSearchParams(Object.entries(chosen).filter(([name, value]) => value && !(name === "status" && value === "all")));
  history.replaceState(null, "", query.size ? `/rooms?${query}` : "/rooms");
}

const tiles = () => [...document.querySelectorAll("#floors .tile")];

function hasStatus(tile, status) {
  if (status === "all") return true;
  if (status === "guest_in") return tile.dataset.in === "occupied";
  if (status === "attention") return "attention" in tile.dataset;
  return tile.dataset.tone === status;
}

function isWanted(tile) {
  const floor = tile.closest("[data-floor]").dataset.floor;
  return (!chosen.floor || floor === chosen.floor) && tile.dataset.number.includes(chosen.q) && hasStatus(tile, chosen.status);
}

function show() {
  const all = tiles();
  for (const tile of all) tile.hidden = !isWanted(tile);
  for (const floor of document.querySelectorAll("[data-floor]")) floor.hidden = !floor.querySelector(".tile:not([hidden])");
  for (const chip of document.querySelectorAll("[data-status]")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.status === chosen.status));
    chip.querySelector("[data-count]").textContent = all.filter((tile) => hasStatus(tile, chip.dataset.status)).length;
  }
  tell(all.filter((tile) => !tile.hidden).length, all.length);
}

function tell(shown, total) {
  const node = document.getElementById("shown");
  const words = node.dataset.template.replace("{shown}", shown).replace("{total}", total);
  if (node.textContent !== words) node.textContent = words;
  document.getElementById("none-shown").hidden = shown > 0 || total === 0;
}

function openFirst() {
  const tile = tiles().find((one) => !one.hidden);
  if (tile) tile.click();
}

async function openBeside(event) {
  const tile = event.target.closest(".tile");
  if (!tile || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const html = await load(`/rooms/${encodeURIComponent(tile.dataset.number)}/detail`);
  if (html === null) return location.assign(tile.href);
  fill(tile, html);
}

function fill(tile, html) {
  const drawer = document.getElementById("drawer");
  const number = tile.dataset.number;
  drawer.dataset.fragment = `/rooms/${encodeURIComponent(number)}/detail`;
  drawer.dataset.watch = `room:${number}`;
  drawer.dataset.whole = "";
  drawer.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  drawer.hidden = false;
  drawer.scrollTop = 0;
  for (const other of tiles()) other.classList.toggle("chosen", other.dataset.number === number);
  drawer.focus({ preventScroll: true });
  count();
}

function closeDrawer() {
  const drawer = document.getElementById("drawer");
  if (drawer.hidden || document.querySelector("dialog[open]")) return;
  drawer.hidden = true;
  delete drawer.dataset.fragment;
  drawer.replaceChildren();
  const tile = document.querySelector(".tile.chosen");
  tile?.classList.remove("chosen");
  tile?.focus();
}
