"""Takes a changed configuration while the edge runs: only what differs is touched, and a bad file changes nothing.

What can fail is done first (read, check, make the new lines and codecs), then the file is written where a page asked
for a change, and only then the running edge is switched over, at one instant.
"""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from devices.inventory import Inventory, parse_inventory
from devices.inventory_diff import Stock
from devices.problems import ConfigurationError
from edge.configuration import Configuration, load_configuration
from edge.configuration_diff import changed_keys
from edge.inventory_file import EditError
from edge.replacing_file import FileChangedError, replace_file
from edge.switching import Parts, switch
from gateway.changing import GatewayChange

log = structlog.get_logger()

DEVICES = "devices.toml"
DETAIL = 1_000
"""Characters of what is wrong that are shown in the health report."""


class NotChanged(Exception):  # noqa: N818  not an error of ours: the answer
    """Nothing was changed. `reason`: bad_file, file_changed, file_not_writable, encoder_busy, not_applied, or a code of
    the edit."""

    def __init__(self, reason: str, problems: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. `changed`: ids by `InventoryDiff` name; `restart`: what is read at the next start only."""

    reason: str | None = None
    problems: tuple[str, ...] = ()
    changed: dict[str, list[str]] = field(default_factory=dict)
    rooms: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "state": "refused" if self.reason else "changed" if self.changed else "unchanged",
            "reason": self.reason,
            "problems": list(self.problems),
            "changed": self.changed,
            "rooms": list(self.rooms),
            "restart": list(self.restart),
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`stock`: a configuration's devices as the gateway takes them. `adopted` is told what the edge runs with now.

    `first_card_device`: whether a configuration needs the key of cards, which was not opened at the start.
    """

    stock: Callable[[Configuration], Stock]
    adopted: Callable[[Configuration, Inventory], None]
    first_card_device: Callable[[Configuration], bool]


class Reloading:
    """One change at a time, whoever asks."""

    def __init__(self, configuration: Configuration, parts: Parts, around: Surroundings) -> None:
        self.running = configuration
        self._parts = parts
        self._around = around
        self._one = asyncio.Lock()

    async def reload(self) -> Outcome:
        """Read the files and take what has changed in them."""
        async with self._one:
            try:
                read = await self._read()
                return await self._take(read, replace(self.running, inventory=read.inventory, catalog=read.catalog))
            except NotChanged as trouble:
                return self._refused(trouble)

    async def edit(self, edit: Callable[[str, Configuration], str]) -> Outcome:
        """Change devices.toml and take it. `edit` gets the text and what the files say; it may raise NotChanged or
        EditError, which end here."""
        async with self._one:
            try:
                return await self._edit(edit)
            except EditError as error:
                return self._failed(NotChanged(error.reason, [error.detail] if error.detail else []))
            except NotChanged as trouble:
                return self._failed(trouble)

    async def _edit(self, edit: Callable[[str, Configuration], str]) -> Outcome:
        path = self.running.folder / DEVICES
        try:
            read = await self._read()
            before = await asyncio.to_thread(path.read_bytes)
        except NotChanged as trouble:
            self._refused(trouble)
            raise NotChanged("file_changed", trouble.problems) from None
        except OSError as error:
            raise NotChanged("bad_file", [_said(error)]) from error
        after = edit(before.decode(), read)
        try:
            inventory = parse_inventory(after, DEVICES, read.catalog, read.hotel.rooms)
        except ConfigurationError as error:
            raise NotChanged("bad_file", [str(problem) for problem in error.problems]) from error
        wanted = replace(self.running, inventory=inventory, catalog=read.catalog)
        write = None if after.encode() == before else lambda: _write(path, before, after.encode())
        return await self._take(read, wanted, write)

    async def _read(self) -> Configuration:
        try:
            return await asyncio.to_thread(load_configuration, self.running.folder)
        except ConfigurationError as error:
            raise NotChanged("bad_file", [str(problem) for problem in error.problems]) from error
        except OSError as error:
            raise NotChanged("bad_file", [_said(error)]) from error

    async def _take(
        self, read: Configuration, wanted: Configuration, write: Callable[[], None] | None = None
    ) -> Outcome:
        """Raises NotChanged."""
        change = self._prepared(wanted)
        if working := self._parts.gateway.working(change):
            raise NotChanged("encoder_busy", working)
        if write is not None:
            await asyncio.to_thread(write)
        restart = tuple(changed_keys(self.running, read))
        if self._around.first_card_device(wanted):
            restart = (*restart, f"{DEVICES}: the first encoder, or lock of our cards: their key is made at the start")
        rooms = await self._switched(wanted, change)
        outcome = Outcome(changed=change.diff.told(), rooms=tuple(rooms), restart=restart)
        self._say(outcome)
        return outcome

    def _prepared(self, wanted: Configuration) -> GatewayChange:
        try:
            return self._parts.gateway.prepare(self._around.stock(wanted))
        except Exception as error:  # whatever an extension or the machine has against it: nothing has changed yet
            raise _not_applied(error) from error

    async def _switched(self, wanted: Configuration, change: GatewayChange) -> list[str]:
        try:
            await self._parts.gateway.stop(change)
            rooms = switch(self._parts, wanted, change)
        except Exception as error:  # a fault of ours must not end a house that runs
            raise _not_applied(error) from error
        self.running = wanted
        self._around.adopted(wanted, change.after.inventory)
        return rooms

    def _failed(self, trouble: NotChanged) -> Outcome:
        log.info("configuration.not_changed", reason=trouble.reason, problems=list(trouble.problems))
        return Outcome(trouble.reason, trouble.problems)

    def _refused(self, trouble: NotChanged) -> Outcome:
        """Said once: the same trouble again is no news."""
        detail = "\n".join(trouble.problems)[:DETAIL]
        part = {"part": "configuration", "state": "degraded", "code": trouble.reason, "detail": detail}
        if self._parts.health.others.get("configuration") != part:
            log.error("configuration.refused", reason=trouble.reason, problems=list(trouble.problems))
        self._parts.health.others["configuration"] = part
        return Outcome(trouble.reason, trouble.problems)

    def _say(self, outcome: Outcome) -> None:
        log.info("configuration.loaded", **outcome.told())
        code = "restart_needed" if outcome.restart else None
        part = {"part": "configuration", "state": "ok", "code": code, "detail": "\n".join(outcome.restart)[:DETAIL]}
        if code or "configuration" in self._parts.health.others:
            self._parts.health.others["configuration"] = part


def _write(path: Path, before: bytes, after: bytes) -> None:
    try:
        replace_file(path, before, after)
    except FileChangedError as error:
        raise NotChanged("file_changed", [f"{error} was written by somebody else meanwhile: try again"]) from error
    except OSError as error:
        raise NotChanged("file_not_writable", [_said(error)]) from error


def _not_applied(error: Exception) -> NotChanged:
    where = "".join(traceback.format_tb(error.__traceback__, limit=-5))
    log.warning("configuration.not_applied", error=repr(error)[:DETAIL], where=where)
    return NotChanged("not_applied", [repr(error)[:DETAIL]])


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
