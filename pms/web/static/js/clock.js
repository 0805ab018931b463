// The hotel's clock as the server tells it. A demo may run faster than life: the pace is learnt from what we hear.
let anchor = Date.parse(document.documentElement.dataset.now ?? "") || Date.now();
let heard = performance.now();
let pace = 1;

/** The hotel's present instant, milliseconds. */
export const hotelNow = () => anchor + (performance.now() - heard) * pace;

/** Take the server's word for the time. Two words far enough apart tell the pace. */
export function hear(instant) {
  const told = Date.parse(instant);
  if (Number.isNaN(told)) return;
  const now = performance.now();
  if (now - heard > 2000) pace = paceFrom((told - anchor) / (now - heard));
  anchor = told;
  heard = now;
}

function paceFrom(measured) {
  if (measured < 0.5 || measured > 100000) return pace;
  return Math.abs(measured - 1) < 0.2 ? 1 : measured;
}
