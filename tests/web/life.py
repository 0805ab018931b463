"""A morning in the house: enough of everything for each page to have something to show."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from pms.frontdesk.service import WalkIn, check_out, walk_in
from pms.guests.service import NewGuest
from pms.housekeeping import service as housekeeping
from pms.kernel.work import Actor, UnitOfWork
from pms.property import service as rooms
from tests.web.house import HOUSE, House, evidence, heard

GUESTS = {"102": "Ada Brandt", "103": "\u738b\u5c0f\u660e", "105": "Nils O'Hara", "106": "Mei-Ling Wu"}


async def live(house: House) -> None:
    """Put life into the rooms: guests, attendants, wishes, faults, a silent sensor, an account of the edge's health."""
    await _people(house)
    for number in ("101", "103", "104", "201", "202"):
        await _vacant(house, number)
    await _occupied(house, "102")
    await _occupied(house, "105")
    await _occupied(house, "204")
    await _occupied(house, "106", request=heard("dnd", house.ago(hours=2)))
    await _being_cleaned(house, "107")
    await _silent(house, "203")
    await _faults(house)
    await _health(house)


async def _people(house: House) -> None:
    """Four walk-ins, one of whom has left again; rooms to be made, one blocked, one inspected."""
    for number, name in GUESTS.items():
        stay = await by_hand(house, _arrival(house, number, name))
        if number == "103":
            await by_hand(house, _departure(stay))
    for number, state in (("107", "dirty"), ("202", "dirty"), ("102", "dirty"), ("201", "inspected")):
        await by_hand(house, _state(number, state))
    await by_hand(house, _blocked("108"))
    for number in ("107", "202", "102"):
        await by_hand(house, _task(number, house.ids["housekeeping"]))


UseCase = Callable[[UnitOfWork], Awaitable[Any]]


async def by_hand(house: House, use_case: UseCase) -> Any:
    """Something the manager does."""
    return await house.database.run(Actor(HOUSE, house.ids["manager"]), house.now(), use_case)


def _arrival(house: House, number: str, name: str) -> UseCase:
    async def arrive(work: UnitOfWork) -> str:
        today = await rooms.business_date(work.session, HOUSE)
        asked = WalkIn(number, today + timedelta(days=2), 1, NewGuest(name))
        return (await walk_in(work, house.database.keyring, asked)).id

    return arrive


def _departure(stay: str) -> UseCase:
    async def leave(work: UnitOfWork) -> None:
        await check_out(work, stay)

    return leave


def _state(number: str, state: str) -> UseCase:
    async def change(work: UnitOfWork) -> None:
        rooms.set_housekeeping(work, await rooms.room_to_change(work, number), state, source="manual")

    return change


def _blocked(number: str) -> UseCase:
    async def block(work: UnitOfWork) -> None:
        rooms.set_sellability(work, await rooms.room_to_change(work, number), "out_of_order", "window broken", None)

    return block


def _task(number: str, attendant: str) -> UseCase:
    async def plan(work: UnitOfWork) -> None:
        task = await housekeeping.plan(work, number)
        await housekeeping.assign(work, task.id, attendant)

    return plan


async def _vacant(house: House, number: str) -> None:
    at = house.ago(minutes=42)
    await house.say(
        number,
        occupancy={
            "value": "vacant",
            "confidence": 0.97,
            "since": at,
            "heard": house.ago(seconds=20),
            "evidence": evidence(("door_closed", at), ("no_motion_since", at)),
        },
        door=heard("closed", house.ago(seconds=20)),
        lock=heard("locked", house.ago(seconds=20)),
        climate={"temperature_c": 21.4, "setpoint_c": 20.0, "mode": "eco", "heard": house.ago(seconds=20)},
    )


async def _occupied(house: House, number: str, **more: object) -> None:
    at = house.ago(minutes=95)
    await house.say(
        number,
        occupancy={
            "value": "occupied",
            "confidence": 0.93,
            "since": at,
            "heard": house.ago(seconds=5),
            "evidence": evidence(("guest_entered", at), ("motion_seen", house.ago(minutes=4))),
        },
        door=heard("closed", house.ago(seconds=8)),
        lock=heard("locked", house.ago(seconds=8)),
        climate={"temperature_c": 22.6, "setpoint_c": 22.0, "mode": "cool", "heard": house.ago(seconds=8)},
        **more,
    )


