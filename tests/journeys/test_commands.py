"""Orders to rooms, as people give them: whole processes, a real broker, simulated devices on the wire."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.journeys.house import PASSWORD, House, house
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(240)]

ENDS = ("done", "failed", "expired", "unknown")
LOCK = "zigbee2mqtt/101_lock"


async def person(place: House, role: str) -> str:
    """Somebody of a role; the token."""
    code, _, errors = await place.call("user", "add", role, "--role", role, "--password-stdin", stdin=PASSWORD)
    assert code == 0, errors
    answer = await place.api("POST", "session", {"username": role, "password": PASSWORD})
    return str(answer["token"])


async def order(place: House, token: str, body: dict[str, Any], key: str = "") -> tuple[int, dict[str, Any]]:
    """Give an order; status and answer."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    url = f"http://127.0.0.1:{place.http}/api/v1/rooms/101/commands"
    async with place.session.post(url, json=body, headers=headers) as response:
        answer: dict[str, Any] = await response.json(content_type=None)
        return response.status, answer


async def ended(place: House, job: str) -> dict[str, Any]:
    """The order once it has ended."""
    found: dict[str, Any] = {}

    async def has() -> bool:
        found.update(await place.api("GET", f"commands/{job}"))
        return found["state"] in ENDS

    await until(has, 30, 0.1)
    return found


async def controls(place: House, *wanted: str) -> None:
    """Wait until the house has told that these points of room 101 take orders."""

    async def known() -> bool:
        items = (await place.api("GET", "rooms/101/controls"))["items"]
        return set(wanted) <= {item["point"] for item in items}

    await until(known, 30, 0.2)


def events(place: House, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """What the feed holds of an order, in its order."""
    rows = place.rows('SELECT kind, subject, payload FROM event ORDER BY "offset"', "pms.db")
    return [(kind, json.loads(payload)) for kind, about, payload in rows if about == subject]


async def test_the_desk_sets_a_room_to_21_degrees_and_only_who_may_unlocks_its_door(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        await place.start("run")
        await place.healthy()
        await place.manager()
        desk = await person(place, "frontdesk")
        await place.start("simulate")
        await until(lambda: "devices on" in place.log("simulate"), 30)
        await controls(place, "setpoint", "lock")
        await _sets_the_temperature(place, desk)
        await _unlocks(place, desk)
        code, out, errors = await place.call("audit", "verify")
        assert code == 0, out + errors
        assert await place.stop("simulate") == 0
        assert await place.stop("run") == 0


async def _sets_the_temperature(place: House, desk: str) -> None:
    wanted = {"point": "setpoint", "value": 21.0}
    status, job = await order(place, desk, wanted, "key-1")
    again, same = await order(place, desk, wanted, "key-1")
    assert (status, again, same["id"]) == (202, 202, job["id"])
    end = await ended(place, job["id"])
    assert (end["state"], end["step"], end["by"]) == ("done", "verified", "frontdesk")
    told = [(kind, payload.get("state")) for kind, payload in events(place, job["id"])]
    assert told == [
        ("command.accepted", None),
        ("command.step", "sent"),
        ("command.step", "acknowledged"),
        ("command.ended", "done"),
    ]

    async def shown() -> bool:
        return bool((await place.room("101"))["climate"]["setpoint_c"] == 21.0)

    await until(shown, 20, 0.1)


async def _unlocks(place: House, desk: str) -> None:
    wanted = {"point": "lock", "value": "unlocked"}
    status, answer = await order(place, desk, wanted)
    assert (status, answer["code"]) == (403, "forbidden")
    ((kind, refused),) = events(place, "101")[-1:]
    assert (kind, refused["reason"], refused["value"]) == ("lock.refused", "forbidden", "unlocked")
    status, job = await order(place, place._token, wanted)
    assert status == 202
    assert (await ended(place, job["id"]))["state"] == "done"
    kept = {kind: payload for kind, payload in events(place, job["id"]) if kind.startswith("lock.")}
    assert kept.keys() == {"lock.ordered", "lock.ended"}
    assert (kept["lock.ended"]["state"], kept["lock.ended"]["device"]) == ("done", "101_lock")


async def test_an_edge_killed_between_sending_and_the_answer_repeats_nothing(tmp_path: Path) -> None:
    """A lock that takes the order and says nothing; the service dies as soon as it has it."""
    async with house(tmp_path) as place:
        await place.start("run")
        await place.healthy()
        await place.manager()
        await controls(place, "lock")
        async with _lock(place) as lock:
            await lock.subscribe(f"{LOCK}/set", 1)
            status, job = await order(place, place._token, {"point": "lock", "value": "unlocked", "within_s": 300})
            assert status == 202
            assert await _next(lock) == {"state": "UNLOCK"}
            await place.kill("run")
        assert ("sent", job["id"]) in place.rows("SELECT state, id FROM command")
        await place.start("run")
        await place.healthy()
        await place.sign_in()
        end = await ended(place, job["id"])
        assert (end["state"], end["reason"]) == ("unknown", "restarted")
        assert "not repeated by itself" in end["advice"]["text"]
        async with _lock(place) as lock:
            await lock.subscribe(f"{LOCK}/set", 1)
            await order(place, place._token, {"point": "lock", "value": "locked", "within_s": 5})
            assert await _next(lock) == {"state": "LOCK"}, "the first it hears is the new order"
        assert await place.stop("run") == 0


def _lock(place: House) -> aiomqtt.Client:
    """The lock's own connection: the broker keeps for it what comes while it is away."""
    password = (place.data / "secrets" / "broker_field").read_text()
    return aiomqtt.Client(
        "127.0.0.1", place.mqtt, username="field", password=password, identifier="lock", clean_session=False
    )


async def _next(client: aiomqtt.Client) -> Any:
    async with asyncio.timeout(20):
        message = await anext(aiter(client.messages))
    assert not message.retain
    return json.loads(bytes(message.payload))
