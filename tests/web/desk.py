"""The edge's part of a key job, played a step at a time: what an encoder and a card would say over the link."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from pms.kernel.work import UnitOfWork
from pms.keys import ledger, service
from pms.keys.model import CardJob, KeyCard
from pms.keys.rules import KeyType
from pms.keys.sources import Encoder
from pms.property.service import find_room
from pms.room_feed.model import EdgeSystem
from tests.waiting import until
from tests.web.house import HOUSE, House
from tests.web.life import UseCase, by_hand

GOOD = ("waiting", "writing", "checking", "confirmed")
"""How a job goes when somebody places a card and leaves it there."""

SERIAL = "9f2c11d07be34a55"


async def asked(house: House, table: type[KeyCard] | type[CardJob] = KeyCard) -> str:
    """The id of the job that waits to be sent to the edge; waits until there is one."""
    found: list[str] = []

    async def look() -> bool:
        async with house.database.read() as session:
            query = select(table.id).where(table.property_id == HOUSE, table.state == "accepted")
            found[:] = list(await session.scalars(query))
        return bool(found)

    await until(look)
    return found[0]


async def say(
    house: House, job: str, *states: str, reason: str | None = None, card: dict[str, Any] | None = None
) -> None:
    """The encoder says how far a job is; `reason` and `card` go with the last state."""
    for state in states:
        last = state == states[-1]
        await house.tell(
            "key_result",
            id=job,
            state=state,
            at=house.now(),
            reason=reason if last else None,
            card=card if last else None,
        )


def card_of(room: str, credential: int, sequence: int, **more: Any) -> dict[str, Any]:
    """A card of ours as the encoder found it. Keywords: `valid_until`, `one_shot`, `serial`."""
    return {
        "serial": more.get("serial", SERIAL),
        "kind": "ntag213",
        "content": {
            "room": room,
            "credential": credential,
            "sequence": sequence,
            "valid_from": more["valid_until"] - timedelta(days=9),
            "valid_until": more["valid_until"],
            "credential_class": "guest",
            "one_shot": more.get("one_shot", False),
        },
    }


def encoders(house: House) -> list[dict[str, Any]]:
    """Two desks: the first answers, the second one's cable is out."""
    return [
        {
            "id": "desk-1",
            "line": "desk-1",
            "state": "up",
            "code": None,
            "firmware": "PN532 1.6",
            "busy": False,
            "waiting": 0,
            "since": house.ago(hours=3),
        },
        {
            "id": "desk-2",
            "line": "desk-2",
            "state": "down",
            "code": "encoder_silent",
            "firmware": None,
            "busy": False,
            "waiting": 0,
            "since": house.ago(minutes=7),
        },
    ]


async def equip(house: House, *, working: bool = True) -> None:
    """The edge's account of itself names the encoders, besides what it said before. Not `working`: all are down."""
    async with house.database.read() as session:
        edge = await session.get_one(EdgeSystem, HOUSE)
    told = (
        encoders(house) if working else [{**one, "state": "down", "code": "encoder_silent"} for one in encoders(house)]
    )
    await house.tell("system", **{**edge.body, "encoders": told})


async def key(house: House, wanted: str) -> KeyCard:
    """A key as it is kept."""
    async with house.database.read() as session:
        return await ledger.find(session, HOUSE, wanted)


async def newest(house: House) -> KeyCard:
    """The key that was made last."""
    async with house.database.read() as session:
        return (await ledger.listing(session, HOUSE, ledger.Filter(), 1))[0]


async def count(house: House) -> int:
    """How many keys were ever asked for."""
    async with house.database.read() as session:
        return len(await ledger.listing(session, HOUSE, ledger.Filter()))


async def make_keys(house: House, room: str, amount: int) -> None:
    """New keys for who stays in `room`, one after the other; each ends the one before."""
    for _ in range(amount):
        await by_hand(house, _issue(room))
        await say(house, await asked(house), "confirmed")


def _issue(room: str) -> UseCase:
    async def issue(work: UnitOfWork) -> None:
        stay = (await find_room(work.session, HOUSE, room)).stay_id
        assert stay is not None
        await service.issue(work, service.Issue(stay, KeyType.NEW), Encoder("desk-1", "desk-1", "up"))

    return issue
