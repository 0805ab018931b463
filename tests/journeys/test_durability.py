"""What a hotel survives, on real Mosquitto, as whole processes."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest

from edge.service import running
from tests.journeys.house import House, house, kill_9
from tests.servers import RealBroker
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(240)]


async def say(place: House, topic: str, **body: object) -> None:
    """A device says something; returns when the broker has it."""
    async with place.field() as device:
        await device.publish(f"zigbee2mqtt/{topic}", json.dumps(body), qos=1)


async def test_the_broker_is_killed_and_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        await place.start("run")
        await place.healthy()
        await place.manager()
        await place.start("simulate")
        await say(place, "101_door", contact=False)
        await place.door("101", "open")
        await until(lambda: "devices on" in place.log("simulate"), 30)
        before = place.broker_pid()
        kill_9(before)
        await until(lambda: "broker.started_again" in place.log("run"), 20)
        assert place.broker_pid() != before
        await place.healthy()
        await say(place, "101_door", contact=True)
        await place.door("101", "closed")
        changes = "SELECT kind FROM event WHERE kind = 'alert.cleared'"
        await until(lambda: place.rows(changes, "pms.db"), 20)
        assert not await place.alerts(kind="line_down", device="field")
        assert await place.stop("simulate") == 0
        assert await place.stop("run") == 0


class Flood:
    """Publishes numbered messages for ever; remembers those that the broker has acknowledged."""

    def __init__(self, port: int, credentials: tuple[str | None, str | None]) -> None:
        self.port, self.credentials = port, credentials
        self.acknowledged: set[int] = set()
        self._next = 0

    async def run(self) -> None:
        """Until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._session()
            except (aiomqtt.MqttError, OSError):
                await asyncio.sleep(0.1)

    async def _session(self) -> None:
        user, word = self.credentials
        client = aiomqtt.Client("127.0.0.1", self.port, username=user, password=word, timeout=5)
        client.pending_calls_threshold = 1000
        async with client:
            while True:
                numbers = range(self._next, self._next + 50)
                self._next += 50
                await asyncio.gather(*(self._publish(client, number) for number in numbers))

    async def _publish(self, client: aiomqtt.Client, number: int) -> None:
        room, kind = 101 + number % 4, ("door", "motion")[number // 4 % 2]
        body = {"contact": number % 16 < 8, "occupancy": number % 16 < 8, "number": number}
        await client.publish(f"zigbee2mqtt/{room}_{kind}", json.dumps(body), qos=1)
        self.acknowledged.add(number)


def numbers_in(place: House) -> list[int]:
    """The numbers of the flood's messages in the journal."""
    found = (json.loads(payload) for (payload,) in place.rows("SELECT payload FROM message"))
    return [body["number"] for body in found if "number" in body]


async def more(place: House, count: int) -> None:
    """Wait until so many more messages are in the journal."""
    last = "SELECT coalesce(max(seq), 0) FROM message"
    wanted = place.rows(last)[0][0] + count
    await until(lambda: place.rows(last)[0][0] > wanted, 30)


@pytest.mark.parametrize("own", [True, False], ids=["own_broker", "hotels_broker"])
async def test_the_edge_is_killed_in_a_flood(tmp_path: Path, mosquitto: RealBroker, own: bool) -> None:
    async with house(tmp_path / "house") as place:
        if not own:
            place.mqtt = mosquitto.port
            mode = f'mode = "url"\nurl = "mqtt://127.0.0.1:{mosquitto.port}"'
            place.replace("service.toml", {'mode = "auto"': mode})
        await place.start("edge")
        await until(lambda: "line up" in place.log("edge"), 30)
        password = (place.data / "secrets" / "broker_field").read_text() if own else None
        flood = Flood(place.mqtt, ("field" if own else None, password))
        async with running(flood.run(), "flood"):
            for _ in range(3):
                await more(place, 1500)
                await place.kill("edge")
                await place.start("edge")
            await more(place, 500)
        await until(lambda: flood.acknowledged <= set(numbers_in(place)), 30, 0.5)
        found = Counter(numbers_in(place))
        assert [number for number in flood.acknowledged if found[number] != 1] == []
        assert await place.stop("edge") == 0


async def test_the_pms_is_away_and_back(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        await place.start("edge")
        await place.start("pms")
        await place.healthy()
        await place.manager()
        await say(place, "101_door", contact=False)
        await place.door("101", "open")
        await place.kill("pms")
        for number in range(200):
            await say(place, "102_lock", action="unlock", action_source_name="rfid", action_user=101 + number % 50)
            if number % 20 == 0:
                await say(place, "101_door", contact=number % 40 == 0, battery=90)
        await say(place, "103_door", contact=True, battery=3)
        await until(lambda: len(place.rows("SELECT 1 FROM outbox WHERE kind = 'access'")) == 200)
        await place.start("pms")
        await place.healthy()
        await place.door("101", "open")
        happened = "SELECT count(*) FROM event WHERE kind = 'room.access'"
        await until(lambda: place.rows(happened, "pms.db") == [(200,)], 20)
        await until(lambda: not place.rows("SELECT 1 FROM outbox WHERE kind = 'access'"))
        assert len(await place.alerts(kind="low_battery")) == 1


async def test_a_backup_is_restored_onto_an_empty_folder(tmp_path: Path) -> None:
    async with house(tmp_path / "house") as place:
        await place.start("run")
        await place.healthy()
        await place.manager()
        departure = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        stay = {"room": "101", "departure": departure, "guests": 1, "guest": {"name": "Ada Lovelace"}}
        await place.api("POST", "stays", stay)
        await say(place, "101_door", contact=False)
        await place.door("101", "open")
        code, out, errors = await place.call("backup", str(tmp_path / "safe"), "--json")
        assert code == 0, errors
        made = json.loads(out)
        epochs = [place.rows("SELECT value FROM meta WHERE key = 'epoch'")]
        assert await place.stop("run") == 0
        place.data.rename(tmp_path / "gone")
        code, out, errors = await place.call("restore", made["backup"], "--secrets", made["secrets"], "--json")
        assert code == 0, errors
        epochs.append(place.rows("SELECT value FROM meta WHERE key = 'epoch'"))
        assert epochs[0] != epochs[1]
        await place.start("run")
        await place.healthy()
        await place.sign_in()
        room = await place.room("101")
        assert (room["front_office"], room["door"]["state"]) == ("occupied", "open")
        await say(place, "101_door", contact=True)
        await place.door("101", "closed")
        code, _, errors = await place.call("restore", made["backup"])
        assert (code, "stop it first" in errors) == (1, True)


async def test_a_damaged_journal_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        await place.start("run")
        await place.healthy()
        assert await place.stop("run") == 0
        (place.data / "journal.db").write_bytes(b"nothing that was ever a database")
        process = await place.start("run")
        assert await asyncio.wait_for(process.wait(), 30) == 1
        assert "restore" in place.log("run")
        assert (place.data / "journal.db").read_bytes() == b"nothing that was ever a database"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, where it may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_of_the_edge_is_said_and_nothing_is_lost(tmp_path: Path, small_disk: Path) -> None:
    async with house(tmp_path / "house") as place:
        edge_data = small_disk / "data"
        await place.start("edge", edge_data)
        await until(lambda: "line up" in place.log("edge"), 30)
        shutil.copytree(edge_data / "secrets", place.data / "secrets")
        await place.start("pms")
        await place.healthy()
        await place.manager()
        ballast = small_disk / "ballast"
        fill(ballast)
        for number in range(300):
            await say(place, "101_door", contact=number % 2 == 0, number=number, filling="x" * 2000)

        async def said() -> bool:
            return "edge/journal down disk_full" in (await place.health())[1]

        await until(said, 20)
        ballast.unlink()

        async def recovered() -> bool:
            return "edge/journal ok" in (await place.health())[1]

        await until(recovered, 20)
        await place.door("101", "open")
        journal = edge_data / "journal.db"
        with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
            payloads = [json.loads(row[0]) for row in connection.execute("SELECT payload FROM message")]
        assert [body["number"] for body in payloads if "number" in body] == list(range(300))
        assert await place.stop("edge") == 0


def fill(ballast: Path) -> None:
    """Take all the space but a little."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - 100_000))


async def test_a_bridge_that_is_gone_is_one_alert_and_a_restart_forgets_no_device(tmp_path: Path) -> None:
    async with house(tmp_path) as place:
        await place.start("run")
        await place.healthy()
        await place.manager()
        await say(place, "101_door", contact=False)
        await place.door("101", "open")
        await say(place, "bridge/state", state="offline")

        async def stale() -> bool:
            return bool((await place.room("101"))["door"]["stale"])

        await until(stale, 20)
        raised = {key for (key,) in place.rows("SELECT key FROM condition")}
        assert [key for key in raised if key.endswith("/zigbee2mqtt")] == ["line_down:field/zigbee2mqtt"]
        assert not [key for key in raised if "_door" in key]
        assert not await place.alerts(kind="device_offline")
        assert len(await place.alerts(kind="line_down")) == len([key for key in raised if key.startswith("line_down")])
        await say(place, "bridge/state", state="online")
        await until(lambda: place.rows("SELECT 1 FROM event WHERE kind = 'alert.cleared'", "pms.db"), 20)
        assert await place.stop("run") == 0
        heard = dict(place.rows("SELECT id, heard FROM device WHERE heard IS NOT NULL"))
        assert heard.keys() == {"101_door"}
        await place.start("run")
        await place.healthy()
        assert await place.stop("run") == 0
        assert dict(place.rows("SELECT id, heard FROM device WHERE heard IS NOT NULL")) == heard
