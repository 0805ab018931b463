"""How much a decoded message costs: Zigbee2MQTT payloads on one core, beside bare JSON decoding of the same bytes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from devices.catalog import Catalog
from devices.model import Device
from devices.mqtt.router import MqttRouter
from simulators.bench import hotels
from simulators.bench.flood import ROOMS
from simulators.bench.report import Figure, Report, median

MESSAGES = 200_000
ROUNDS = 3


def hotel() -> tuple[MqttRouter, list[tuple[str, bytes]]]:
    """A router of four devices a room, and messages of each."""
    devices = [
        Device(f"{room}_{kind}", "field", f"zigbee2mqtt/{kind}", f"zigbee2mqtt/{room}_{kind}", room)
        for room in ROOMS
        for kind in hotels.KINDS
    ]
    said = [(one.address, hotels.payload(one.profile.split("/")[1], turn)) for turn in range(10) for one in devices]
    return MqttRouter(devices, Catalog.load()), said


def rate(decode: Callable[[str, bytes], object], said: list[tuple[str, bytes]]) -> float:
    """Payloads a second of processor time."""
    begun = time.process_time()
    for _ in range(MESSAGES // len(said)):
        for topic, payload in said:
            decode(topic, payload)
    return MESSAGES / (time.process_time() - begun)


def codecs(report: Report) -> None:
    """Ours and bare by turns; the medians."""
    router, said = hotel()
    now = datetime.now(UTC)

    def ours(topic: str, payload: bytes) -> object:
        return router.decode(topic, payload, now, 1, retained=False)

    def bare(_: str, payload: bytes) -> object:
        return orjson.loads(payload)

    figures = [(rate(ours, said), rate(bare, said)) for _ in range(ROUNDS)]
    value, beside = (median(column) for column in zip(*figures, strict=True))
    counts = f"Zigbee2MQTT payloads (contact, motion, climate, leak) to readings, processor time; median of {ROUNDS}."
    bare_counts = "orjson.loads of the same bytes."
    report.add(Figure("codecs", counts, value, "payloads/s", beside, bare_counts))
