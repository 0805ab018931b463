"""`devices.toml`: the lines and devices of this hotel. Every problem of the file is found at once."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from devices.addresses import LINE_KINDS, wrong_address
from devices.catalog import Catalog
from devices.errors import UnknownProfile
from devices.inventory_tables import LINE_ADAPTER, DeviceTable, inventory_schema
from devices.model import Device, Profile
from devices.problems import ConfigurationError, Problem, TomlPlaces, explain, parse_toml

__all__ = [
    "ConfigurationError",
    "Inventory",
    "Line",
    "LineSettings",
    "Problem",
    "inventory_schema",
    "load_inventory",
    "parse_inventory",
]


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a line is spoken to; what a kind has no use for stays at its default."""

    username: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    client_id: str | None = None
    tls: bool = False
    ca_file: str | None = None
    baud: int = 9_600
    parity: str = "N"
    stop_bits: int = 1
    timeout_s: float = 0.5
    quiet_s: float = 1.0
    poll_s: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A physical connection. `path` is relative to DATA unless absolute; mqtt without host means the own broker."""

    id: str
    kind: str  # mqtt modbus_tcp modbus_rtu serial tcp
    host: str | None = None
    port: int | None = None
    path: str | None = None
    settings: LineSettings = field(default_factory=LineSettings)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The lines and devices of a hotel, by id."""

    lines: dict[str, Line]
    devices: dict[str, Device]

    def on(self, line_id: str) -> list[Device]:
        """The devices of a line, in the file's order."""
        return [device for device in self.devices.values() if device.line == line_id]

    def in_room(self, number: str | None) -> list[Device]:
        """The devices of a room; None: those without a room."""
        return [device for device in self.devices.values() if device.room == number]


