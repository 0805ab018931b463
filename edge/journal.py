"""The edge's memory on disk (DATA/journal.db): what was heard, what rooms were, what is owed to the PMS.

Everything one batch brings is one commit: messages, the rooms they changed, the facts that follow from them. Only after
it are the messages acknowledged. A disk error is raised and said in `trouble`, the caller tries again: nothing is lost.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import structlog

from edge import sweep
from edge.clock_correction import Correction, correct
from edge.journal_batch import Batch, Trouble, store_batch
from edge.journal_devices import store_memories
from edge.journal_file import open_journal
from edge.journal_onboarding import APPLYING, ChangeStep, store_changes
from edge.journal_outbox import Owed, count_owed, may_wait, owed, store_facts
from edge.journal_rows import COMMAND_END, COMMAND_SENT, LAST_REJECTED, PEER, Told, forget_rejected, load, store_told
from edge.journal_space import Trimmed, trim, used_bytes
from edge.retention import JournalLimits
from edge.sqlite_writer import DiskError, Operation, SqliteWriter
from gateway.health import Memory

log = structlog.get_logger()

T = TypeVar("T")
TRIM_STEP = 2000
MEASURED_EVERY = 100
"""Messages from one look at the space that is used to the next; each commit's while there is too little."""
DAY_SECONDS = 86_400
MEGABYTE = 1_000_000
LEAST = 50_000
"""Messages that a disk that is low does not cost: the lowest cap that can be set."""
SWEEPS = 5
"""Steps of one `tidy`, each a transaction of its own: some ten thousand messages a minute are looked at."""


ONCE = ("rooms", "facts", "keys", "uncovered", "devices", "plans", "days", "history")
"""What of `Loaded` is asked for at the start alone."""


