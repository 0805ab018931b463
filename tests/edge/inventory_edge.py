"""An edge in this process over a copy of config/example, on a real broker; we are its PMS."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt

from devices.clock import Clock
from edge.assembly import Edge, EdgePlan, edge_opened
from edge.broker import Broker
from edge.configuration import load_configuration
from tests.servers import RealBroker, a_free_port
from tests.waiting import until

EXAMPLE = Path(__file__).parents[2] / "config" / "example"
PROPERTY = "example"


@dataclass
class Hotel:
    """The folders, the running edge, and what it has said to its PMS."""

    folder: Path
    broker: RealBroker
    edge: Edge
    client: aiomqtt.Client
    said: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0

    @property
    def devices(self) -> Path:
        """The file."""
        return self.folder / "config" / "devices.toml"

    async def ask(self, action: str, device: str | None = None, **told: Any) -> dict[str, Any]:
        """Send a change over the link; how it ended."""
        self.sent += 1
        name = told.pop("id", f"change-{self.sent}")
        at = datetime.now(UTC)
        deadline = told.pop("deadline", at + timedelta(minutes=1))
        body = {"id": name, "action": action, "device": device, "by": "boss", "deadline": deadline.isoformat(), **told}
        await self.tell(self.sent, body)
        return await self.result(name)

    async def tell(self, seq: int, body: dict[str, Any], kind: str = "inventory_change") -> None:
        """A message of the PMS."""
        envelope = {"kind": kind, "property": self.property, "epoch": "pms", "seq": seq, "body": body}
        told = {**envelope, "at": datetime.now(UTC).isoformat()}
        await self.client.publish(f"innkeeper/{self.property}/down/{kind}", json.dumps(told), 1)

    @property
    def property(self) -> str:
        """Whose topics they are."""
        return self.edge.reloading.running.hotel.house.id

    def results(self, name: str) -> list[dict[str, Any]]:
        """Every end that was told of a change, each once however often it was sent."""
        found = {one["seq"]: one["body"] for one in self.said if one["kind"] == "command_result"}
        return [body for body in found.values() if body["id"] == name]

    async def result(self, name: str) -> dict[str, Any]:
        """How a change ended."""
        await until(lambda: self.results(name))
        return self.results(name)[-1]

    async def hears(self, topic: str, **payload: Any) -> None:
        """A device says something."""
        await self.client.publish(topic, json.dumps(payload), 1)

    def door(self, number: str) -> dict[str, Any]:
        """The door of a room as the edge sees it."""
        view = self.edge.hub.house.rooms[number].view(datetime.now(UTC))
        door: dict[str, Any] = view["door"]
        return door

    def conditions(self) -> dict[str, list[str]]:
        """Every fault that was told: raised, cleared and why."""
        found: dict[str, list[str]] = {}
        for one in {said["seq"]: said["body"] for said in self.said if said["kind"] == "condition"}.values():
            codes = [item["code"] for item in one["evidence"]] if one["state"] == "cleared" else []
            told, state = found.setdefault(one["key"], []), " ".join([one["state"], *codes])
            if told[-1:] != [state]:  # a PMS that is new is told again what stands
                told.append(state)
        return found


async def _listen(hotel: Hotel) -> None:
    await hotel.client.subscribe(f"innkeeper/{hotel.property}/up/#", 1)
    async for message in hotel.client.messages:
        hotel.said.append(json.loads(bytes(message.payload)))


@contextlib.asynccontextmanager
async def hotel(folder: Path, broker: RealBroker, more: str = "", clock: Clock | None = None) -> AsyncIterator[Hotel]:
    """A running edge, with `more` in its service.toml; entered again over the same folder it is the next run."""
    config = folder / "config"
    if not config.exists():
        shutil.copytree(EXAMPLE, config)
        service = (config / "service.toml").read_text()
        here = f'mode = "url"\nurl = "mqtt://127.0.0.1:{broker.port}"'
        (config / "service.toml").write_text(service.replace('mode = "auto"', here) + more)
        text = (config / "devices.toml").read_text()
        (config / "devices.toml").write_text(text.replace("5020", str(a_free_port())))
    configuration, time = load_configuration(config), clock or Clock()
    own = Broker(configuration.settings.broker, folder / "data", time.now)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(own)
        edge = await stack.enter_async_context(
            edge_opened(EdgePlan(configuration, folder / "data", time, follow_wall=clock is None), own)
        )
        client = await stack.enter_async_context(aiomqtt.Client("127.0.0.1", broker.port))
        made = Hotel(folder, broker, edge, client)
        tasks = [asyncio.create_task(work) for work in (own.run(), _listen(made), edge.run())]
        try:
            await until(lambda: edge.health.ready and edge.link.status().connected)
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled() and (error := task.exception()):
                    raise error
