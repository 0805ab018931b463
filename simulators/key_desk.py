"""Key cards for the guests of a day: asked for over the API, written by the encoder, taken off it, carried about."""

import asyncio
from collections import defaultdict
from typing import Any

import structlog

from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from simulators.encoder.card import Card
from simulators.hotel import SimulatedHotel

log = structlog.get_logger()

FASTEST = 60.0
"""Hotel seconds a second above which no card is made: a job's deadline would be over before a card can be written."""
LOOK_S = 0.1
LONGEST_S = 15.0
"""Real seconds between two looks at a job, and after which it is given up and the guest goes up without a card."""
UNDER_WAY = frozenset({"accepted", "queued", "waiting", "writing", "checking"})


class KeyDesk:
    """One job at a time at each encoder. Without a card a guest has the number that the lock knows, as before."""

    def __init__(self, hotel: SimulatedHotel, clerk: Clerk) -> None:
        self.made = 0
        self.missed = 0  # keys that were asked for and did not come
        self._hotel = hotel
        self._clerk = clerk
        self._free: asyncio.Queue[str] = asyncio.Queue()
        for encoder in hotel.hands:
            self._free.put_nowait(encoder)
        self._cards: dict[str, dict[str, Card]] = defaultdict(dict)  # stay -> guest -> card
        self._one_by_one: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def card(self, stay: str, room: str, guest: str) -> Card | None:
        """The guest's card: made now when there is none yet; None when it cannot be had."""
        async with self._one_by_one[stay]:
            cards = self._cards[stay]
            if guest not in cards and self._possible(room):
                made = await self._make(stay, room, "duplicate" if cards else "new")
                if made is not None:
                    cards[guest] = made
            return cards.get(guest)

    def forget(self, stay: str) -> None:
        """Its guests are gone."""
        self._cards.pop(stay, None)
        self._one_by_one.pop(stay, None)

    def _possible(self, room: str) -> bool:
        reads = bool(self._hotel.rooms[room].locks)
        return reads and bool(self._hotel.hands) and self._hotel.clock.speed <= FASTEST

    async def _make(self, stay: str, room: str, kind: str) -> Card | None:
        encoder = await self._free.get()
        try:
            if not self._possible(room):  # hours began to fly meanwhile
                return None
            credential = await self._issued(stay, kind, encoder)
            async with asyncio.timeout(LONGEST_S):
                card = await self._taken(room, credential)
        except (ApiRefusedError, ApiUnreachableError, TimeoutError) as error:
            self.missed += 1
            log.info("a guest goes up without a card", room=room, error=str(error) or type(error).__name__)
            return None
        finally:
            self._free.put_nowait(encoder)
        self.made += 1
        return card

    async def _issued(self, stay: str, kind: str, encoder: str) -> int:
        """The number in the ledger of a key that was made. Raises ApiRefusedError, TimeoutError: it was not."""
        identifier, until = await self._clerk.issue_key(stay, kind, encoder), _time() + LONGEST_S
        while _time() < until:
            key = await self._clerk.key(identifier)
            if key["state"] == "confirmed":
                return int(key["credential"])
            if key["state"] not in UNDER_WAY:
                raise ApiRefusedError(200, _problem(key))
            await asyncio.sleep(LOOK_S)
        await self._clerk.cancel_key(identifier)
        raise TimeoutError("nobody put a card on the encoder")

    async def _taken(self, room: str, credential: int) -> Card:
        """The card, once the hand has taken it off the encoder."""
        while True:
            card = self._hotel.cards.numbered(room, credential)
            if card is not None:
                return card
            await asyncio.sleep(LOOK_S)


def _time() -> float:
    return asyncio.get_running_loop().time()


def _problem(key: dict[str, Any]) -> dict[str, Any]:
    return {"type": str(key.get("reason")), "detail": f"the key is {key['state']}"}
