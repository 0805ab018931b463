"""Whole processes: a device placed over the link is heard without a restart; a file is changed by hand and reloaded."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.journeys.house import House, house
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

CONTACT = "zigbee2mqtt/0x00158d0001"


@dataclass
class Peer:
    """The PMS's end of the link: keeps what rooms are, acknowledges everything."""

    client: aiomqtt.Client
    doors: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Listen until cancelled."""
        await self.client.subscribe("innkeeper/example/up/#", 1)
        async for message in self.client.messages:
            envelope = json.loads(bytes(message.payload))
            kind, body, seq = envelope["kind"], envelope["body"], envelope["seq"]
            if kind == "room":
                self.doors[body["room"]] = body["door"]["value"]
            if kind == "command_result":
                self.ends[body["id"]] = body["state"]
            if seq:
                await self.say("ack", {"epoch": envelope["epoch"], "through": seq})

    async def say(self, kind: str, body: dict[str, Any], seq: int = 0) -> None:
        """A message down."""
        head = {"kind": kind, "property": "example", "epoch": "pms", "seq": seq, "at": datetime.now(UTC).isoformat()}
        await self.client.publish(f"innkeeper/example/down/{kind}", json.dumps({**head, "body": body}), 1)

    async def change(self, name: str, **told: Any) -> None:
        """Ask for a change of devices.toml, over and over as a sender does, until it has its end."""
        seq, deadline = len(self.ends) + 1, (datetime.now(UTC) + timedelta(minutes=1)).isoformat()

        async def ended() -> bool:
            await self.say("inventory_change", {"id": name, "deadline": deadline, "by": "boss", **told}, seq)
            return name in self.ends

        await until(ended, 20, 0.5)
        assert self.ends[name] == "done"


@contextlib.asynccontextmanager
async def peer(hotel: House) -> AsyncIterator[Peer]:
    """Connected."""
    password = (hotel.data / "secrets" / "broker_innkeeper").read_text()
    async with aiomqtt.Client("127.0.0.1", hotel.mqtt, username="innkeeper", password=password) as client:
        made = Peer(client)
        task = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.wait([task])


async def shown(hotel: House, pms: Peer, room: str, state: str, topic: str = CONTACT) -> None:
    """The contact speaks until the PMS hears of it."""

    async def said() -> bool:
        async with hotel.field() as device:
            await device.publish(topic, json.dumps({"contact": state == "closed"}), 1)
        return pms.doors.get(room) == state

    await until(said, 20, 0.2)


async def reloaded(hotel: House, code: int = 0) -> dict[str, Any]:
    """`innkeeper reload --json`; its answer."""
    found, out, errors = await hotel.call("reload", "--json")
    assert found == code, out + errors
    answer: dict[str, Any] = json.loads(out)
    return answer


async def by_hand(hotel: House, pms: Peer) -> None:
    """The file is edited: well, and badly."""
    assert (await reloaded(hotel))["state"] == "unchanged"
    hotel.replace("devices.toml", {'address = "zigbee2mqtt/103_door"': 'address = "zigbee2mqtt/new"'})
    assert (await reloaded(hotel))["changed"] == {"devices_changed": ["103_door"]}
    await shown(hotel, pms, "103", "open", "zigbee2mqtt/new")

    good = (hotel.config / "devices.toml").read_text()
    (hotel.config / "devices.toml").write_text(good + "\n[[device]]\nid = 7\n")
    hotel.processes["edge"].send_signal(signal.SIGHUP)
    await until(lambda: "configuration.refused" in hotel.log("edge"))
    code, out, _ = await hotel.call("reload")
    assert (code, out.splitlines()[0]) == (2, "nothing was changed: bad_file")
    assert "devices.toml:" in out
    await shown(hotel, pms, "102", "closed")


async def test_devices_come_and_change_while_the_edge_runs(tmp_path: Path) -> None:
    async with house(tmp_path) as hotel:
        hotel.replace("devices.toml", {"# Room 102": "# Room 102, by the sea"})
        edge = await hotel.start("edge")
        await until(lambda: (hotel.data / "secrets" / "broker_field").exists() and "the edge runs" in hotel.log("edge"))
        async with peer(hotel) as pms:
            place = {"line": "field", "profile": "zigbee2mqtt/contact", "address": CONTACT, "room": "102"}
            await pms.change("one", action="place", device="102_balcony", **place)
            assert "# Room 102, by the sea" in (hotel.config / "devices.toml").read_text()
            await shown(hotel, pms, "102", "open")
            await by_hand(hotel, pms)
            assert edge.returncode is None
        assert await hotel.stop("edge") == 0
        found, _, errors = await hotel.call("reload")
        assert (found, "no edge runs over" in errors) == (1, True)
