"""A whole simulated hotel, built from the inventory that the gateway starts from."""

import asyncio
import random
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.catalog import Catalog
from devices.clock import Clock
from devices.inventory import Inventory
from devices.model import Device
from simulators.device import State, UseCases
from simulators.encoder.encoder import SimulatedEncoder
from simulators.encoder.tray import CardBox, DeskHand
from simulators.lines import MqttDevices, PortLine, SimulatedLine, build_line, heartbeat_s, open_line
from simulators.lock import CardLock, KeyRing
from simulators.modbus.unit import Fault, ModbusUnit
from simulators.mqtt import BrokerAddress, Session
from simulators.room import SimulatedRoom
from simulators.timers import Timers

__all__ = ["BrokerAddress", "SimulatedHotel"]

ENCODER_DIALECT = "pn532"
HEARTBEATS_PER_S = 150.0
"""Reports that all devices together make by themselves in a real second, at most: at a high speed they come rarer."""


class SimulatedHotel:
    """`async with hotel:` puts every device on its wire. Serial paths are relative to `data`.

    `rooms` by number, `devices` by id, `units` (Modbus, by device id), `lines` by id, `encoders`, `hands` (who puts
    cards on them) and `locks` (that read cards) by device id, `cards` the house's cards. Devices without a room are in
    `devices` only. `property_id` is whose cards the locks open to; `blank` the kind of card that lies ready on each
    encoder, None: nobody touches them.
    """

    def __init__(
        self,
        inventory: Inventory,
        catalog: Catalog,
        clock: Clock,
        seed: int = 1,
        broker: BrokerAddress | None = None,
        data: Path = Path("data"),
        property_id: str | None = None,
        blank: str | None = "ntag213",
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.timers = Timers(clock)
        self.devices: dict[str, UseCases] = {}
        self.units: dict[str, ModbusUnit] = {}
        self.lines: dict[str, SimulatedLine] = {}
        self.rooms: dict[str, SimulatedRoom] = {}
        self.encoders: dict[str, SimulatedEncoder] = {}
        self.hands: dict[str, DeskHand] = {}
        self.locks: dict[str, CardLock] = {}
        self.cards = CardBox(seed)
        self._ring = KeyRing(data, property_id)
        self._blank = blank
        self._catalog = catalog
        self._broker = broker or BrokerAddress("127.0.0.1", 1883)
        self._random = random.Random(seed)
        self._tasks = asyncio.TaskGroup()
        for line in inventory.lines.values():
            simulated = build_line(line, self._broker, data, clock.now)
            if simulated is not None:
                self.lines[line.id] = simulated
        self._build_devices(inventory)
        self._build_rooms(inventory)

    def _build_devices(self, inventory: Inventory) -> None:
        for device in inventory.devices.values():
            line = self.lines.get(device.line)
            if line is not None:
                self._build_device(device, line)

    def _build_device(self, device: Device, line: SimulatedLine) -> None:
        state = State.fresh(device, self._catalog.get(device.profile))
        if isinstance(line, PortLine) and state.profile.dialect == ENCODER_DIALECT:
            self.encoders[device.id] = encoder = line.attach()
            self.hands[device.id] = DeskHand(encoder, self.cards, self._blank)
            return
        speaker = line.speaker(state)
        if speaker is None:
            return
        use = UseCases(state, speaker, self.timers, self.seed)
        speaker.add(use)
        self.devices[device.id] = use
        if use.has("key_sequence"):
            self.locks[device.id] = CardLock(use, self._ring, self.clock)
        if isinstance(speaker, ModbusUnit):
            self.units[device.id] = speaker

    def _build_rooms(self, inventory: Inventory) -> None:
        numbers = dict.fromkeys(device.room for device in inventory.devices.values() if device.room)
        for number in numbers:
            inside = [self.devices[d.id] for d in inventory.in_room(number) if d.id in self.devices]
            locks = [self.locks[use.id] for use in inside if use.id in self.locks]
            self.rooms[number] = SimulatedRoom(number, inside, self.timers, locks)
            for use in inside:
                if use.id in self.units:
                    self.units[use.id].before = self.rooms[number].look

    @property
    def sessions(self) -> list[Session]:
        """Every connection to the broker."""
        lines = [line for line in self.lines.values() if isinstance(line, MqttDevices)]
        return [session for line in lines for session in line.sessions]

    @property
    def connected(self) -> bool:
        """Is every line there and every device connected?"""
        return all(line.up for line in self.lines.values())

    @property
    def sent(self) -> int:
        """MQTT messages that the broker has acknowledged."""
        return sum(session.sent for session in self.sessions)

    @property
    def dropped(self) -> int:
        """MQTT messages that had no connection to go through."""
        return sum(session.dropped for session in self.sessions)

    async def cut(self, line: str) -> None:
        """Cut a line: the devices' broker sessions, the Modbus socket, the serial adapter. KeyError: no such line."""
        await self.lines[line].cut()

    async def restore(self, line: str) -> None:
        """Put a line back. KeyError: no such line; OSError: it cannot be opened."""
        await self.lines[line].restore()

    def fault(self, device: str, fault: Fault) -> None:
        """What is wrong with a Modbus unit from now on (`Fault()`: nothing). KeyError: no such unit."""
        self.units[device].fault = fault

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        for name, line in self.lines.items():
            await open_line(name, line)
        for hand in self.hands.values():
            hand.begin()
        self._timing = self._tasks.create_task(self.timers.run())
        for session in self.sessions:
            self._tasks.create_task(session.run())
        for use in self.devices.values():
            self._schedule_heartbeat(use, first=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self.sessions:
            session.stop()
        for hand in self.hands.values():
            hand.stop()
        for line in self.lines.values():
            if not isinstance(line, MqttDevices):
                await line.cut()
        self._timing.cancel()
        if isinstance(error, asyncio.CancelledError):  # perhaps a task of ours failed: the group knows
            await self._tasks.__aexit__(kind, error, trace)
        else:
            await self._tasks.__aexit__(None, None, None)

    def _schedule_heartbeat(self, use: UseCases, first: bool = False) -> None:
        interval = heartbeat_s(use.state.device, use.state.profile)
        if interval is None:
            return
        stretched = max(interval, len(self.devices) * self.clock.speed / HEARTBEATS_PER_S)
        wait = stretched * (self._random.random() if first else self._random.uniform(0.9, 1.1))
        self.timers.after(wait, lambda: self._heartbeat(use))

    def _heartbeat(self, use: UseCases) -> None:
        room = self.rooms.get(use.state.device.room or "")
        if room is not None:
            room.look()
        use.heartbeat()
        self._schedule_heartbeat(use)
