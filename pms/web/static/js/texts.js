// The few texts that appear without the server, in the reader's language.
const node = document.getElementById("texts");
const texts = node ? JSON.parse(node.textContent) : {};

/** The text of `key` with its {parameters} filled in. */
export function text(key, parameters = {}) {
  const pattern = texts[key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => parameters[name] ?? whole);
}

/** The text of `key`, or null where the catalogue has none. */
export const textOrNull = (key) => texts[key] ?? null;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** A length of time, short: "12 s", "5 min", "2 h 5 min", "3 d". */
export function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return text("age.seconds", { n: whole });
  if (whole < HOUR) return text("age.minutes", { n: Math.floor(whole / MINUTE) });
  if (whole < DAY) return hours(whole);
  return text("age.days", { n: Math.floor(whole / DAY) });
}

function hours(whole) {
  const h = Math.floor(whole / HOUR);
  const m = Math.floor((whole % HOUR) / MINUTE);
  return m && h < 10 ? text("age.hours_minutes", { h, m }) : text("age.hours", { n: h });
}