def load_inventory(path: Path, catalog: Catalog, rooms: Collection[str] | None) -> Inventory:
    """Read and check the file; `rooms` None: rooms are not checked. Raises ConfigurationError with every problem."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([Problem(path.name, "", "", error.strerror or str(error))]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem(path.name, "", "", "is not UTF-8 text")]) from error
    return parse_inventory(text, path.name, catalog, rooms)


def parse_inventory(text: str, file: str, catalog: Catalog, rooms: Collection[str] | None) -> Inventory:
    """Check the text of such a file, which is called `file` in what is said of it. Raises ConfigurationError."""
    return _Reader(file, TomlPlaces(text), catalog, rooms).inventory(parse_toml(text, file))


class _Reader:
    """Checks one file and collects what is wrong with it."""

    def __init__(self, file: str, places: TomlPlaces, catalog: Catalog, rooms: Collection[str] | None) -> None:
        self._file = file
        self._places = places
        self._catalog = catalog
        self._rooms = rooms
        self._problems: list[Problem] = []

    def inventory(self, content: dict[str, Any]) -> Inventory:
        for key in content.keys() - {"line", "device"}:
            self._problems.append(Problem(self._file, "", key, "unknown key", self._places.line(key)))
        line_tables = self._tables(content, "line")
        device_tables = self._tables(content, "device")
        lines = [self._line(index, table) for index, table in line_tables]
        devices = [self._device(index, table, _line_kinds(line_tables)) for index, table in device_tables]
        self._unique("line", line_tables)
        self._unique("device", device_tables)
        self._same_port([line for line in lines if line], line_tables)
        self._same_place([device for device in devices if device], device_tables)
        if self._problems:
            raise ConfigurationError(sorted(self._problems, key=lambda one: one.line or 0))
        return Inventory({line.id: line for line in lines if line}, {device.id: device for device in devices if device})

    def _tables(self, content: dict[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
        found = content.get(name, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            message = f"is not a list of tables: write [[{name}]]"
            self._problems.append(Problem(self._file, name, "", message, self._places.line(name)))
            return []
        return list(enumerate(found))

    def _line(self, index: int, table: dict[str, Any]) -> Line | None:
        try:
            checked = LINE_ADAPTER.validate_python(table)
        except ValidationError as error:
            self._explain("line", index, table, error)
            return None
        return _line_of(checked)

    def _device(self, index: int, table: dict[str, Any], kinds: dict[str, str]) -> Device | None:
        try:
            checked = DeviceTable.model_validate(table)
        except ValidationError as error:
            self._explain("device", index, table, error)
            return self._device_but_for(error, index, table, kinds)
        before = len(self._problems)
        self._check_room(index, table, checked)
        self._check_line(index, table, checked, kinds)
        if len(self._problems) > before:
            return None
        return Device(checked.id, checked.line, checked.profile, str(checked.address), checked.room, checked.sees)

    def _device_but_for(
        self, error: ValidationError, index: int, table: dict[str, Any], kinds: dict[str, str]
    ) -> Device | None:
        """The device without its unknown keys, so that what else is wrong with it is said in the same run."""
        if {detail["type"] for detail in error.errors()} != {"extra_forbidden"}:
            return None
        known = {key: value for key, value in table.items() if key in DeviceTable.model_fields}
        return self._device(index, known, kinds)

    def _check_room(self, index: int, table: dict[str, Any], device: DeviceTable) -> None:
        if self._rooms is not None and device.room is not None and device.room not in self._rooms:
            self._problem("device", index, table, "room", f'no such room: "{device.room}"')

    def _check_line(self, index: int, table: dict[str, Any], device: DeviceTable, kinds: dict[str, str]) -> None:
        profile = self._profile(index, table, device)
        if device.line not in kinds:
            self._problem("device", index, table, "line", f'no such line: "{device.line}"')
            return
        kind = kinds[device.line]
        if profile is None:
            return
        if kind not in LINE_KINDS.get(profile.dialect, (kind,)):
            message = f'"{profile.id}" speaks {profile.dialect}, which a line of kind {kind} does not carry'
            self._problem("device", index, table, "profile", message)
        elif wrong := wrong_address(str(device.address), kind, profile):
            self._problem("device", index, table, "address", wrong)

    def _profile(self, index: int, table: dict[str, Any], device: DeviceTable) -> Profile | None:
        try:
            return self._catalog.get(device.profile)
        except UnknownProfile:
            self._problem("device", index, table, "profile", f'no such profile: "{device.profile}"')
            return None

    def _unique(self, name: str, tables: Iterable[tuple[int, dict[str, Any]]]) -> None:
        seen: Counter[str] = Counter()
        for index, table in tables:
            identifier = table.get("id")
            if isinstance(identifier, str):
                seen[identifier] += 1
                if seen[identifier] == 2:
                    self._problem(name, index, table, "id", "is used twice")

    def _same_port(self, lines: Iterable[Line], tables: list[tuple[int, dict[str, Any]]]) -> None:
        """Two lines cannot share a serial port: each has a worker of its own."""
        taken: dict[str, str] = {}
        for line in lines:
            if line.path and taken.setdefault(line.path, line.id) != line.id:
                index, table = next(found for found in tables if found[1].get("id") == line.id)
                self._problem("line", index, table, "path", f'is that of "{taken[line.path]}" too')

    def _same_place(self, devices: Iterable[Device], tables: list[tuple[int, dict[str, Any]]]) -> None:
        """Two devices at one address, unless they are two parts of one thing (other profiles on one MQTT topic)."""
        taken: dict[tuple[str, str, str], str] = {}
        for device in devices:
            dialect = self._catalog.get(device.profile).dialect
            part = device.profile if LINE_KINDS.get(dialect) == ("mqtt",) else ""
            other = taken.setdefault((device.line, device.address, part), device.id)
            if other != device.id:
                index, table = next(found for found in tables if found[1].get("id") == device.id)
                self._problem("device", index, table, "address", f'is that of "{other}" too')

    def _explain(self, name: str, index: int, table: dict[str, Any], error: ValidationError) -> None:
        kinds = {"mqtt", "modbus_tcp", "modbus_rtu", "serial", "tcp"}
        for key, message in explain(error):
            parts = [part for part in key.split(".") if part and part not in kinds]
            self._problem(name, index, table, parts[0] if parts else "kind", message)

    def _problem(self, name: str, index: int, table: dict[str, Any], key: str, message: str) -> None:
        identifier = f' "{table["id"]}"' if isinstance(table.get("id"), str) else ""
        place = f"[[{name}]] #{index + 1}{identifier}"
        problem = Problem(self._file, place, key, message, self._places.line(name, index, key))
        if problem not in self._problems:
            self._problems.append(problem)


def _line_kinds(tables: Iterable[tuple[int, dict[str, Any]]]) -> dict[str, str]:
    """The kind of each line that says one, even where another key of it is wrong."""
    pairs = [(table.get("id"), table.get("kind")) for _, table in tables]
    return {identifier: kind for identifier, kind in pairs if isinstance(identifier, str) and isinstance(kind, str)}


def _line_of(table: BaseModel) -> Line:
    told = table.model_dump()
    own = {key: told.pop(key, None) for key in ("id", "kind", "host", "port", "path")}
    if own["kind"] == "mqtt" and own["host"]:
        own["port"] = own["port"] or (8883 if told["tls"] else 1883)
    return Line(**own, settings=LineSettings(**told))
