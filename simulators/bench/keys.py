"""What a key job costs beyond the card itself, and whether encoders wait for one another.

The encoders are simulated chips on pseudo-terminals: their part of a job is measured beside it, by a bare loop that
says the same bytes to the same chip. What is left is ours: the request, two databases, the link and the encoder's line.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from simulators.bench import hotels
from simulators.bench.bare_encoder import bare, spoken
from simulators.bench.product import Product, product
from simulators.bench.report import Figure, Report, median, quantile
from simulators.encoder.deck import Deck
from simulators.encoder.encoder import SerialPort, SimulatedEncoder

ENCODERS = 20
ROOMS = [f"1{number:02d}" for number in range(1, ENCODERS + 1)]
KEYS = 60
WARM_UP = 10
ALLOWED_MS = 50.0
LATE_S = 0.06
"""How late each answer of an encoder is when all are at work at once: a card then takes about a second."""
HUNG_S = 1.0
"""How late those are beside which one quick encoder is measured."""
TOGETHER, BESIDE = 2.0, 1.5
"""What twenty at once, and one beside nineteen hung ones, may take: so many times one alone."""
PASSWORD = "a long bench password"  # noqa: S105 - of a hotel that lives for a minute

ENCODER = '\n[[line]]\nid = "{0}"\nkind = "serial"\npath = "{0}.tty"\n\n[[device]]\nid = "{0}"\nline = "{0}"\n'
NAMES = [f"desk-{number}" for number in range(1, ENCODERS + 1)]


def devices_toml() -> str:
    """A lock in each room, and the encoders."""
    desks = "".join(ENCODER.format(name) + 'profile = "pn532"\n' for name in NAMES)
    return hotels.devices_toml(ROOMS, ("lock",)) + desks


@dataclass
class FrontDesk:
    """The API as a clerk's browser uses it: what is asked is posted, what became of it comes by the event stream."""

    made: Product
    http: aiohttp.ClientSession
    ended: dict[str, float] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call. Raises RuntimeError when it is refused."""
        async with self.http.request(method, f"/api/v1/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise RuntimeError(f"{path}: {answer}")
            return answer

    async def listen(self) -> None:
        """Note when each key's end is told."""
        async with self.http.get("/api/v1/events", timeout=aiohttp.ClientTimeout(total=None)) as response:
            async for line in response.content:
                if line.startswith(b"data:"):
                    await self._take(json.loads(line[5:]))

    async def _take(self, event: dict[str, Any]) -> None:
        state = event.get("payload", {}).get("state")
        if event.get("kind") != "key.changed" or state not in {"confirmed", "failed", "expired", "unknown"}:
            return
        async with self._news:
            if state != "confirmed":
                self.bad.append(str(event["payload"]))
            self.ended.setdefault(str(event["subject"]), time.perf_counter())
            self._news.notify_all()

    async def key(self, stay: str, encoder: str, kind: str) -> float:
        """A key for a card that lies there already: milliseconds from the request to the news of its end."""
        begun = time.perf_counter()
        made = await self.call("POST", "keys", {"stay": stay, "type": kind, "encoder": encoder})
        async with self._news:
            await self._news.wait_for(lambda: made["id"] in self.ended)
        return (self.ended[made["id"]] - begun) * 1000


class Cards:
    """Simulated encoders with a blank card on each, in our own process."""

    def __init__(self, data: Path) -> None:
        self.deck = Deck(1)
        self.encoders = {name: SimulatedEncoder(SerialPort(data / f"{name}.tty")) for name in NAMES}

    async def plug(self) -> None:
        """All of them appear."""
        for encoder in self.encoders.values():
            await encoder.plug()

    def unplug(self) -> None:
        """All of them vanish."""
        for encoder in self.encoders.values():
            encoder.unplug()

    def fresh(self, name: str) -> None:
        """A new card in place of the one that lies there."""
        self.encoders[name].field.swap(self.deck.blank())


