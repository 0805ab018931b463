"""The simulated end of each line of an inventory."""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from devices.inventory import Line
from devices.model import Device, Profile
from simulators.device import Service, State, UseCases
from simulators.dialects.esphome import EspHomeNode
from simulators.dialects.homie import HomieDevice
from simulators.dialects.mapped import MappedDevices
from simulators.dialects.shelly import ShellyDevice
from simulators.dialects.shelly_gen1 import ShellyGen1Device
from simulators.dialects.tasmota import TasmotaDevice
from simulators.dialects.tasmota_zigbee import ZigbeeBehindTasmota
from simulators.dialects.zigbee2mqtt import Zigbee2MqttBridge
from simulators.encoder.encoder import SerialPort, SimulatedEncoder, SocketPort
from simulators.modbus.bus import Bus, RtuLine, TcpLine
from simulators.modbus.models import unit_of
from simulators.mqtt import BrokerAddress, Session
from simulators.terminal import PseudoTerminal

log = structlog.get_logger()


class Speaker(Service, Protocol):
    """A service to which devices can be added."""

    def add(self, device: UseCases) -> None:
        """It speaks for this device too."""


class SimulatedLine(Protocol):
    """A line that can be cut and restored; starting and stopping it is the same."""

    @property
    def up(self) -> bool:
        """Is it there?"""

    def speaker(self, state: State) -> "Speaker | None":
        """Who speaks for a device; None when we do not simulate it."""

    async def restore(self) -> None:
        """Put it back. Raises OSError when that cannot be."""

    async def cut(self) -> None:
        """Take it away without a word."""


class MqttDevices:
    """The devices of an MQTT line: a bridge for each Zigbee base topic, a session for each Wi-Fi device."""

    def __init__(self, line: str, address: BrokerAddress, now: Callable[[], datetime]) -> None:
        self._line = line
        self._address = address
        self._now = now
        self._bridges: dict[str, Zigbee2MqttBridge] = {}
        self._mapped: MappedDevices | None = None
        self.sessions: list[Session] = []

    def speaker(self, state: State) -> Speaker | None:
        """Who speaks for a device; None when its dialect is not simulated."""
        makers: dict[str, Callable[[State], Speaker]] = {
            "zigbee2mqtt": self._bridge,
            "tasmota": self._tasmota,
            "shelly": self._shelly,
            "shelly_gen1": self._alone(ShellyGen1Device),
            "esphome": self._alone(EspHomeNode),
            "homie": self._alone(HomieDevice),
            "mapped": lambda _state: self._shared(),
        }
        maker = makers.get(state.profile.dialect)
        return maker(state) if maker else None

    def _bridge(self, state: State) -> Speaker:
        base = state.device.address.partition("/")[0]
        if base not in self._bridges:
            self._bridges[base] = Zigbee2MqttBridge(base, self._address, f"sim-{self._line}-{base}")
            self.sessions.append(self._bridges[base].session)
        return self._bridges[base]

    def _tasmota(self, state: State) -> Speaker:
        if state.profile.wire.get("identity"):
            return self._alone(ZigbeeBehindTasmota)(state)
        service = TasmotaDevice(state, self._address, self._client(state), self._now)
        self.sessions.append(service.session)
        return service

    def _shelly(self, state: State) -> Speaker:
        service = ShellyDevice(state, self._address, self._client(state), self._now)
        self.sessions.append(service.session)
        return service

    def _alone(
        self, kind: "type[ShellyGen1Device | EspHomeNode | HomieDevice | ZigbeeBehindTasmota]"
    ) -> Callable[[State], Speaker]:
        """A device with a connection and a will of its own."""

        def make(state: State) -> Speaker:
            service = kind(state, self._address, self._client(state))
            self.sessions.append(service.session)
            return service

        return make

    def _shared(self) -> Speaker:
        if self._mapped is None:
            self._mapped = MappedDevices(self._address, f"sim-{self._line}-mapped", self._now)
            self.sessions.append(self._mapped.session)
        return self._mapped

    def _client(self, state: State) -> str:
        return f"sim-{self._line}-{state.device.id}"

    @property
    def up(self) -> bool:
        """Are all of them connected that are switched on?"""
        return all(session.connected for session in self.sessions)

    async def restore(self) -> None:
        """Plug every device in."""
        for session in self.sessions:
            session.restore()

    async def cut(self) -> None:
        """The devices lose the broker without a goodbye: their wills are published."""
        for session in self.sessions:
            session.cut()


