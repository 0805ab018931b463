"""`innkeeper support-bundle`: what somebody who helps needs, and nothing about anybody.

It is made of what is known to be harmless (versions, counts, states, codes), never of what is there minus what looks
personal: no row, no payload, no log text, no name, address, password or key can get in.
"""

import io
import json
import os
import platform
import re
import shutil
import sqlite3
import tarfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.problems import ConfigurationError
from edge.configuration import Configuration, load_configuration
from edge.console import books, finish
from edge.journal_file import JOURNAL
from edge.operate.asking import ask
from edge.operate.look import schemas
from edge.operate.replaced import journal_side
from edge.service import version
from pms.kernel.errors import DatabaseDamaged
from pms.survey import survey

EVENT = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)+")
LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
READ_ME = """\
Made by `innkeeper support-bundle`. It holds versions, counts, states and codes: no guest, no person who works here, no
name, no address, no password, no key, no message of a device. Look through it before you send it: it is plain text.
"""


def write(to: Path, config: Path, data: Path, log: Path | None) -> list[str]:
    """Write the archive (mode 600); the names of its members."""
    members: dict[str, Any] = {"about.json": about(data)}
    try:
        configuration = load_configuration(config)
    except ConfigurationError as error:
        members["problems.json"] = [_place(problem) for problem in error.problems]
    else:
        members["configuration.json"] = shape(configuration)
        members["health.json"] = _health(configuration, data)
        members["databases.json"] = databases(configuration, config, data)
    if log is not None:
        with log.open(errors="replace") as lines:
            members["log.json"] = events(lines)
    texts = {"README.txt": READ_ME} | {
        name: json.dumps(value, indent=2, default=str) for name, value in members.items()
    }
    _pack(to, texts)
    return list(texts)


def about(data: Path) -> dict[str, Any]:
    """The release and the machine. Not its name: hosts are called after people."""
    disk = shutil.disk_usage(data if data.exists() else data.absolute().parent)
    return {
        "version": version(),
        "made": datetime.now(UTC),
        "python": platform.python_version(),
        "system": platform.system(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "disk_bytes": {"total": disk.total, "free": disk.free},
    }


def shape(configuration: Configuration) -> dict[str, Any]:
    """How big the hotel is and of what kind: counts and choices, no name of a room, a device or a host."""
    inventory, settings = configuration.inventory, configuration.settings
    return {
        "rooms": len(configuration.hotel.rooms),
        "time_zone": configuration.hotel.house.time_zone,
        "lines": Counter(line.kind for line in inventory.lines.values()),
        "devices": Counter(device.profile for device in inventory.devices.values()),
        "broker": settings.broker.mode,
        "link_elsewhere": bool(settings.link.url),
        "database": settings.database.url.split(":", 1)[0],
        "http_everywhere": settings.http.host in {"0.0.0.0", "::"},
        "backup": {"on": bool(settings.backup.path), "secrets": bool(settings.backup.secrets_path)},
        "journal": settings.journal.model_dump(),
        "second_factor": settings.security.second_factor,
    }


def databases(configuration: Configuration, config: Path, data: Path) -> dict[str, Any]:
    """Schemas and rows by table; a database that cannot be read says so by the kind of its error."""
    found: dict[str, Any] = {}
    try:
        found["schemas"] = schemas(config, data)
        surveyed = finish(survey(books(configuration, data).url))
        found["pms"] = {"rows": surveyed.rows, "bytes": surveyed.size} if surveyed else None
        journal = journal_side(data / JOURNAL)
        found["journal"] = journal.answer() if journal else None
    except (DatabaseDamaged, sqlite3.DatabaseError, OSError) as error:
        found["error"] = type(error).__name__
    return found


def events(lines: Iterable[str]) -> list[dict[str, str]]:
    """Of each line of a log its time, level and the name of what happened, when it has one; all else stays out."""
    return [event for line in lines if (event := _event(line)) is not None]


def _event(line: str) -> dict[str, str] | None:
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["timestamp"])
        name, level = str(told["event"]), str(told["level"])
    except (ValueError, KeyError, TypeError):
        return None
    if level not in LEVELS or not EVENT.fullmatch(name):
        return None
    return {"at": at.isoformat(), "level": level, "event": name}


def _health(configuration: Configuration, data: Path) -> dict[str, Any]:
    found = ask(configuration.settings.http, data)
    parts = [
        part | {"part": str(part["part"]).split(":", 1)[0]} for part in found.parts
    ]  # a line's name is the hotel's
    return {"state": found.state, "ready": found.ready, "version": found.version, "parts": parts}


def _place(problem: object) -> dict[str, object]:
    """Where it is; what it says may quote the value."""
    return {name: getattr(problem, name) for name in ("file", "line")}


def _pack(to: Path, texts: dict[str, str]) -> None:
    draft = to.with_name(to.name + ".partial")
    out = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    with out, tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, text in texts.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    draft.replace(to)
