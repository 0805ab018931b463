"""`service.toml`: everything that is neither the hotel nor its devices. Secrets are never in it."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, create_model, field_validator, model_validator

from devices.problems import ConfigurationError, Problem, TomlPlaces, explain, parse_toml
from edge.broker_settings import BrokerTable
from edge.energy_table import EnergyTable
from edge.home_assistant.table import HomeAssistantTable
from edge.http_settings import HttpTable
from edge.metrics.table import MetricsTable
from edge.notifications_table import NotificationsTable
from edge.onboarding_table import OnboardingTable
from edge.reference import configuration_reference
from edge.retention_table import RetentionTable
from edge.rooms.parameters import RoomParameters
from edge.table import Host, Port, Table
from edge.url import BrokerUrl
from pms.link.retention import Periods

__all__ = ["BrokerTable", "Settings", "configuration_reference", "load_settings", "service_schema"]


class LinkTable(Table):
    """How edge and PMS reach each other. INNKEEPER_LINK_URL overrides it; INNKEEPER_LINK_PASSWORD is its password."""

    url: str = Field("", description="Broker of the link, mqtt://user@host:port; empty: the broker above.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _checked_url(value)


class DatabaseTable(Table):
    """Where the PMS keeps its books. INNKEEPER_DATABASE_URL overrides it."""

    url: str = Field("sqlite", description="sqlite (DATA/pms.db) or postgresql+asyncpg://user@host/database.")


class SecurityTable(Table):
    """Who needs what to sign in, and how much anybody may ask for."""

    second_factor: tuple[Literal["manager", "frontdesk", "housekeeping", "maintenance"], ...] = Field(
        (), description="Roles that are asked for a second factor; they set it up at their next sign-in."
    )
    requests_per_person: float = Field(100, ge=0, description="Requests a second of a person, for long; 0: no limit.")
    requests_per_address: float = Field(400, ge=0, description="Requests a second of an address; 0: no limit.")
    sign_ins_per_minute: float = Field(60, ge=0, description="Attempts to sign in of an address; 0: no limit.")


class JournalTable(Table):
    """How much of what was heard is kept. What the PMS has not had yet is kept in any case."""

    messages: int = Field(500_000, ge=50_000, description="Messages kept, at most.")
    megabytes: float = Field(
        2_000, ge=50, description="Size of what is kept, at most; the oldest telemetry goes first."
    )
    days: float = Field(30, gt=0, description="Days they are kept, at most.")
    disk_low_mb: int = Field(500, ge=1, description="Free space under which the fault disk_low is raised.")


class CardsTable(Table):
    """Key cards: what may be written on the hotel's encoders."""

    mifare_classic: bool = Field(
        default=False,
        description="Write MIFARE Classic cards too. Their cipher is broken: anyone can copy one.",
    )


class BoardTable(Table):
    """The edge's own board of rooms and alarms, read only, for when the PMS is away (`innkeeper edge` alone)."""

    enabled: bool = Field(default=True, description="Whether there is one.")
    host: Host = Field(
        "127.0.0.1", description="Address to listen on. Anything but loopback asks for the link printed at the start."
    )
    port: Port = Field(8081, description="0: any free one.")