@contextlib.asynccontextmanager
async def desk_of(made: Product, token: str) -> AsyncIterator[FrontDesk]:
    """A clerk who has signed in and watches."""
    url, headers = f"http://127.0.0.1:{made.http_port}", {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        desk = FrontDesk(made, http)
        listening = asyncio.create_task(desk.listen())
        try:
            yield desk
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _all_up(desk: FrontDesk) -> None:
    for _ in range(120):
        if {one["state"] for one in (await desk.call("GET", "encoders"))["items"]} == {"up"}:
            return
        await asyncio.sleep(0.5)
    raise TimeoutError("not every encoder came up within a minute")


async def _stays(desk: FrontDesk) -> dict[str, str]:
    """A guest in each room, by encoder."""
    departure = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    found = {}
    for room, name in zip(ROOMS, NAMES, strict=True):
        asked = {"room": room, "departure": departure, "guests": 1, "guest": {"name": f"Guest {room}"}}
        found[name] = str((await desk.call("POST", "stays", asked | {"override_reason": "bench"}))["id"])
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds. `keys`: one after another on an encoder that answers at once, `bare` the chip's part of that,
    `beside` the same while all others hang; `alone`: with late answers, `together`: the same at every encoder at once.
    """

    keys: list[float]
    bare: list[float]
    beside: list[float]
    alone: list[float]
    together: list[float]


async def measured(made: Product, token: str) -> Measured:
    """Everything, on one running hotel."""
    cards = Cards(made.data)
    await cards.plug()
    try:
        async with desk_of(made, token) as desk:
            await _all_up(desk)
            stays = await _stays(desk)
            first = NAMES[0]
            cards.fresh(first)
            said = await spoken(cards.encoders[first], desk.key(stays[first], first, "new"))
            keys = [await _next_key(cards, desk, stays[first]) for _ in range(WARM_UP + KEYS)][WARM_UP:]
            loops = [await bare(made.data / "bare.tty", cards.deck, said) for _ in range(WARM_UP)]
            beside = await _beside(cards, desk, stays)
            return Measured(keys, loops, beside, *await _late(cards, desk, stays))
    finally:
        cards.unplug()


async def _next_key(cards: Cards, desk: FrontDesk, stay: str) -> float:
    cards.fresh(NAMES[0])
    return await desk.key(stay, NAMES[0], "duplicate")


async def _beside(cards: Cards, desk: FrontDesk, stays: dict[str, str]) -> list[float]:
    others = NAMES[1:]
    for name in others:
        cards.encoders[name].faults.slow_s = HUNG_S
        cards.fresh(name)
    hung = [asyncio.create_task(desk.key(stays[name], name, "new")) for name in others]
    await asyncio.sleep(HUNG_S)
    quick = [await _next_key(cards, desk, stays[NAMES[0]]) for _ in range(WARM_UP)]
    if any(task.done() for task in hung):
        raise RuntimeError("the others were to hang all the while")
    for name in others:
        cards.encoders[name].faults.slow_s = 0.0
    await asyncio.gather(*hung)
    return quick


async def _late(cards: Cards, desk: FrontDesk, stays: dict[str, str]) -> tuple[list[float], list[float]]:
    for name, encoder in cards.encoders.items():
        encoder.faults.slow_s = LATE_S
        cards.fresh(name)
    alone = [await desk.key(stays[name], name, "new") for name in NAMES[:5]]
    for name in NAMES:
        cards.fresh(name)
    together = await asyncio.gather(*(desk.key(stays[name], name, "replace") for name in NAMES))
    if desk.bad:
        raise RuntimeError(f"not every key was made: {desk.bad[:3]}")
    return alone, list(together)


def keys(report: Report) -> None:
    """Own overhead of a key job, and twenty encoders at once."""
    with product(hotels.hotel_toml(ROOMS), devices_toml()) as made:
        made.start("run")
        made.wait_healthy()
        made.innkeeper("user", "add", "bench", "--role", "manager", "--password-stdin", stdin=f"{PASSWORD}\n")
        found = asyncio.run(measured(made, made.sign_in("bench", PASSWORD)))
    report.add(*_own(found), _beside_hung(found), _together(found))


def _own(found: Measured) -> list[Figure]:
    loop = median(found.bare)
    own = [whole - loop for whole in found.keys]
    counts = (
        f"POST of a key to its end in the event stream, {KEYS} keys on one encoder with a card on it, less what a bare "
        "loop needs for the same bytes at the same simulated chip."
    )
    beside = (loop, "that bare loop, median.")
    usual, late = quantile(own, 0.5), quantile(own, 0.95)
    return [
        Figure("own overhead of a key p50", counts, usual, "ms", *beside),
        Figure("own overhead of a key p95", counts, late, "ms", *beside, f"< {ALLOWED_MS:.0f} ms", late < ALLOWED_MS),
    ]


def _beside_hung(found: Measured) -> Figure:
    quick, usual = quantile(found.beside, 0.95), median(found.keys)
    return Figure(
        f"one encoder beside {ENCODERS - 1} hung ones p95",
        f"a key as above while each other encoder is in the middle of one and answers {HUNG_S:.0f} s late.",
        quick,
        "ms",
        usual,
        "the same while the others rest, median.",
        f"<= {BESIDE} x alone",
        quick <= BESIDE * usual,
    )


def _together(found: Measured) -> Figure:
    alone, last = median(found.alone), max(found.together)
    return Figure(
        f"{ENCODERS} encoders at once, the last",
        f"{ENCODERS} keys asked for at once, each at its own encoder that answers {LATE_S * 1000:.0f} ms late.",
        last,
        "ms",
        alone,
        "one such key alone, median of 5; served in turn they would take 20 times that.",
        f"<= {TOGETHER} x alone",
        last <= TOGETHER * alone,
    )
