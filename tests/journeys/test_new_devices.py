"""A device that nobody configured speaks to the running service, is seen with what it looks like, and is asked for."""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(120)]

ADDRESS = "zigbee2mqtt/102_window"
SAYS = b'{"contact":true,"battery":97,"linkquality":80}'


async def test_a_stranger_is_seen_and_where_it_goes_is_known(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        await made.start("run")
        await made.healthy()
        await made.manager()
        async with made.field() as client:
            await client.publish(ADDRESS, SAYS, 1, retain=True)
            await client.publish("zigbee2mqtt/101_door", b'{"contact":false,"battery":97}', 1)
        await made.door("101", "open")
        found = await until(lambda: _candidate(made), 30)
        assert (found["room"], found["device"]) == ("102", "102_window")
        assert found["looks_like"][0]["profile"] == "zigbee2mqtt/window"
        assert found["values"] == {"window": False, "battery": 97, "link_quality": 80}
        assert {one["address"] for one in await _all(made)} == {ADDRESS}, (
            "what is configured, and what we say, is no news"
        )
        wanted = {"action": "place", "profile": "zigbee2mqtt/window", "line": found["line"], "address": ADDRESS}
        asked = await made.api("POST", "devices/changes", {**wanted, "device": "102_window", "room": "102"})
        assert asked["state"] == "accepted"


async def _all(made: House) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await made.api("GET", "devices/candidates"))["items"]
    return items


async def _candidate(made: House) -> dict[str, Any] | None:
    return next((one for one in await _all(made) if one["address"] == ADDRESS and one["looks_like"]), None)
