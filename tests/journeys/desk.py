"""A front desk on the real wire: the product's own processes, and simulated encoders, cards and locks beside them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devices.clock import Clock
from edge.configuration import load_configuration
from simulators.encoder.card import Card
from simulators.encoder.encoder import SimulatedEncoder
from simulators.hotel import BrokerAddress, SimulatedHotel
from tests.journeys.house import House, house
from tests.waiting import until

ENDS = {"confirmed", "failed", "expired", "unknown"}
SECOND_DESK = """
[[line]]
id = "desk-2"
kind = "serial"
path = "desk-2.tty"

[[device]]
id = "desk-2"
line = "desk-2"
profile = "pn532"
"""
Made = dict[str, Any]


@dataclass
class Desk:
    """`place` is the product, `hotel` its devices. Cards are put down and taken off by hand."""

    place: House
    hotel: SimulatedHotel

    def encoder(self, name: str = "desk-1") -> SimulatedEncoder:
        """One of the two."""
        return self.hotel.encoders[name]

    def blank(self) -> Card:
        """A card that nobody has written."""
        return self.hotel.cards.deck.blank()

    async def ready(self) -> None:
        """Both encoders answer, and the PMS knows it."""

        async def up() -> bool:
            found = (await self.place.api("GET", "encoders"))["items"]
            return [one["state"] for one in found] == ["up", "up"]

        await until(up, 30, 0.1)

    async def check_in(self, room: str, guest: str, guests: int = 1, nights: int = 2) -> str:
        """Somebody comes; the id of the stay."""
        departure = (datetime.now(UTC) + timedelta(days=nights)).date().isoformat()
        asked = {"room": room, "departure": departure, "guests": guests, "guest": {"name": guest}}
        return str((await self.place.api("POST", "stays", asked | {"override_reason": "a story"}))["id"])

    async def ask(self, stay: str, kind: str = "new", encoder: str = "desk-1") -> Made:
        """A key is asked for; as it is now."""
        return await self.place.api("POST", "keys", {"stay": stay, "type": kind, "encoder": encoder})

    async def key(self, made: Made) -> Made:
        """As it is now."""
        return await self.place.api("GET", f"keys/{made['id']}")

    async def becomes(self, made: Made, *states: str, timeout: float = 30) -> Made:
        """Wait until its job is in one of these states (without any: until it has ended)."""
        now: Made = {}

        async def there() -> bool:
            now.update(await self.key(made))
            return now["state"] in (states or ENDS)

        await until(there, timeout, 0.02)
        return now

    async def card(self, stay: str, kind: str = "new", encoder: str = "desk-1") -> Card:
        """A key on a fresh card, made and taken off."""
        card = self.blank()
        self.encoder(encoder).place(card)
        made = await self.becomes(await self.ask(stay, kind, encoder))
        assert made["state"] == "confirmed", made
        assert self.encoder(encoder).take() is card
        return card

    def opens(self, room: str, card: Card) -> bool:
        """The card is held to the lock of a room."""
        return self.hotel.rooms[room].present(card) is True

    async def told(self, room: str, sequence: int) -> None:
        """Wait until the room's lock itself holds that lowest sequence."""
        values = self.hotel.devices[f"{room}_lock"].state.values
        await until(lambda: int(values.get("key_sequence") or 0) >= sequence, 30)

    async def ledger(self, **wanted: str) -> list[Made]:
        """Keys, newest first."""
        asked = "&".join(f"{name}={value}" for name, value in wanted.items())
        found: list[Made] = (await self.place.api("GET", f"keys?{asked}"))["items"]
        return found


@contextlib.asynccontextmanager
async def front_desk(folder: Path, *processes: str) -> AsyncIterator[Desk]:
    """The hotel of `config/example` with a second encoder; `run`, or the two halves as they are named."""
    async with house(folder) as place:
        with (place.config / "devices.toml").open("a") as devices:
            devices.write(SECOND_DESK)
        for process in processes or ("run",):
            await place.start(process)
        await place.healthy()
        await place.manager()
        async with simulated(place) as hotel:
            desk = Desk(place, hotel)
            await desk.ready()
            yield desk


@contextlib.asynccontextmanager
async def simulated(place: House) -> AsyncIterator[SimulatedHotel]:
    """Its devices on their lines."""
    configuration = load_configuration(place.config)
    password = (place.data / "secrets" / "broker_field").read_text()
    broker = BrokerAddress("127.0.0.1", place.mqtt, "field", password)
    house_id = configuration.hotel.house.id
    inventory, catalog = configuration.inventory, configuration.catalog
    async with SimulatedHotel(inventory, catalog, Clock(), 1, broker, place.data, house_id, blank=None) as hotel:
        await until(lambda: hotel.connected, 30)
        yield hotel
