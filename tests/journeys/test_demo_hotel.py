"""The demo as a stranger starts it, watched through its HTTP API alone."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.servers import a_free_port
from tests.waiting import until

NIGHT_HOURS = 6.5
PATIENCE = 60.0

pytestmark = pytest.mark.timeout(300)


@dataclass
class Watched:
    """The demo's API: `desk` is signed in as the manager, `panel` makes things happen."""

    http: aiohttp.ClientSession
    url: str
    number: str = ""
    """The room of the story."""

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}/api/v1/{path}") as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self.http.post(f"{self.url}/api/v1/{path}", json=body or {}) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def panel(self, action: str, value: object = None) -> None:
        async with self.http.post(f"{self.url}/demo/api/{action}", json={"value": value}) as response:
            assert response.status == 200, await response.text()

    async def hours_pass(self, hours: float, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
        """At the fastest the demo can, looking in as they go by."""
        async with self.http.post(f"{self.url}/demo/api/forward", json={"hours": hours}) as response:
            assert response.status == 200, await response.text()
        while (await self.truth_of_all())["forward"]["active"]:
            if meanwhile:
                await meanwhile()
            await asyncio.sleep(0.1)

    async def truth_of_all(self) -> Any:
        async with self.http.get(f"{self.url}/demo/api/state") as response:
            return await response.json()

    async def truth(self) -> Any:
        return next(one for one in (await self.truth_of_all())["rooms"] if one["number"] == self.number)

    async def room(self) -> Any:
        return await self.get(f"rooms/{self.number}")

    async def sensed(self) -> str:
        return str((await self.room())["sensed"]["occupancy"])

    async def staff_inside(self) -> bool:
        """Somebody who works here is in, and the rules have heard of card and door."""
        codes = {item["code"] for item in (await self.room())["sensed"]["evidence"]}
        return bool((await self.truth())["staff"] and "staff_entered" in codes)

    async def becomes(self, occupancy: str) -> None:
        async def is_so() -> bool:
            return await self.sensed() == occupancy

        await until(is_so, timeout=PATIENCE, every=0.1)


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    words = ["demo", "--port", str(port), "--seed", "3", "--data", str(folder / "demo")]
    with (folder / "demo.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "edge.cli", *words], stdout=log, stderr=log)


@contextlib.asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Watched]:
    """The demo's own process; its clock starts at the real time."""
    port = a_free_port()
    process = start(folder, port)
    try:
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{port}"
            await until(lambda: healthy(http, url), timeout=PATIENCE)
            credentials = {"username": "manager", "password": "demo"}
            async with http.post(f"{url}/api/v1/session", json=credentials) as response:
                token = (await response.json())["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield Watched(http, url)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 0, (folder / "demo.log").read_text()[-3000:]


async def healthy(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/healthz") as response:
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def a_room_to_sell(hotel: Watched) -> str:
    """Vacant, with a leak sensor to make wet and a panel to ask for quiet."""
    vacant = {room["number"] for room in (await hotel.get("rooms"))["items"] if room["front_office"] == "vacant"}
    truth = (await hotel.truth_of_all())["rooms"]
    able = [room["number"] for room in truth if None not in (room["leak"], room["request"])]
    return next(str(number) for number in able if number in vacant)


async def check_in(hotel: Watched) -> None:
    hotel.number = await a_room_to_sell(hotel)
    departure = (await now(hotel) + timedelta(days=3)).date().isoformat()
    guest = {"name": "Mei Lindqvist"}
    stay = {"room": hotel.number, "departure": departure, "guests": 1, "guest": guest, "override_reason": "story"}
    await hotel.post("stays", stay)


async def test_a_guest_arrives_sleeps_goes_out_and_the_room_is_cleaned_and_a_fault_comes_and_goes(
    tmp_path: Path,
) -> None:
    async with demo(tmp_path) as hotel:
        await check_in(hotel)
        await hotel.panel(f"rooms/{hotel.number}/guest-in")
        await hotel.hours_pass(0.1)
        await hotel.becomes("occupied")
        assert (await hotel.room())["front_office"] == "occupied"

        await a_silent_night(hotel)
        await a_day_out(hotel)
        await a_cleaning(hotel)
        await a_leak(hotel)


async def test_a_demo_reads_its_files_again_and_ends_with_its_terminal(tmp_path: Path) -> None:
    """One signal says both: who asks for a reload leaves a question."""
    process, url = start(tmp_path, port := a_free_port()), f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:
            await until(lambda: healthy(http, url), timeout=PATIENCE)
            words = [sys.executable, "-m", "edge.cli", "reload", "--data", str(tmp_path / "demo" / "data")]
            asked = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
            said, _ = await asked.communicate()
            assert (asked.returncode, said.decode().strip()) == (0, "no line and no device has changed")
            assert await healthy(http, url)
        process.send_signal(signal.SIGHUP)
        assert await asyncio.to_thread(process.wait, 30) == 0
    finally:
        process.kill()
        process.wait()


async def a_silent_night(hotel: Watched) -> None:
    """No motion for hours, and never once shown as vacant. Do not disturb keeps the hotel's attendants out."""
    await hotel.panel(f"rooms/{hotel.number}/request", value="dnd")
    await hotel.panel(f"rooms/{hotel.number}/sleep", value=True)
    seen: set[str] = set()

    async def look() -> None:
        seen.add(await hotel.sensed())

    began = await now(hotel)
    await hotel.hours_pass(NIGHT_HOURS, look)
    await look()
    assert seen == {"occupied"}, seen
    assert await now(hotel) - began >= timedelta(hours=NIGHT_HOURS)
    assert (await hotel.truth())["asleep"] == 1
    assert (await hotel.room())["request"] == "dnd"


async def a_day_out(hotel: Watched) -> None:
    await hotel.panel(f"rooms/{hotel.number}/sleep", value=False)
    await hotel.panel(f"rooms/{hotel.number}/guest-out")
    await hotel.hours_pass(0.7)
    await hotel.becomes("vacant")
    room = await hotel.room()
    assert room["front_office"] == "occupied", "out is not checked out"
    assert {item["code"] for item in room["sensed"]["evidence"]}


async def a_cleaning(hotel: Watched) -> None:
    """The attendant's card and the motion behind it: the task starts and is done by itself."""
    await hotel.post(f"rooms/{hotel.number}/housekeeping", {"state": "dirty"})
    phases: set[str] = set()
    states: set[tuple[str, str]] = set()

    async def look() -> bool:
        room = await hotel.room()
        phases.add(room["cleaning"]["phase"])
        states.add((room["housekeeping"]["state"], room["housekeeping"]["source"]))
        return ("clean", "detected") in states

    await hotel.panel(f"rooms/{hotel.number}/request", value="mur")
    await hotel.panel(f"rooms/{hotel.number}/attendant")
    await until(lambda: hotel.staff_inside(), timeout=PATIENCE, every=0.2)
    await hotel.hours_pass(1, look)
    await until(look, timeout=PATIENCE, every=0.2)
    assert "in_progress" in phases
    spell = (await hotel.get(f"housekeeping/cleanings?room={hotel.number}"))["items"][0]
    assert spell["outcome"] == "cleaned"
    task = await hotel.get(f"housekeeping/tasks/{spell['task']}")
    assert task["state"] in {"done", "inspected"}


async def a_leak(hotel: Watched) -> None:
    await hotel.panel(f"rooms/{hotel.number}/leak", value=True)

    async def states(wanted: str) -> list[str]:
        alerts = (await hotel.get(f"alerts?room={hotel.number}&state=all"))["items"]
        return [one["state"] for one in alerts if one["kind"] == "leak" and one["state"] == wanted]

    await until(lambda: states("new"), timeout=PATIENCE)
    await hotel.panel(f"rooms/{hotel.number}/leak", value=False)
    await hotel.hours_pass(0.2)
    await until(lambda: states("cleared_unacknowledged"), timeout=PATIENCE)


async def now(hotel: Watched) -> datetime:
    return datetime.fromisoformat((await hotel.truth_of_all())["now"])
