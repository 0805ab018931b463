"""The device models known to this hotel: profiles as data, built in, from a folder, or from an installed extension."""

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from devices.addresses import LINE_KINDS
from devices.errors import UnknownProfile
from devices.model import PointSpec, Profile
from devices.points import POINT_KINDS, Kind, PointKind
from devices.problems import ConfigurationError, Problem, TomlPlaces, explain, parse_toml
from devices.profile_tables import JsonWire, ModbusSettings, MqttSettings, PointTable, ProfileTable, RegisterWire

BUILT_IN = Path(__file__).parent / "profiles"
ENTRY_POINTS = "innkeeper.profiles"
DIALECT_GROUPS = ("innkeeper.dialects", "innkeeper.locks")
_Model = TypeVar("_Model", bound=BaseModel)
JSON_DIALECTS = frozenset({"zigbee2mqtt", "tasmota", "shelly", "shelly_gen1", "esphome", "homie", "mapped"})


class Catalog:
    """Profiles by id."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = {profile.id: profile for profile in profiles}

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> Self:
        """The built-in profiles, those of installed extensions, then those in the folders `extra`; a later one wins.

        Raises ConfigurationError with every problem of every file.
        """
        profiles: list[Profile] = []
        problems: list[Problem] = []
        for folder in (BUILT_IN, *_extension_folders(), *extra):
            found, wrong = _load_folder(folder)
            profiles += found
            problems += wrong
        if problems:
            raise ConfigurationError(problems)
        return cls(profiles)

    def get(self, profile_id: str) -> Profile:
        """The profile of that id; raises UnknownProfile."""
        try:
            return self._profiles[profile_id]
        except KeyError:
            raise UnknownProfile(profile_id) from None

    def ids(self) -> list[str]:
        """All ids, sorted."""
        return sorted(self._profiles)


def _load_folder(folder: Path) -> tuple[list[Profile], list[Problem]]:
    files: dict[str, str] = {}
    profiles: list[Profile] = []
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*.toml")):
        try:
            profile = load_profile(path)
        except ConfigurationError as error:
            problems += error.problems
            continue
        profiles.append(profile)
        if files.setdefault(profile.id, path.name) != path.name:
            message = f'"{profile.id}" is the id of {files[profile.id]} too'
            problems.append(Problem(path.name, "", "id", message))
    return profiles, problems


def _extension_folders() -> list[Path]:
    """Each entry point names a folder of profiles, as a path or as a function without arguments that returns one."""
    return [_folder(point) for point in entry_points(group=ENTRY_POINTS)]


def _is_dialect(name: str) -> bool:
    """Extensions are looked for last: that reads the description of every installed package."""
    return name in LINE_KINDS or any(
        point.name == name for group in DIALECT_GROUPS for point in entry_points(group=group)
    )


def _folder(point: EntryPoint) -> Path:
    named = point.load()
    folder = Path(named() if callable(named) else named)
    if not folder.is_dir():
        raise ConfigurationError([Problem(str(folder), f'extension "{point.name}"', "", "is not a folder of profiles")])
    return folder


def load_profile(path: Path) -> Profile:
    """One profile file; raises ConfigurationError with all of its problems."""
    text = path.read_text(encoding="utf-8")
    return _Reader(path.name, TomlPlaces(text)).profile(parse_toml(text, path.name))


class _Reader:
    """Checks one profile file and collects what is wrong with it."""

    def __init__(self, file: str, places: TomlPlaces) -> None:
        self._file = file
        self._places = places
        self._problems: list[Problem] = []

    def profile(self, content: dict[str, Any]) -> Profile:
        table = self._validate(ProfileTable, content, "")
        if table is None:
            raise ConfigurationError(self._problems)
        if not _is_dialect(table.dialect):
            self._problem("", "dialect", f'no such dialect: "{table.dialect}"')
        wire = self._settings(table)
        points = {name: self._point(name, point, table.dialect, wire) for name, point in table.points.items()}
        self._check_counters(points)
        if self._problems:
            raise ConfigurationError(self._problems)
        return Profile(
            id=table.id,
            dialect=table.dialect,
            label=table.label,
            points={name: spec for name, spec in points.items() if spec},
            power=table.power,
            offline_after_s=table.offline_after_s,
            battery_critical=table.battery_critical,
            wire=wire,
        )

    def _settings(self, table: ProfileTable) -> dict[str, Any]:
        if table.dialect == "modbus":
            settings: BaseModel | None = self._validate(ModbusSettings, table.wire, "wire")
        elif table.dialect in JSON_DIALECTS:
            settings = self._validate(MqttSettings, table.wire, "wire")
        else:
            return table.wire  # an extension's dialect knows its own keys
        return settings.model_dump(by_alias=True) if settings else {}

    def _point(self, name: str, table: PointTable, dialect: str, settings: dict[str, Any]) -> PointSpec | None:
        known = POINT_KINDS.get(name)
        if known is None and table.kind is None:
            self._problem(f"points.{name}", "kind", "a point that is not a known one needs its kind")
            return None
        known = known or PointKind(Kind(table.kind or Kind.NUMBER))
        wire = self._wire(name, table.wire, dialect, settings)
        if dialect == "modbus" or dialect in JSON_DIALECTS:
            self._check_values(name, known, wire)
        return PointSpec(
            name=name,
            unit=known.unit if table.unit is None else table.unit,
            freshness_s=table.freshness_s,
            minimum=known.minimum if table.minimum is None else table.minimum,
            maximum=known.maximum if table.maximum is None else table.maximum,
            writable=table.writable,
            wire=wire | {"kind": known.kind.value},
        )

    def _wire(self, name: str, wire: dict[str, Any], dialect: str, settings: dict[str, Any]) -> dict[str, Any]:
        if dialect == "modbus":
            return self._register(name, wire, settings)
        if dialect not in JSON_DIALECTS:
            return wire
        field = self._validate(JsonWire, wire, f"points.{name}", "wire")
        return field.model_dump() if field else {}

    def _register(self, name: str, wire: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
        """The register with the profile's base and orders worked in, so that a point can be read by itself."""
        field = self._validate(RegisterWire, wire, f"points.{name}", "wire")
        if field is None or not settings:
            return {}
        address = field.register_ - settings["base"]
        if not 0 <= address <= 0xFFFF:
            self._problem(f"points.{name}", "wire.register", f"{field.register_} is not reachable from the base")
        return field.model_dump(by_alias=True) | {
            "address": address,
            "byte_order": field.byte_order or settings["byte_order"],
            "word_order": field.word_order or settings["word_order"],
        }

    def _check_values(self, name: str, known: PointKind, wire: dict[str, Any]) -> None:
        values = list((wire.get("values") or {}).values())
        if known.kind is Kind.CHOICE and not values and wire:
            self._problem(f"points.{name}", "wire.values", "is needed to tell the choices")
        wrong = [value for value in values if not _fits(value, known)]
        if wrong:
            self._problem(f"points.{name}", "wire.values", f"not a value of this point: {wrong}")

    def _check_counters(self, points: dict[str, PointSpec | None]) -> None:
        """A contact is counted by a number that is read from the same unit."""
        for name, spec in points.items():
            counter = spec.wire.get("counted_by") if spec else None
            counted = points.get(str(counter)) if counter else None
            if counter and (counted is None or counted.wire.get("kind") != Kind.NUMBER.value):
                self._problem(f"points.{name}", "wire.counted_by", f'no point of this profile counts: "{counter}"')

    def _validate(self, model: type[_Model], content: Any, table: str, prefix: str = "") -> _Model | None:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for key, message in explain(error):
                self._problem(table, ".".join(part for part in (prefix, key) if part), message)
            return None

    def _problem(self, table: str, key: str, message: str) -> None:
        line = self._places.line(table, 0, key.split(".")[0])
        self._problems.append(Problem(self._file, f"[{table}]" if table else "", key, message, line))


def _fits(value: object, known: PointKind) -> bool:
    if known.kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    if known.kind is Kind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) and (not known.choices or value in known.choices)