class BackupTable(Table):
    """A verified backup every night by itself. Daily, weekly and monthly ones are kept; older ones are deleted."""

    path: str = Field("", description="Folder to write into, best on another disk or a mount; empty: off.")
    secrets_path: str = Field("", description="Folder for the keys, never the same place; empty: they are not saved.")
    at: str = Field("03:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day on the hotel's clock.")
    daily: int = Field(7, ge=1, le=366, description="Days of which the newest is kept.")
    weekly: int = Field(4, ge=0, le=520, description="Weeks of which the newest is kept.")
    monthly: int = Field(6, ge=0, le=120, description="Months of which the newest is kept.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.path and self.path == self.secrets_path:
            raise ValueError("secrets_path is path: keys beside the backup open it to whoever finds it")
        return self


class LogTable(Table):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


def _told(item: dataclasses.Field[Any]) -> str:
    """The default of a limit, and why it is that one where it is weighed."""
    return " ".join(filter(None, (f"Default {item.default}.", item.metadata.get("why"))))


def _rooms_table() -> type[Table]:
    known: dict[str, Any] = {
        item.name: (float | None, Field(None, ge=-1440, le=100_000, description=_told(item)))
        for item in fields(RoomParameters)
        if item.name != "utc_offset_minutes"  # follows from the property's time zone
    }
    model: type[Table] = create_model("RoomsTable", __base__=Table, **known)
    model.__doc__ = "Timers and limits of the rooms' logic, in the unit of their name; the property's own win."
    return model


RoomsTable = _rooms_table()


class Settings(Table):
    """`service.toml`."""

    http: HttpTable = HttpTable()
    broker: BrokerTable = BrokerTable()
    link: LinkTable = LinkTable()
    database: DatabaseTable = DatabaseTable()
    security: SecurityTable = SecurityTable()
    rooms: Any = Field(default_factory=RoomsTable)
    energy: EnergyTable = EnergyTable()
    journal: JournalTable = JournalTable()
    retention: Any = Field(default_factory=RetentionTable)
    cards: CardsTable = CardsTable()
    board: BoardTable = BoardTable()
    backup: BackupTable = BackupTable()
    onboarding: OnboardingTable = OnboardingTable()
    home_assistant: HomeAssistantTable = HomeAssistantTable()
    metrics: MetricsTable = MetricsTable()
    notifications: NotificationsTable = NotificationsTable()
    log: LogTable = LogTable()

    @field_validator("rooms", mode="before")
    @classmethod
    def _rooms(cls, value: object) -> object:
        return value if isinstance(value, Table) else RoomsTable.model_validate(value)

    @field_validator("retention", mode="before")
    @classmethod
    def _retention(cls, value: object) -> object:
        return value if isinstance(value, Table) else RetentionTable.model_validate(value)

    @property
    def periods(self) -> Periods:
        """Days that data is kept, by class."""
        periods: dict[str, float] = self.retention.model_dump()
        return periods

    @property
    def timers(self) -> dict[str, float]:
        """The limits of the rooms' logic that are set."""
        return {name: value for name, value in self.rooms.model_dump().items() if value is not None}


OVERRIDES = {
    "INNKEEPER_BROKER_URL": ("broker", "url"),
    "INNKEEPER_LINK_URL": ("link", "url"),
    "INNKEEPER_DATABASE_URL": ("database", "url"),
    "INNKEEPER_HOME_ASSISTANT_URL": ("home_assistant", "url"),
}


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check `service.toml`; a file that is absent means the defaults.

    Raises:
        ConfigurationError: with every problem, each naming file, table and key.
    """
    text = _read(path)
    content = parse_toml(text, path.name)
    for name, (table, key) in OVERRIDES.items():
        if environment.get(name):
            content.setdefault(table, {})[key] = environment[name]
    problems = _problems(content, path.name, TomlPlaces(text))
    if problems:
        raise ConfigurationError(problems)
    return Settings.model_validate(content)


def service_schema() -> dict[str, Any]:
    """The JSON schema of `service.toml`."""
    schema = Settings.model_json_schema()
    schema["properties"]["rooms"] = RoomsTable.model_json_schema()
    schema["properties"]["retention"] = RetentionTable.model_json_schema()
    return schema


TABLES: dict[str, type[Table]] = {
    "http": HttpTable,
    "broker": BrokerTable,
    "link": LinkTable,
    "database": DatabaseTable,
    "security": SecurityTable,
    "rooms": RoomsTable,
    "energy": EnergyTable,
    "journal": JournalTable,
    "retention": RetentionTable,
    "cards": CardsTable,
    "board": BoardTable,
    "backup": BackupTable,
    "onboarding": OnboardingTable,
    "home_assistant": HomeAssistantTable,
    "metrics": MetricsTable,
    "notifications": NotificationsTable,
    "log": LogTable,
}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.exists() else ""
    except OSError as error:
        raise ConfigurationError([Problem(path.name, "", "", error.strerror or str(error))]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([Problem(path.name, "", "", "is not UTF-8 text")]) from error


def _problems(content: dict[str, Any], file: str, places: TomlPlaces) -> list[Problem]:
    found = []
    for table, values in content.items():
        if table not in TABLES:
            found.append(Problem(file, "", table, "unknown key", places.line(table)))
        elif not isinstance(values, dict):
            found.append(Problem(file, "", table, f"is not a table: write [{table}]", places.line("", 0, table)))
        else:
            found += _table_problems(table, values, file, places)
    return found


def _table_problems(table: str, values: dict[str, Any], file: str, places: TomlPlaces) -> list[Problem]:
    try:
        TABLES[table].model_validate(values)
    except ValidationError as error:
        return [
            Problem(file, f"[{table}]", key, message, places.line(table, 0, key)) for key, message in explain(error)
        ]
    return []


def _checked_url(value: str) -> str:
    if value:
        BrokerUrl.parse(value)
    return value
