"""Makes lines with what works on them, from an inventory. Nothing of it runs yet."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from devices.clock import Clock
from devices.inventory import Line
from devices.inventory_diff import Stock
from devices.model import Device, Profile
from devices.mqtt.router import MqttRouter
from gateway.encoders.encoders import DIALECT
from gateway.health import Memory
from gateway.lines.byte_line import ByteLine
from gateway.lines.line import FieldLine, LineUser
from gateway.lines.modbus import ModbusLine
from gateway.lines.modbus_settings import settings_of
from gateway.lines.mqtt import MqttLine, MqttSettings
from gateway.lines.serial import SerialLine, SerialSettings
from gateway.lines.tcp import TcpLine
from gateway.mqtt_orders import MqttOrders
from gateway.poller import Poller, PollerPorts
from gateway.ports import CardSettings

log = structlog.get_logger()

MQTT_PORT, MQTT_TLS_PORT = 1883, 8883
ROUTED = frozenset({"mqtt", "modbus_tcp", "modbus_rtu"})
"""Kinds of lines whose devices can become others while the connection stands."""

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


@dataclass(frozen=True, slots=True)
class Encoder:
    """What is at the end of a byte line."""

    device: Device
    line: ByteLine
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Made:
    """A line, who carries out its orders, and its encoder."""

    line: FieldLine
    worker: Poller | MqttOrders | None = None
    encoder: Encoder | None = None


def members_of(stock: Stock) -> dict[str, Member]:
    """The devices with their profiles, by id. Raises UnknownProfile."""
    return {device.id: (device, stock.catalog.get(device.profile)) for device in stock.inventory.devices.values()}


def router_of(stock: Stock, line: str) -> MqttRouter:
    """The codec of an MQTT line."""
    return MqttRouter(stock.inventory.on(line), stock.catalog)


def polled(stock: Stock, line: str) -> Sequence[Member]:
    """The units of a Modbus line; a pace of the line's own wins over that of their profiles."""
    poll_s = stock.inventory.lines[line].settings.poll_s
    members = [(device, stock.catalog.get(device.profile)) for device in stock.inventory.on(line)]
    if not poll_s:
        return members
    return [(device, replace(profile, wire=profile.wire | {"line_poll_s": poll_s})) for device, profile in members]


class LineMaker:
    """Whom lines serve, and where they find their files."""

    def __init__(self, clock: Clock, home: Home, user: LineUser, ports: PollerPorts) -> None:
        self._clock = clock
        self._home = home
        self._user = user
        self._ports = ports

    def make(self, stock: Stock, line: Line) -> Made:
        """A line as the inventory has it, with its devices."""
        makers: dict[str, Callable[[Stock, Line], Made]] = {
            "mqtt": self._mqtt,
            "modbus_tcp": self._modbus,
            "modbus_rtu": self._modbus,
            "serial": self._serial,
            "tcp": self._tcp,
        }
        return makers[line.kind](stock, line)

    def _mqtt(self, stock: Stock, line: Line) -> Made:
        router, told = router_of(stock, line.id), line.settings
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
        return Made(made, MqttOrders(made, router, self._clock))

    def _modbus(self, stock: Stock, line: Line) -> Made:
        made = ModbusLine(line.id, settings_of(line, self._home.folder), self._user)
        return Made(made, Poller(made, polled(stock, line.id), self._clock, self._ports))

    def _serial(self, stock: Stock, line: Line) -> Made:
        told = line.settings
        settings = SerialSettings(self._path(line.path or ""), told.baud, told.parity, told.stop_bits)
        return self._with_encoder(stock, SerialLine(line.id, settings, self._user), told.timeout_s)

    def _tcp(self, stock: Stock, line: Line) -> Made:
        made = TcpLine(line.id, line.host or "", line.port or 0, self._user)
        return self._with_encoder(stock, made, line.settings.timeout_s)

    @staticmethod
    def _with_encoder(stock: Stock, line: ByteLine, timeout_s: float) -> Made:
        """A bare line serves the encoder at its end, if there is one."""
        devices = stock.inventory.on(line.id)
        found = [one for one in devices if stock.catalog.get(one.profile).dialect == DIALECT]
        return Made(line, encoder=Encoder(found[-1], line, timeout_s) if found else None)

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
