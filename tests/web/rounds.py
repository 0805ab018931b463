"""What the staff did in the house of `life`, and what is to be cleared up: enough for the pages of both."""

from datetime import datetime, timedelta

from pms.access import users
from pms.housekeeping import cases, service, visits
from pms.housekeeping.detection import take_cleaning
from pms.housekeeping.rules import Action
from pms.housekeeping.visit_rules import Department, Entry
from pms.kernel.work import Actor, UnitOfWork
from pms.link.messages import CleaningBody, VisitBody
from pms.room_feed.sensed import sensed_of
from tests.web.house import HOUSE, House


async def rounds(house: House) -> None:
    """A morning's visits, a cleaning that waits for a word, people counted, the rooms looked at."""
    await house.database.run(Actor(HOUSE, house.ids["manager"]), house.now(), lambda work: _made(work, house))


async def _made(work: UnitOfWork, house: House) -> None:
    rosa = (await users.find(work.session, HOUSE, username="housekeeping")).user.id
    await visits.set_card(work, "112", Department.HOUSEKEEPING, rosa)
    for room, card, by, ago, minutes in (
        ("201", "112", "housekeeping", 120, 31), ("202", "112", "housekeeping", 85, 24),
        ("104", None, "unknown", 60, 28), ("201", "900", "master", 50, 3), ("101", "205", "engineering", 40, 12),
    ):  # fmt: skip
        entered = house.ago(minutes=ago)
        told = {"room": room, "visit": f"{room}-{ago}", "by": by, "credential": card, "entered": entered, "moved": True}
        spell = await _cleaned(work, room, card, (entered, minutes)) if minutes > 20 else None
        body = VisitBody.model_validate(
            told | {"left": entered + timedelta(minutes=minutes), "guests": room == "202", "spell": spell}
        )
        await visits.take_visit(work, body)
    await visits.take_audit(work, "103", [Entry("113", "housekeeping", house.ago(minutes=150))])
    await visits.take_audit(work, "104", [Entry("113", "housekeeping", house.ago(minutes=110))])
    await cases.count_persons(work, "102", 2)
    await service.plan(work, "104")
    task = await service.open_task(work.session, HOUSE, "104")
    if task is not None:
        service.move(work, task, Action.PROPOSE, service.DETECTED)
        task.started_at, task.done_at = house.ago(minutes=60), house.ago(minutes=32)
    await work.session.flush()
    await cases.look_at_rooms(work, sensed_of)


async def _cleaned(work: UnitOfWork, room: str, by: str | None, spell: tuple[datetime, int]) -> str:
    """A cleaning as the room tells it."""
    began, minutes = spell
    name = f"{room}-{began:%H%M}"
    told = {"room": room, "spell": name, "by": by, "started": began}
    ended = {"phase": "ended", "at": began + timedelta(minutes=minutes), "outcome": "cleaned"}
    await take_cleaning(work, CleaningBody.model_validate(told | {"phase": "started", "at": began}))
    await take_cleaning(work, CleaningBody.model_validate(told | ended))
    return name
