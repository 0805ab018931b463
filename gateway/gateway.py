"""The gateway: takes an inventory, yields what its devices say, takes commands. One place wires lines and workers."""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from devices.catalog import Catalog
from devices.clock import Clock
from devices.encoders.jobs import CardJob
from devices.inventory import Inventory, Line
from devices.model import Command, CommandAnswer, Device, LineState, LineStatus, Profile, Reading
from devices.mqtt.router import MqttRouter
from gateway.dispatch import Dispatch
from gateway.encoders.account import Desk
from gateway.encoders.encoders import DIALECT, Encoders
from gateway.health import Memory
from gateway.lines.byte_line import ByteLine
from gateway.lines.line import FieldLine, LineDownError, LineUser
from gateway.lines.modbus import ModbusLine
from gateway.lines.modbus_settings import settings_of
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.lines.serial import SerialLine, SerialSettings
from gateway.lines.tcp import TcpLine
from gateway.mqtt_orders import MqttOrders
from gateway.poller import Poller, PollerPorts
from gateway.ports import CardSettings, DeviceFigures, GatewayPorts, GatewayStatus, LineMessage
from gateway.presence import Presence

log = structlog.get_logger()

LOOK_S = 1.0
JUMP = timedelta(minutes=1)
"""The clock was set, or its speed changed, when it moved so much more or less than time went by."""
MQTT_PORT, MQTT_TLS_PORT = 1883, 8883

Member = tuple[Device, Profile]


@dataclass(frozen=True, slots=True)
class Home:
    """Where the gateway lives: `folder` is what paths of serial ports and password files are relative to (DATA).

    Without `cards` it issues no key cards. `remembered`: what the last run knew of its devices (`Gateway.memories`).
    """

    property_id: str = "house"
    folder: Path = Path()
    cards: CardSettings | None = None
    remembered: Mapping[str, Memory] = field(default_factory=dict)


