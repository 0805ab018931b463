"""One thread that owns one SQLite connection and commits whatever is waiting, together."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
"""Runs inside the transaction; it may run a second time, so it changes nothing but the database."""
_Job = tuple[Operation[Any], "asyncio.Future[Any] | None"]

FATAL = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CORRUPT_INDEX"}
"""After these nobody knows what the disk holds: the process must end and start again from the file."""


class DiskError(Exception):
    """The commit did not happen. `code`: disk_full, disk_error or damaged; `fatal`: do not try again."""

    def __init__(self, code: str, detail: str, *, fatal: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fatal = fatal


def disk_error(error: sqlite3.Error) -> DiskError | None:
    """What a database error says about the disk; None: it says nothing, the statement was wrong."""
    name: str = getattr(error, "sqlite_errorname", "") or ""
    if name in FATAL:
        code = "disk_error" if "IOERR" in name else "damaged"
        return DiskError(code, f"{error} ({name})", fatal=True)
    if name == "SQLITE_FULL":
        return DiskError("disk_full", str(error))
    if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_BUSY")):
        return DiskError("disk_error", f"{error} ({name})")
    return None


class SqliteWriter:
    """`await write(operation)`: returns what the operation returned, after the commit that contains it.

    Operations that come while a commit is under way share the next one. Every method is called on the event loop.
    """

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lazy: list[_Job] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self.commits = 0

    async def write(self, operation: Operation[T]) -> T:
        """Run and commit.

        Raises:
            DiskError: the disk did not take it; nothing of the operation is stored.
            sqlite3.Error: the operation itself is wrong.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        for job in self._lazy:
            self._jobs.put(job)
        self._lazy.clear()
        self._jobs.put((operation, future))
        return await future

    def lazily(self, operation: Operation[object]) -> None:
        """Run together with the next `write`: for what may be forgotten (tidying up). Its errors are only logged."""
        self._lazy.append((operation, None))

    async def close(self) -> None:
        """Finish what was given, then close the connection."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs: list[_Job] = []
            job = self._jobs.get()
            while True:
                if job is None:
                    open_ = False
                else:
                    jobs.append(job)
                if self._jobs.empty():
                    break
                job = self._jobs.get()
            if jobs:
                self._commit(jobs)
        self._connection.close()

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            results = self._transaction(jobs)
        except Exception as error:  # noqa: BLE001 - the thread outlives a wrong operation; its caller gets the error
            self._apart(jobs, error)
            return
        self._tell([(job[1], result, None) for job, result in zip(jobs, results, strict=True)])

    def _apart(self, jobs: list[_Job], error: Exception) -> None:
        """Someone's operation failed. When the disk is not why, each gets its own transaction."""
        trouble = disk_error(error) if isinstance(error, sqlite3.Error) else None
        if trouble is not None or len(jobs) == 1:
            if jobs[0][1] is None:
                log.warning("journal.operation_failed", error=str(error))
            self._tell([(job[1], None, trouble or error) for job in jobs])
            return
        for job in jobs:
            self._commit([job])

    def _transaction(self, jobs: list[_Job]) -> list[Any]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [operation(connection) for operation, _ in jobs]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.commits += 1
        return results

    def _tell(self, outcomes: list[tuple["asyncio.Future[Any] | None", Any, Exception | None]]) -> None:
        self._loop.call_soon_threadsafe(_deliver, outcomes)


def _deliver(outcomes: list[tuple["asyncio.Future[Any] | None", Any, Exception | None]]) -> None:
    for future, result, error in outcomes:
        if future is None or future.done():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