class ModbusDevices:
    """The units of a Modbus line and the wire they share."""

    def __init__(self, wire: TcpLine | RtuLine) -> None:
        self._wire = wire

    def speaker(self, state: State) -> Speaker | None:
        """The unit of a device; None when its profile is no Modbus one."""
        if state.profile.dialect != "modbus":
            return None
        unit = unit_of(state)
        self._wire.bus.units[unit.number] = unit
        return unit

    @property
    def up(self) -> bool:
        """Is it there?"""
        return self._wire.up

    async def restore(self) -> None:
        """Put it back. Raises OSError."""
        await self._wire.restore()

    async def cut(self) -> None:
        """Take it away."""
        await self._wire.cut()


class PortLine:
    """A serial port or a serial server: a card encoder hangs on it, or nobody (then it is there and silent)."""

    def __init__(self, port: SerialPort | SocketPort) -> None:
        self.encoder: SimulatedEncoder | None = None
        self._port = port

    @property
    def up(self) -> bool:
        """Is it plugged in?"""
        return self._port.plugged

    def speaker(self, state: State) -> Speaker | None:  # noqa: ARG002 an encoder has no points
        """Nobody speaks here by points."""
        return None

    def attach(self) -> SimulatedEncoder:
        """The encoder at the port."""
        self.encoder = self.encoder or SimulatedEncoder(self._port)
        return self.encoder

    async def restore(self) -> None:
        """Plug it in. Raises OSError."""
        if self.encoder is not None:
            await self.encoder.plug()
        elif not self._port.plugged:
            await self._port.open()

    async def cut(self) -> None:
        """Unplug it."""
        if self.encoder is not None:
            self.encoder.unplug()
        else:
            self._port.close()


def build_line(
    line: Line, broker: BrokerAddress, data: Path, now: Callable[[], datetime]
) -> MqttDevices | ModbusDevices | PortLine | None:
    """Our end of a line; None (and a word in the log) for one that we do not simulate."""
    if line.kind == "mqtt":
        own = BrokerAddress(line.host, line.port or 1883, broker.username, broker.password) if line.host else broker
        return MqttDevices(line.id, own, now)
    if line.kind == "modbus_tcp" and line.host and _is_loopback(line.host):
        return ModbusDevices(TcpLine(line.host, line.port or 502, Bus()))
    if line.kind == "modbus_rtu" and line.path:
        return ModbusDevices(RtuLine(PseudoTerminal(data / line.path), Bus(latency_s=0.015)))
    if line.kind == "serial" and line.path:
        return PortLine(SerialPort(data / line.path))
    if line.kind == "tcp" and line.host and line.port and _is_loopback(line.host):
        return PortLine(SocketPort(line.host, line.port))
    log.warning("line is not simulated", line=line.id, kind=line.kind, host=line.host)
    return None


def _is_loopback(host: str) -> bool:
    """We serve devices to this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def open_line(name: str, line: SimulatedLine) -> None:
    """Restore a line; one that cannot be is logged and stays down."""
    try:
        await line.restore()
    except OSError as error:
        log.warning("simulated line cannot be opened", line=name, error=str(error))


def heartbeat_s(device: Device, profile: Profile) -> float | None:
    """Hotel seconds between two reports that a device makes by itself; None: it is asked."""
    shelly = 900.0 if profile.power == "mains" else 3600.0
    by_dialect = {"tasmota": 300.0, "mapped": 600.0, "shelly": shelly, "shelly_gen1": shelly}
    by_dialect |= {"esphome": 300.0, "homie": 900.0}
    if profile.dialect == "zigbee2mqtt":
        if {"temperature", "power", "presence"} & profile.points.keys():
            return 600.0
        return 3000.0 + sum(device.id.encode()) % 600
    return by_dialect.get(profile.dialect)