class Gateway:
    """Everything between the field and the hub. `run()` never ends by itself; a line that cannot be opened is down."""

    def __init__(
        self, inventory: Inventory, catalog: Catalog, clock: Clock, ports: GatewayPorts, home: Home | None = None
    ) -> None:
        self._inventory = inventory
        self._clock = clock
        self._ports = ports
        self._home = home or Home()
        self._members = {device.id: (device, catalog.get(device.profile)) for device in inventory.devices.values()}
        self._heard: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._unknown = 0
        remembered = self._home.remembered
        self._presence = Presence(self._members, ports, clock.now(), self._publish, remembered)
        self._liveness = self._presence.liveness
        self._dispatch = Dispatch(inventory, clock, ports)
        serve = (ports.card_progress, ports.card_done, self._encoder_heard, self._liveness.missed, self._take)
        self._encoders = Encoders(Desk(clock, *serve), self._home.cards)
        self._user = LineUser(self._take, self._line_changed, clock.now)
        self._catalog = catalog
        self._lines: dict[str, FieldLine] = {line.id: self._make(line) for line in inventory.lines.values()}

    async def run(self) -> None:
        """Serve all lines until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in self._work():
                tasks.create_task(work, name=name)

    def _work(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        lines = [(f"line {name}", line.run()) for name, line in self._lines.items()]
        workers = [(f"worker {name}", worker.run()) for name, worker in self._dispatch.workers.items()]
        encoders = [(f"encoder on {name}", worker.run()) for name, worker in self._encoders.workers.items()]
        return [*lines, *workers, *encoders, ("liveness", self._look())]

    def submit(self, command: Command) -> None:
        """Send a command before its deadline; its one result comes to `command_done`."""
        self._dispatch.submit(command)

    def card(self, job: CardJob) -> None:
        """Give a job to its encoder; its steps come to `card_progress`, its one result to `card_done`."""
        self._encoders.card(job)

    def cancel_card(self, job_id: str) -> None:
        """End a card job of which nothing has been written yet; its result says `cancelled`. Any other goes on."""
        self._encoders.cancel(job_id)

    def pause(self) -> None:
        """Read nothing more from lines whose messages can wait at their broker."""
        for line in self._lines.values():
            if isinstance(line, MqttLine):
                line.pause()

    def resume(self) -> None:
        """Read on."""
        for line in self._lines.values():
            if isinstance(line, MqttLine):
                line.resume()

    def status(self) -> GatewayStatus:
        """Lines, devices and counters now."""
        return GatewayStatus(
            tuple(line.status for line in self._lines.values()),
            tuple(self._figures(device) for device, _ in self._members.values()),
            dict(self._reasons),
            self._unknown,
            self._dispatch.waiting,
            self._encoders.figures,
        )

    def memories(self) -> dict[str, Memory]:
        """What the next run is to know of the devices."""
        return self._liveness.memories(self._clock.now())

    def _publish(self, line: str, topic: str, payload: bytes) -> None:
        found = self._lines[line]
        if not isinstance(found, MqttLine):
            raise LineDownError("not_sent", line)
        found.publish(topic, payload)

    def _figures(self, device: Device) -> DeviceFigures:
        name = device.id
        last, online = self._liveness.last_heard(name), self._liveness.online(name)
        return DeviceFigures(name, device.line, self._heard[name], self._rejected[name], last, online)

    def _encoder_heard(self, device: str) -> None:
        self._heard[device] += 1
        self._presence.heard(device, self._clock.now())

    def _take(self, message: LineMessage) -> None:
        message = self._presence.spoken_for(message) if len(message.decoded.facts) > 1 else message
        decoded = message.decoded
        speaking = None
        for fact in decoded.facts:
            if type(fact) is Reading:
                if fact.point == "online" and isinstance(fact.value, bool):
                    self._liveness.said(fact.device, online=fact.value)
                    continue
                self._answered(fact)
            if fact.device != speaking and not message.retained:
                speaking = fact.device
                self._heard[speaking] += 1
                self._presence.heard(speaking, message.received)
        for answer in decoded.answers:
            self._answered(answer)
        for rejected in decoded.rejected:
            self._reasons[rejected.reason] += 1
            if rejected.device is None:
                self._unknown += 1
            else:
                self._rejected[rejected.device] += 1
        self._ports.take(message)

    def _answered(self, told: Reading | CommandAnswer) -> None:
        worker = self._dispatch.workers.get(self._members[told.device][0].line)
        if isinstance(worker, MqttOrders) and worker.open:
            worker.heard(told)

    def _line_changed(self, status: LineStatus) -> None:
        worker = self._dispatch.workers.get(status.line)
        if isinstance(worker, Poller):
            worker.line_changed()
        if encoder := self._encoders.workers.get(status.line):
            encoder.line_changed()
        self._ports.line_changed(status)
        if status.state in (LineState.UP, LineState.DOWN):
            self._liveness.line_changed(status.line, status.at, up=status.state is LineState.UP)

    async def _look(self) -> None:
        loop, clock = asyncio.get_running_loop(), self._clock
        while True:
            began, at = clock.now(), loop.time()
            await asyncio.sleep(LOOK_S)
            now = clock.now()
            went_by = timedelta(seconds=(loop.time() - at) * clock.speed)
            if abs(now - began - went_by) > JUMP:
                self._liveness.clock_jumped(now)
            self._presence.look(now)

    def _make(self, line: Line) -> FieldLine:
        makers = {
            "mqtt": self._mqtt,
            "modbus_tcp": self._modbus,
            "modbus_rtu": self._modbus,
            "serial": self._serial,
            "tcp": self._tcp,
        }
        return makers[line.kind](line)

    def _mqtt(self, line: Line) -> FieldLine:
        devices, told = self._inventory.on(line.id), line.settings
        router = MqttRouter(devices, self._catalog)
        settings = MqttSettings(
            host=line.host or "127.0.0.1",
            port=line.port or (MQTT_TLS_PORT if told.tls else MQTT_PORT),
            username=told.username,
            password=self._password(line),
            client_id=told.client_id or f"innkeeper-{self._home.property_id}-{line.id}",
            state_topic=f"innkeeper/{self._home.property_id}/gateway/{line.id}",
            tls=told.tls,
            ca_file=self._path(told.ca_file) if told.ca_file else None,
        )
        made = MqttLine(line.id, settings, router, self._user)
        self._dispatch.workers[line.id] = MqttOrders(made, router, self._clock)
        return made

    def _modbus(self, line: Line) -> FieldLine:
        made = ModbusLine(line.id, settings_of(line, self._home.folder), self._user)
        members = [
            self._timed(self._members[device.id], line.settings.poll_s) for device in self._inventory.on(line.id)
        ]
        ports = PollerPorts(self._take, self._liveness.missed)
        self._dispatch.workers[line.id] = Poller(made, members, self._clock, ports)
        return made

    def _serial(self, line: Line) -> FieldLine:
        told = line.settings
        settings = SerialSettings(self._path(line.path or ""), told.baud, told.parity, told.stop_bits)
        return self._with_encoder(SerialLine(line.id, settings, self._user), told.timeout_s)

    def _tcp(self, line: Line) -> FieldLine:
        made = TcpLine(line.id, line.host or "", line.port or 0, self._user)
        return self._with_encoder(made, line.settings.timeout_s)

    def _with_encoder(self, line: ByteLine, timeout_s: float) -> ByteLine:
        """A bare line serves the encoder at its end, if there is one."""
        for device, profile in (self._members[device.id] for device in self._inventory.on(line.id)):
            if profile.dialect == DIALECT:
                self._encoders.add(device, line, timeout_s)
        return line

    @staticmethod
    def _timed(member: Member, poll_s: float | None) -> Member:
        device, profile = member
        return (device, replace(profile, wire=profile.wire | {"line_poll_s": poll_s})) if poll_s else member

    def _path(self, told: str) -> Path:
        return self._home.folder / told

    def _password(self, line: Line) -> str | None:
        told = line.settings
        if told.password_env:
            return os.environ.get(told.password_env)
        try:
            return self._path(told.password_file).read_text().strip() if told.password_file else None
        except OSError as error:
            log.warning("no password for the line", line=line.id, file=told.password_file, error=str(error))
            return None  # the broker refuses, the line says so, and the others serve
