"""One alert a cause: lines, groups of silent devices, and what is out of service."""

from typing import Any

import pytest

from pms.kernel.database import Database
from pms.kernel.errors import Conflict
from pms.kernel.work import Actor
from pms.link.messages import ConditionBody
from pms.maintenance import service
from pms.maintenance.api import aside_of, states_of
from pms.maintenance.model import Alert
from pms.maintenance.rules import AlertState, Whereabouts, common_cause, covers, isa_state
from tests.pms.conftest import HOUSE, TestClock


class Faults:
    """What the edge says, and what stands in the list."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self.database, self.clock = database, clock

    async def tell(self, state: str, kind: str, device: str, **more: Any) -> None:
        told = {"room": device.partition("_")[0], "line": "field"} | more
        body = ConditionBody.model_validate(
            {"key": f"{kind}:{device}", "kind": kind, "state": state, "device": device, "at": self.clock(), **told}
        )
        await self.do(lambda work: service.take_condition(work, body))

    async def line(self, state: str, line: str = "field") -> None:
        body = ConditionBody.model_validate(
            {"key": f"line_down:{line}", "kind": "line_down", "state": state, "priority": "high", "at": self.clock()}
        )
        await self.do(lambda work: service.take_condition(work, body))

    async def do(self, use_case: Any) -> Any:
        return await self.database.run(Actor(HOUSE, "user_test"), self.clock(), use_case)

    async def found(self, asked: str = "open") -> list[Alert]:
        async with self.database.read() as session:
            found = await service.listing(session, HOUSE, states=states_of(asked), aside=aside_of(asked))
            return list(found)

    async def keys(self, asked: str = "open") -> set[str]:
        return {alert.key for alert in await self.found(asked)}


@pytest.fixture
def faults(database: Database, clock: TestClock) -> Faults:
    return Faults(database, clock)


async def test_a_line_that_is_down_suppresses_what_follows_from_it(faults: Faults) -> None:
    await faults.tell("raised", "device_offline", "101_leak")
    await faults.line("raised")
    await faults.tell("raised", "sensor_stuck", "102_motion")
    await faults.tell("raised", "leak", "103_leak")
    await faults.tell("raised", "device_offline", "104_meter", line="floor-1")
    assert await faults.keys() == {"line_down:field", "leak:103_leak", "device_offline:104_meter"}
    assert await faults.keys("suppressed") == {"device_offline:101_leak", "sensor_stuck:102_motion"}
    await faults.tell("cleared", "sensor_stuck", "102_motion")
    await faults.line("cleared")
    assert await faults.keys("suppressed") == set()
    assert "device_offline:101_leak" in await faults.keys(), "it still stands, and comes up by itself"
    assert "sensor_stuck:102_motion" not in await faults.keys(), "nobody was told of it, nobody needs to see it go"


async def test_the_devices_of_a_room_without_power_are_one_alert(faults: Faults) -> None:
    for device in ("101_leak", "101_lock", "101_motion"):
        faults.clock.forward(seconds=40)
        await faults.tell("raised", "device_offline", device)
    [group] = await faults.found()
    assert (group.key, group.room, group.priority) == ("many_offline:room:101", "101", "high")
    assert group.evidence[0]["params"] == {"count": 3, "what": "room", "name": "101"}
    await faults.tell("raised", "device_offline", "101_contact")
    assert len(await faults.found()) == 1
    for device in ("101_leak", "101_lock", "101_motion"):
        await faults.tell("cleared", "device_offline", device)
    assert await faults.keys("new") == {"device_offline:101_contact"}


async def test_a_floor_without_power_is_one_alert_over_that_of_its_rooms(faults: Faults) -> None:
    for room in ("101", "102"):
        for device in ("leak", "lock", "motion"):
            await faults.tell("raised", "device_offline", f"{room}_{device}")
    assert await faults.keys() == {"many_offline:floor:1"}


async def test_devices_that_fall_silent_one_by_one_have_causes_of_their_own(faults: Faults) -> None:
    for device in ("101_leak", "101_lock", "101_motion"):
        faults.clock.forward(minutes=9)
        await faults.tell("raised", "device_offline", device)
    assert len(await faults.found()) == 3


async def test_what_is_out_of_service_is_out_of_sight_until_it_is_brought_back(faults: Faults) -> None:
    await faults.tell("raised", "low_battery", "101_lock")
    [alert] = await faults.found()
    await faults.do(lambda work: service.take_out(work, alert.id, "lock on the bench"))
    assert (await faults.keys(), await faults.keys("out_of_service")) == (set(), {alert.key})
    with pytest.raises(Conflict):
        await faults.do(lambda work: service.take_out(work, alert.id, "again"))
    await faults.do(lambda work: service.bring_back(work, alert.id))
    assert await faults.keys() == {alert.key}
    with pytest.raises(Conflict):
        await faults.do(lambda work: service.bring_back(work, alert.id))


async def test_danger_is_never_out_of_service(faults: Faults) -> None:
    await faults.tell("raised", "smoke", "101_smoke")
    [alert] = await faults.found()
    with pytest.raises(Conflict):
        await faults.do(lambda work: service.take_out(work, alert.id, "later"))


def test_the_words_of_the_standard() -> None:
    plain = [isa_state(state, suppressed=False, out=False) for state in AlertState]
    assert plain == ["unacknowledged", "acknowledged", "shelved", "rtn_unacknowledged", "normal"]
    assert isa_state(AlertState.NEW, suppressed=True, out=False) == "suppressed"
    assert isa_state(AlertState.ACKNOWLEDGED, suppressed=True, out=True) == "out_of_service"
    assert isa_state(AlertState.RESOLVED, suppressed=False, out=True) == "normal"


def test_a_line_is_the_cause_where_more_than_one_floor_is_silent() -> None:
    places = [Whereabouts("field", f"{floor}0{number}", floor) for floor in "12" for number in range(4)]
    assert common_cause(places, places[-1]) == "many_offline:line:field"
    assert common_cause(places[:4], places[0]) is None
    assert covers("line_down:field", places[0])
    assert not covers("line_down:field/bridge", places[0])
    assert not covers("many_offline:room:101", Whereabouts())
