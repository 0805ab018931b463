"""The running service shows a door and a room in Home Assistant, over its own broker and the user of the field."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from tests.journeys.house import House, house
from tests.waiting import until

pytestmark = [pytest.mark.real("mosquitto"), pytest.mark.timeout(120)]


@contextlib.asynccontextmanager
async def retained(made: House) -> AsyncIterator[tuple[aiomqtt.Client, dict[str, bytes]]]:
    """What the broker holds below both prefixes, kept up to date, and a way to speak as a device."""
    held: dict[str, bytes] = {}

    async def listen(client: aiomqtt.Client) -> None:
        await client.subscribe([("homeassistant/#", 1), ("innkeeper_states/#", 1), ("innkeeper/#", 1)])
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            held[str(message.topic)] = message.payload

    async with made.field() as client:
        task = asyncio.create_task(listen(client))
        try:
            yield client, held
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_door_of_the_running_service_appears_in_home_assistant(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        service = made.config / "service.toml"
        service.write_text(service.read_text() + "\n[home_assistant]\nenabled = true\nlanguage = 'zh-CN'\n")
        await made.start("run")
        await made.healthy()
        async with retained(made) as (client, held):
            await until(lambda: any(topic.endswith("/device/101_door") for topic in held))
            door = next(topic for topic in held if topic.endswith("/device/101_door"))
            assert json.loads(held[door])["door"] is None
            await client.publish("zigbee2mqtt/101_door", b'{"contact":false,"battery":97}', 1)
            await until(lambda: json.loads(held[door])["door"] == "ON")
            room = next(topic for topic in held if topic.endswith("/room/101"))
            await until(lambda: json.loads(held[room])["door"] == "ON")
            documents = [json.loads(held[topic]) for topic in held if topic.startswith("homeassistant/device/")]
            assert {document["origin"]["name"] for document in documents} == {"Innkeeper"}
            assert "客房 101" in {document["device"]["name"] for document in documents}
            assert not any(topic.startswith("innkeeper/") for topic in held), "the field may not read the link"
        _, health = await made.health()
        assert "home_assistant" in health
