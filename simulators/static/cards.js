// The encoders and key cards of the demo's panel. `panel.js` tells when there is a new state.
const words = JSON.parse(document.querySelector("#content").dataset.words);
const find = (selector) => document.querySelector(selector);
const filled = (text, ...values) => values.reduce((made, value) => made.replace("{}", value), text);
let shown = "";

function named(card) {
  return card.room ? filled(words.card_of, card.credential, card.room) : filled(words.other_card, card.kind);
}

async function post(path, value, heard) {
  const say = (text) => { find("#say").textContent = text; };
  try {
    const response = await fetch(`/demo/api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ value }),
    });
    say(response.ok ? heard(await response.json()) : filled(words.failed, await response.text()));
  } catch {
    say(words.lost);
  }
}

function button(label, about, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = label;
  made.setAttribute("aria-label", `${label}: ${about}`);
  made.addEventListener("click", press);
  return made;
}

function row(title, text, buttons) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = title;
  const said = document.createElement("span");
  said.textContent = text;
  const actions = document.createElement("div");
  actions.className = "actions";
  actions.append(...buttons);
  item.append(name, said, actions);
  return item;
}

function encoderRow(encoder) {
  const act = (label, action, value) =>
    button(label, encoder.id, () => post(`encoders/${encodeURIComponent(encoder.id)}/${action}`, value, () => filled(words.done, `${encoder.id}, ${label}`)));
  const lies = encoder.card ? filled(words.on_it, named(encoder.card)) : words.nothing_on_it;
  const well = encoder.trouble ? act(words.answers_again, "fault", "well") : act(words.fall_silent, "fault", "silent");
  return row(encoder.id, encoder.trouble ? `${lies} · ${words.dead}` : lies, [
    act(words.put_blank, "place", "ntag213"), act(words.put_classic, "place", "mifare_classic"),
    act(words.put_foreign, "place", "foreign"), act(words.take_card, "take", null), well,
  ]);
}

function cardRow(card, encoders) {
  const name = named(card);
  const hold = button(words.hold_to_lock, name, () => {
    const room = find('input[name="room"]:checked').value;
    post(`rooms/${encodeURIComponent(room)}/locks/card`, card.uid, (told) => filled(told.opens ? words.it_opens : words.it_refuses, room));
  });
  const bring = encoders.map(({ id }) => {
    const label = filled(words.bring_to, id);
    return button(label, name, () => post(`encoders/${encodeURIComponent(id)}/bring`, card.uid, () => filled(words.done, `${name}, ${label}`)));
  });
  return row(name, "", [hold, ...bring]);
}

function refill(list, rows) {
  const at = list.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  list.replaceChildren(...rows);
  if (at) [...list.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === at)?.focus();
}

document.addEventListener("panel:state", ({ detail: { encoders, cards } }) => {
  const now = JSON.stringify([encoders, cards]);
  if (now === shown) return;
  shown = now;
  refill(find("#encoders"), encoders.map(encoderRow));
  refill(find("#cards"), cards.map((card) => cardRow(card, encoders)));
  find("#no-cards").hidden = cards.length > 0;
});