async def _being_cleaned(house: House, number: str) -> None:
    at = house.ago(minutes=12)
    await house.tell("cleaning", room=number, spell="spell-1", phase="started", by="118", at=at)
    await house.say(
        number,
        occupancy={
            "value": "vacant",
            "confidence": 0.9,
            "since": at,
            "heard": house.ago(seconds=3),
            "evidence": evidence(("staff_entered", at)),
        },
        cleaning={"phase": "in_progress", "by": "118", "since": at},
        door=heard("open", at),
        lock=heard("unlocked", at),
        climate={"temperature_c": 20.1, "heard": house.ago(seconds=8)},
    )


async def _silent(house: House, number: str) -> None:
    at = house.ago(hours=5)
    await house.say(
        number,
        occupancy={
            "value": "occupied",
            "confidence": 0.5,
            "since": at,
            "heard": at,
            "stale": True,
            "evidence": evidence(("sensor_silent", at)),
        },
        door=heard("closed", at, stale=True),
        conditions=["device_offline", "low_battery"],
    )


async def _faults(house: House) -> None:
    said = [
        ("leak", "104", "104_leak", "critical", "leak_detected", 2),
        ("device_offline", "203", "203_motion", "medium", "silent_since", 300),
        ("low_battery", "203", "203_lock", "high", "battery_level", 600),
        ("line_down", None, None, "high", "line_down", 8),
    ]
    for kind, room, device, priority, code, minutes in said:
        at = house.ago(minutes=minutes)
        params = {"percent": 4} if code == "battery_level" else {}
        await house.tell(
            "condition",
            key=f"{kind}:{device or 'floor-1'}",
            kind=kind,
            state="raised",
            room=room,
            device=device,
            priority=priority,
            at=at,
            evidence=[{"code": code, "at": at, "params": params}],
        )
    await house.say("104", conditions=["leak"], door=heard("closed", house.ago(seconds=9)))


async def _health(house: House) -> None:
    at = house.now()
    devices = [
        _device(house, f"{room}_{point}", room, battery)
        for room in ("101", "102", "203")
        for point, battery in (("door", 81.0), ("motion", 64.0), ("lock", 4.0 if room == "203" else 90.0))
    ]
    devices += [_device(house, f"101_{kind}", "101", None) for kind in ("thermostat", "plug")]
    await house.tell(
        "system",
        at=at,
        ready=True,
        parts=[
            {"part": "broker", "state": "ok", "detail": "mosquitto 2.0", "since": house.ago(days=2), "code": None},
            {"part": "journal", "state": "ok", "detail": "", "since": house.ago(days=2), "code": None},
            {"part": "line:field", "state": "ok", "detail": "", "since": house.ago(days=1), "code": None},
            {
                "part": "line:floor-1",
                "state": "down",
                "detail": "127.0.0.1:5020",
                "since": house.ago(minutes=8),
                "code": "connect_refused",
            },
        ],
        devices=devices,
        rejected=[
            {
                "at": house.ago(minutes=1),
                "source": "zigbee2mqtt/101_door",
                "device": "101_door",
                "reason": "not_json",
                "detail": "",
                "payload": '{"contact": tru',
            }
        ],
        counters={"messages": 48210, "readings": 96011, "commits": 9120, "duplicates": 3, "rejected": 1},
    )


COMMANDS: dict[str, list[dict[str, object]]] = {
    "thermostat": [
        {"point": "setpoint", "kind": "number", "choices": [], "minimum": 5, "maximum": 30, "unit": "degC"},
        {"point": "mode", "kind": "choice", "choices": ["off", "heat", "cool", "auto"]},
        {"point": "fan", "kind": "choice", "choices": ["off", "low", "medium", "high", "auto"]},
    ],
    "plug": [{"point": "relay", "kind": "boolean"}],
    "lock": [{"point": "lock", "kind": "choice", "choices": ["locked", "unlocked"]}],
}
"""What devices of these kinds take, as the edge tells it."""


def _device(house: House, name: str, room: str, battery: float | None) -> dict[str, object]:
    away = name == "203_motion"
    return {
        "id": name,
        "room": room,
        "line": "field",
        "profile": f"zigbee2mqtt/{name.split('_')[1]}",
        "online": not away,
        "heard": house.ago(hours=5) if away else house.ago(seconds=30),
        "battery": battery,
        "rejected": 1 if name == "101_door" else 0,
        "commands": COMMANDS.get(name.split("_")[1], []),
    }
