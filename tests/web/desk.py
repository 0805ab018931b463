"""The edge's part of a key job, played a step at a time: what an encoder and a card would say over the link."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from pms.keys.model import CardJob, KeyCard
from tests.waiting import until
from tests.web.house import HOUSE, House

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
            "valid_from": more["valid_until"] - timedelta(days=2),
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
