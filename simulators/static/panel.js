// The demo's panel: asks once a second what is true, and sends what is to happen.
const SPEEDS = [1, 5, 20, 60, 120, 300, 600];
const main = document.querySelector("#content");
const words = JSON.parse(main.dataset.words);
const find = (selector, root = document) => root.querySelector(selector);
const say = (text) => { find("#say").textContent = text; };
const filled = (text, value) => text.replace("{}", value);
let state = null;
let sliding = false;

async function send(path, body, label) {
  try {
    const response = await fetch(`/demo/api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    say(response.ok ? filled(words.done, label) : filled(words.failed, await response.text()));
  } catch {
    say(words.lost);
  }
  await refresh();
}

function truth(room) {
  const said = [];
  if (room.guests) {
    said.push(room.guests === 1 ? words.guest_one : filled(words.guests, room.guests));
    if (room.asleep) said.push(words.asleep);
  } else if (!room.staff) {
    said.push(words.empty);
  }
  const more = [
    [room.staff && !room.cleaning, words.staff], [room.cleaning, words.cleaning], [room.door === "open", words.door_open],
    [room.window === true, words.window_open], [room.leak === true, words.wet], [room.smoke === true, words.smoking],
    [room.request === "dnd", words.dnd], [room.request === "mur", words.mur], [room.heating_broken, words.broken],
  ];
  return said.concat(more.filter(([is]) => is).map(([, text]) => text)).join(" · ");
}

function chosen() {
  const number = find('input[name="room"]:checked')?.value;
  return state?.rooms.find((room) => room.number === number);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function button(label, device, action, value) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = label;
  made.setAttribute("aria-label", `${label}: ${device}`);
  made.addEventListener("click", () => send(`devices/${encodeURIComponent(device)}/${action}`, { value }, `${device}, ${label}`));
  return made;
}

function deviceRow(device) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = device.id;
  const health = device.alive ? (device.stuck ? words.stuck : words.alive) : words.dead;
  const cells = [health, device.battery === undefined || device.battery === null ? "–" : `${device.battery} %`].map((text) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  });
  const actions = document.createElement("td");
  const group = document.createElement("div");
  group.className = "actions";
  group.append(device.alive ? button(words.die, device.id, "alive", false) : button(words.revive, device.id, "alive", true));
  group.append(device.stuck ? button(words.unstick, device.id, "stuck", false) : button(words.stick, device.id, "stuck", true));
  if (typeof device.battery === "number") {
    const flat = device.battery <= 10;
    group.append(button(flat ? words.fresh : words.flat, device.id, "battery", flat ? 100 : 3));
  }
  actions.append(group);
  row.append(name, ...cells, actions);
  return row;
}

let shown = "";
function showRoom() {
  const room = chosen();
  if (!room) return;
  put(find("#room-name"), room.number);
  put(find("#room-truth"), `${truth(room)} · ${room.temperature} °C`);
  const now = JSON.stringify([room.number, room.devices]);
  const body = find("#devices");
  if (now !== shown && !body.contains(document.activeElement)) {
    shown = now;
    body.replaceChildren(...room.devices.map(deviceRow));
  } else if (now !== shown) {
    const at = document.activeElement.getAttribute("aria-label");
    const index = [...body.querySelectorAll("button")].indexOf(document.activeElement);
    shown = now;
    body.replaceChildren(...room.devices.map(deviceRow));
    const buttons = [...body.querySelectorAll("button")];
    (buttons.find((one) => one.getAttribute("aria-label") === at) ?? buttons[index])?.focus();
  }
}

function showTime() {
  const time = find("#now");
  time.dateTime = state.now;
  put(time, new Date(state.now).toLocaleString(document.documentElement.lang));
  const slider = find("#speed");
  const index = SPEEDS.findIndex((speed) => speed >= state.speed);
  if (!sliding && !state.forward.active) slider.value = index < 0 ? SPEEDS.length - 1 : index;
  const speed = sliding ? SPEEDS[slider.value] : Math.round(state.speed);
  put(find("#speed-value"), filled(words.speed_value, speed));
  slider.setAttribute("aria-valuetext", filled(words.speed_value, SPEEDS[slider.value]));
  find("#stop").hidden = !state.forward.active;
  find("#progress").hidden = !state.forward.active;
  find("#progress").value = state.forward.progress;
}

function show() {
  showTime();
  for (const line of state.lines) {
    const mark = find(`[data-line="${CSS.escape(line.id)}"] [data-part="state"]`);
    if (!mark) continue;
    put(mark, line.up ? words.line_up : words.line_down);
    mark.className = `mark ${line.up ? "ready" : "danger"}`;
    const pressed = find(`[data-line="${CSS.escape(line.id)}"] button`);
    pressed.dataset.lineAction = line.up ? "cut" : "restore";
    put(pressed, line.up ? words.cut : words.restore);
    pressed.setAttribute("aria-label", `${pressed.textContent}: ${line.id}`);
  }
  for (const room of state.rooms) {
    const part = find(`[data-room="${CSS.escape(room.number)}"] [data-part="truth"]`);
    if (part) put(part, truth(room));
  }
  showRoom();
}

async function refresh() {
  try {
    state = await (await fetch("/demo/api/state")).json();
    if (find("#say").textContent === words.lost) say("");
    show();
    document.dispatchEvent(new CustomEvent("panel:state", { detail: state }));
  } catch {
    say(words.lost);
  }
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  const { action, value, hours, lineAction, name } = pressed.dataset;
  const label = pressed.getAttribute("aria-label") ?? pressed.textContent;
  if (action) {
    const number = find('input[name="room"]:checked').value;
    send(`rooms/${encodeURIComponent(number)}/${action}`, { value: JSON.parse(value) }, `${number}, ${label}`);
  } else if (hours) {
    send("forward", { hours: Number(hours) }, label);
  } else if (lineAction) {
    send(`lines/${encodeURIComponent(name)}/${lineAction}`, {}, label);
  } else if (pressed.id === "stop") {
    send("forward/stop", {}, label);
  }
});
document.addEventListener("change", (event) => {
  if (event.target.name === "room") showRoom();
});
find("#speed").addEventListener("input", (event) => {
  sliding = true;
  put(find("#speed-value"), filled(words.speed_value, SPEEDS[event.target.value]));
});
find("#speed").addEventListener("change", async (event) => {
  await send("clock", { speed: SPEEDS[event.target.value] }, words.speed);
  sliding = false;
});

refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1000);