class Journal:
    """Make one with `await Journal.open(path)`; used on the event loop, written by its own thread.

    `kept`: messages in it. `removed`: what went past its period since the start, by class; `swept`: up to when all was
    looked at.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, limits: JournalLimits) -> None:
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'boot'")
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.path = path
        self.epoch: str = meta["epoch"]
        self.boot = int(meta["boot"])
        self.loaded = load(connection)
        self.trouble: Trouble | None = None
        kept, last = connection.execute("SELECT count(*), coalesce(max(seq), 0) FROM message").fetchone()
        self.kept, self.last = int(kept), int(last)
        self.limits = limits
        self.removed: Counter[str] = Counter()
        self.swept: datetime | None = None
        self.disk_low = False  # while it is, the journal takes hardly more space
        self.given_up = 0  # messages for the PMS that went because too many waited
        self._sweep_from = self._trim_from = self._handed_out = 0
        self._full = False
        self._put_aside, self._emptied = 1, 0  # times when something came into the backlog, and when it was empty
        self._lost: DiskError | None = None
        self._gone = asyncio.Event()
        self._writer = SqliteWriter(connection, "journal")

    @classmethod
    async def open(cls, path: Path, limits: JournalLimits | None = None) -> "Journal":
        """Open or make the journal.

        Raises:
            JournalDamagedError: it is there and cannot be trusted.
            OSError: its folder cannot be written.
        """
        connection = await asyncio.to_thread(open_journal, path)
        return cls(connection, path, limits or JournalLimits())

    def taken_up(self) -> None:
        """What was loaded of rooms and messages is where it belongs, and not kept twice."""
        over = {name: type(getattr(self.loaded, name))() for name in ONCE}
        self.loaded = replace(self.loaded, **over)

    async def close(self) -> None:
        """Finish what is waiting and let go of the file."""
        await self._writer.close()

    async def lost(self) -> NoReturn:
        """Wait until nobody knows what the disk holds, then raise the `DiskError`: the process has to end."""
        await self._gone.wait()
        assert self._lost is not None  # noqa: S101 - set just before the event
        raise self._lost

    @property
    def commits(self) -> int:
        """Commits since the start."""
        return self._writer.commits

    async def commit(self, batch: Batch) -> None:
        """Store a batch; returns when it is on disk.

        Raises:
            DiskError: it is not; call again with the same batch.
        """
        messages = batch.messages
        excess, most = self._excess(len(messages)), min(2 * len(messages) + 1, TRIM_STEP)
        measured = self._full or self.last // MEASURED_EVERY < (self.last + len(messages)) // MEASURED_EVERY
        self._put_aside += may_wait(batch.facts)

        def store(connection: sqlite3.Connection) -> tuple[Trimmed, int, bool]:
            given_up = store_batch(connection, batch, self.boot)
            full = measured and used_bytes(connection) > self.limits.megabytes * MEGABYTE
            due = most if full and messages else min(excess, most)
            return trim(connection, self._trim_from, due), given_up, full

        trimmed, given_up, self._full = await self._write(store)
        self._healed()
        self.last += len(messages)
        self.kept += len(messages) - trimmed.count
        self._trim_from = trimmed.through
        self._gave_up(given_up)
        if batch.rejected:
            self._writer.lazily(forget_rejected)

    async def say(self, facts: Sequence[tuple[str, str, bytes]]) -> None:
        """Put messages for the PMS into the outbox (kind, key, JSON)."""
        self._put_aside += may_wait(facts)
        self._gave_up(await self._write(lambda connection: store_facts(connection, facts, self.boot)))

    async def pending(
        self, after: int, limit: int, more: Sequence[tuple[str, str, bytes]] = (), backlog: int | None = None
    ) -> Owed:
        """The outbox above `after`, lowest first, once `more` has been put into it; then of what is in no hurry at most
        `backlog` rows (None: as many as there is room for).
        """
        self._put_aside += may_wait(more)
        put_aside, waiting = self._put_aside, self._put_aside > self._emptied

        def store(connection: sqlite3.Connection) -> Owed:
            store_facts(connection, more, self.boot)
            return owed(connection, after, limit, limit if backlog is None else backlog, waiting=waiting)

        found = await self._write(store)
        if not found.waiting:
            self._emptied = put_aside
        self._handed_out = max(self._handed_out, found.rows[-1].seq if found.rows else 0)
        return found

    def acknowledged(self, through: int) -> None:
        """The PMS has these: forget them with the next commit. What is forgotten twice costs a duplicate, no more."""
        self._writer.lazily(lambda connection: connection.execute("DELETE FROM outbox WHERE seq <= ?", (through,)))

    async def heard(self, epoch: str, through: int, told: Told) -> list[str]:
        """Store what the PMS told, with the position; returns the ids of the commands and key jobs that are new."""

        def store(connection: sqlite3.Connection) -> list[str]:
            connection.execute(PEER, (epoch, through))
            return store_told(connection, told)

        return await self._write(store)

    async def command_sent(self, command_id: str) -> None:
        """A command goes out now: from here on its outcome is unknown until it is told."""
        await self._write(lambda connection: connection.execute(COMMAND_SENT, (command_id,)))

    async def command_end(self, command_id: str) -> tuple[str, str | None] | None:
        """State and reason of a command that has ended; None: it has not, or was never heard of."""
        found: tuple[str, str | None] | None = await self._write(
            lambda connection: connection.execute(COMMAND_END, (command_id,)).fetchone()
        )
        return found

    async def change_begins(self, change_id: str) -> None:
        """From here on devices.toml may have been changed."""
        await self._write(lambda connection: store_changes(connection, [ChangeStep(change_id, APPLYING)]))

    async def keep_card_key_mark(self, mark: str) -> None:
        """Remember which card key cards are made with."""
        row = "INSERT INTO meta VALUES ('card_key', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        await self._write(lambda connection: connection.execute(row, (mark,)))

    async def keep_devices(self, memories: Mapping[str, Memory]) -> None:
        """Remember which devices were heard when."""
        await self._write(lambda connection: store_memories(connection, memories))

    async def correct(self, correction: Correction) -> int:
        """Put right what a wrong clock told; how many messages. What the PMS was told stays as it was told."""
        return await self._write(lambda connection: correct(connection, correction, self._handed_out))

    async def counts(self) -> tuple[int, int]:
        """Messages owed to the PMS, and bytes of the file."""
        return await self._write(count_owed), self.path.stat().st_size

    async def last_rejected(self, limit: int) -> list[dict[str, Any]]:
        """The last few messages nobody understood, newest first."""
        rows = await self._write(lambda connection: connection.execute(LAST_REJECTED, (limit,)).fetchall())
        names = ("at", "line", "source", "device", "reason", "detail", "payload")
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def probe(self) -> bool:
        """Try a small write, so that a disk that has room again is noticed; whether it worked."""
        try:
            await self._write(lambda c: c.execute("UPDATE meta SET value = value WHERE key = 'boot'"))
        except DiskError:
            return False
        self._healed()
        return True

    async def tidy(self, now: datetime) -> None:
        """Forget what is past its period, in small steps: after enough calls everything was looked at, then again."""
        limits = self.limits
        for _ in range(SWEEPS):
            step = partial(sweep.step, start=self._sweep_from, last=self.last, oldest=limits.oldest(now))
            swept = await self._write(step)
            self._removed(swept.removed)
            self.kept -= sum(swept.removed.values())
            self._sweep_from = swept.next
            if not swept.next:
                self.swept = now
                await asyncio.to_thread(sweep.old_copies, self.path, time.time() - limits.days * DAY_SECONDS)
                break
        rejected, ended = now - limits.kept("edge_rejected"), now - limits.kept("edge_commands")
        self._removed(await self._write(partial(sweep.others, rejected=rejected, ended=ended)))
        presence, climate = now - limits.kept("edge_presence"), now - limits.kept("edge_climate")
        self._removed(await self._write(partial(sweep.histories, presence=presence, climate=climate)))

    def _gave_up(self, count: int) -> None:
        """Said once a run; the figure is in the health report."""
        if count and not self.given_up:
            log.error("journal.backlog_full", rule="the oldest cleaning spells go first")
        self.given_up += count

    def _excess(self, more: int) -> int:
        """How many messages have to go so that `more` can come."""
        limit = min(self.limits.messages, max(self.kept, LEAST)) if self.disk_low else self.limits.messages
        return self.kept + more - limit

    def _removed(self, counts: Mapping[str, int]) -> None:
        self.removed.update({name: count for name, count in counts.items() if count})

    async def _write(self, operation: Operation[T]) -> T:
        try:
            return await self._writer.write(operation)
        except DiskError as error:
            self._failed(error)
            raise

    def _healed(self) -> None:
        """A batch of the hub is on disk: what else succeeds meanwhile may only have been small enough."""
        if self.trouble is not None:
            log.info("journal.recovered", after=self.trouble.code)
            self.trouble = None

    def _failed(self, error: DiskError) -> None:
        if self.trouble is None:
            log.error("journal.failing", code=error.code, detail=error.detail)
        self.trouble = Trouble(error.code, error.detail)
        if error.fatal:
            self._lost = error
            self._gone.set()
