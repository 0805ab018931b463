"""Keeps the nightly backup: makes it when it is due, remembers how it went, and says when there is none to rely on."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from edge.configuration import Configuration
from edge.operate.rules import due_at, too_old

log = structlog.get_logger()

LOOK_S = 20.0
LONGEST_S = 4 * 3600.0
STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of past backups; kept in DATA/backup-PART.json. `since`: when they were first asked for."""

    since: datetime
    good: datetime | None = None
    failed: datetime | None = None
    code: str | None = None
    detail: str = ""
    file: str = ""
    bytes: int = 0
    seconds: float = 0.0
    apart: bool = False  # whether it was on another disk than the data


@dataclass(frozen=True, slots=True)
class Standing:
    """How backups stand now: a part of the house's health. `fault`: the evidence code of an alert, None: none."""

    state: str
    code: str | None
    detail: str
    fault: str | None
    figures: dict[str, Any]


Sink = Callable[[Standing], Awaitable[None]]


class Keeper:
    """Give `run()` a task. `say` is told how backups stand, at each look."""

    def __init__(
        self, configuration: Configuration, place: tuple[Path, str], now: Callable[[], datetime], say: Sink
    ) -> None:
        self._configuration = configuration
        self._data, self._part = place
        self._now, self._say = now, say
        settings = configuration.settings.backup
        self._at = time.fromisoformat(settings.at), ZoneInfo(configuration.hotel.house.time_zone)
        self._file = self._data / f"backup-{self._part}.json"
        self._started = now()
        self._same_disk = False
        self.child: int | None = None
        self.kept = _read(self._file) or Kept(self._started)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            now = self._now()
            if now >= self.due:
                await self.make()
            else:
                await self._place()
            await self._say(self.standing(self._now()))
            await asyncio.sleep(LOOK_S)

    @property
    def due(self) -> datetime:
        """When the next one is to be made."""
        return due_at(self._started, self.kept.good, self.kept.failed, self._at)

    async def make(self) -> None:
        """Make one now, in a process of its own, and remember how it went."""
        begun, there = self._now(), await self._place()
        gone = not there or (self.kept.apart and self._same_disk)  # a mount that is away must not fill our own disk
        answer: dict[str, Any] = {"error": "backup_no_place"} if gone else await self._child()
        if "error" in answer:
            log.error("backup.failed", why=answer["error"], detail=answer.get("detail", ""))
            code = "backup_no_place" if gone else "backup_failed"
            self.kept = replace(self.kept, failed=begun, code=code, detail=f"{answer['error']}")
        else:
            log.info("backup.made", file=answer["file"], rows=answer["rows"], seconds=answer["seconds"])
            file, size, seconds = answer["file"], answer["bytes"], answer["seconds"]
            self.kept = Kept(self.kept.since, begun, file=file, bytes=size, seconds=seconds, apart=not self._same_disk)
        _write(self._file, self.kept)

    def standing(self, now: datetime) -> Standing:
        """How backups stand."""
        kept, code, state = self.kept, None, "ok"
        if kept.failed is not None:
            code, state = kept.code or "backup_failed", "degraded"
        elif too_old(now, kept.good, kept.since):
            code, state = "backup_old", "degraded"
        elif self._same_disk:
            code = "backup_same_disk"
        fault = code if state == "degraded" else None
        return Standing(state, code, kept.detail, fault, self._figures(now))

    def _figures(self, now: datetime) -> dict[str, Any]:
        kept = self.kept
        known = {} if kept.good is None else {"last": kept.good.isoformat(), "bytes": kept.bytes}
        if kept.good is not None:
            known |= {"seconds": kept.seconds, "age_s": round((now - kept.good).total_seconds())}
        return known | {"next": self.due.isoformat()}

    async def _place(self) -> bool:
        """Whether the folder is there; looks which disk it is on. A network mount may hang: never on the loop."""
        path = Path(self._configuration.settings.backup.path)
        self._same_disk = await asyncio.to_thread(same_disk, self._data, path)
        return await asyncio.to_thread(path.is_dir)

    async def _child(self) -> dict[str, Any]:
        nothing, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self.words(), stdin=nothing, stdout=pipe)
        self.child = process.pid
        try:
            async with asyncio.timeout(LONGEST_S):
                out, _ = await process.communicate()
            return _answer(out)
        except TimeoutError:
            return {"error": "TimeoutError"}
        finally:
            await _end(process)
            self.child = None

    def words(self) -> list[str]:
        """The command of the process that makes it."""
        folders = [str(folder.absolute()) for folder in (self._configuration.folder, self._data)]
        return [sys.executable, "-m", "edge.operate.nightly", *folders, self._part, str(os.getpid())]


def same_disk(data: Path, path: Path) -> bool:
    """Whether both are on the same file system: a disk that dies takes both."""
    with contextlib.suppress(OSError):
        return data.stat().st_dev == path.stat().st_dev
    return False


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _answer(out: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(out)
    except ValueError:
        return {"error": "NoAnswer"}
    return answer if isinstance(answer, dict) else {"error": "NoAnswer"}


def _read(path: Path) -> Kept | None:
    """What was remembered; None when nothing was, or nothing that can be read: then a backup is simply due."""
    try:
        told = json.loads(path.read_text())
        for name in ("since", "good", "failed"):
            told[name] = datetime.fromisoformat(told[name]) if told[name] else None
        return Kept(**told)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("backup.memory_unreadable", error=str(error))
        return None


def _write(path: Path, kept: Kept) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(json.dumps(asdict(kept), default=str))
        draft.replace(path)
    except OSError as error:  # the backup itself is made; after a restart one more is
        log.warning("backup.memory_not_written", error=str(error))
