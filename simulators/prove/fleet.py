"""Numbered devices on the broker: doors, motion, locks, a leak detector for each alarm. Each keeps its own record."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from simulators.mqtt import BrokerAddress
from simulators.prove.records import Records, Said
from simulators.prove.wire import BrokerGoneError, Wire

ROOMS = tuple(f"1{number:02d}" for number in range(1, 9))
LEAKS_A_ROOM = 6
TURN_S = 0.1
MESSAGES_A_TURN = 10
FLOOD_AT_ONCE = 50
TURNS_TO_AN_ALARM = 8
REPLAYED, REORDERED, DUPLICATED = 20, 6, 10


def body_of(said: Said) -> bytes:
    """What the device says, as Zigbee2MQTT would."""
    told: dict[str, Any] = {"number": said.number}
    if said.kind == "door":
        told["contact"] = said.value == "closed"
    elif said.kind == "motion":
        told["occupancy"] = said.value == "on"
    elif said.kind == "alarm":
        told["water_leak"] = True
    else:
        told |= {"action": "unlock", "action_source_name": "rfid"}
        told |= {"credential_class": "guest", "credential": said.value}
    return json.dumps(told).encode()


class Fleet:
    """Speaks until cancelled (`run`); `flooding`: as fast as the broker takes it; `quiet`: not at all."""

    def __init__(self, address: BrokerAddress, records: Records, seed: int) -> None:
        self.records = records
        self.wire = Wire(address, f"prove-{seed}")
        self.flooding = self.quiet = False
        self.alarms = True
        self._random = random.Random(f"{seed}/fleet")
        self._numbers = count(1)
        self._leaks = [f"{room}_leak{number}" for number in range(1, LEAKS_A_ROOM + 1) for room in ROOMS]
        self._insisting: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """A turn each tenth of a second: a few messages; now and then an alarm."""
        try:
            for turn in count():
                await self.wire.connected.wait()
                if self.quiet:
                    await asyncio.sleep(TURN_S)
                    continue
                if self.flooding:
                    self.say_some(FLOOD_AT_ONCE)
                    await asyncio.sleep(0.002)
                    continue
                self.say_some(MESSAGES_A_TURN)
                if self.alarms and self._leaks and turn % TURNS_TO_AN_ALARM == 0:
                    self._insist(self._new("alarm", self._leaks.pop(0), "on"))
                await asyncio.sleep(TURN_S)
        finally:
            for task in self._insisting:
                task.cancel()
            await asyncio.gather(*self._insisting, return_exceptions=True)

    def say_some(self, messages: int) -> None:
        """So many messages of any devices; fewer when the broker is behind."""
        for said in self._chosen(messages):
            if not self.wire.room:
                return
            self._send(said)

    def duplicated(self) -> None:
        """A device's radio sends its packets twice."""
        for said in self._chosen(DUPLICATED):
            said.times = 2
            self._send(said, twice=True)

    def reordered(self) -> None:
        """What was said last arrives first."""
        for said in reversed(list(self._chosen(REORDERED))):
            self._send(said)

    def retained(self, whom: int) -> None:
        """A lock event that the broker keeps, and gives to every new subscription: it happened once."""
        self._send(self._access(ROOMS[whom % len(ROOMS)]), retain=True)

    def replayed(self) -> None:
        """Somebody puts old messages on the wire once more, as they were."""
        known = list(self.records.said.values())
        for said in self._random.sample(known, min(REPLAYED, len(known))):
            said.times += 1
            self._send(said)

    async def last_words(self) -> None:
        """Every door says for the last time how it is, until the broker has it."""
        for room in ROOMS:
            self._insist(self._new("door", f"{room}_door", self._random.choice(("open", "closed"))))
        await asyncio.gather(*self._insisting)

    def _chosen(self, messages: int) -> Iterator[Said]:
        for _ in range(messages):
            room, kind = self._random.choice(ROOMS), self._random.choice(("door", "motion", "motion", "access"))
            if kind == "access" and self._random.random() < 0.2:
                yield self._access(room)
            elif kind == "door":
                yield self._new("door", f"{room}_door", self._random.choice(("open", "closed")))
            else:
                yield self._new("motion", f"{room}_motion", self._random.choice(("on", "off")))

    def _access(self, room: str) -> Said:
        said = self._new("access", f"{room}_lock", "")
        said.value = f"p{said.number}"
        return said

    def _new(self, kind: str, device: str, value: str) -> Said:
        said = Said(next(self._numbers), device, kind, value, 0.0)
        self.records.said[said.number] = said
        return said

    def _send(self, said: Said, *, retain: bool = False, twice: bool = False) -> "asyncio.Future[None] | None":
        said.sent = said.sent or time.time()
        try:
            future = self.wire.publish(f"zigbee2mqtt/{said.device}", body_of(said), retain=retain, twice=twice)
        except BrokerGoneError:
            return None
        future.add_done_callback(lambda done: self._heard(said, done))
        return future

    def _heard(self, said: Said, done: "asyncio.Future[None]") -> None:
        if not done.cancelled() and done.exception() is None:
            self.records.acknowledged(said, time.time())

    def _insist(self, said: Said) -> None:
        task = asyncio.create_task(self._until_acknowledged(said), name=f"insist {said.device}")
        self._insisting.add(task)
        task.add_done_callback(self._insisting.discard)

    async def _until_acknowledged(self, said: Said) -> None:
        """An alarm is said again until the broker has it."""
        said.times = 0
        while said.acknowledged is None:
            await self.wire.connected.wait()
            said.times += 1
            future = self._send(said)
            if future is not None:
                await asyncio.wait({future}, timeout=5)
            await asyncio.sleep(0.05)
