"""Loss of power: what the disk would hold if it went now, at every moment in which the edge acknowledged something.

strace records what the edge writes, when it asks the disk to keep it, and what it says to the broker. The record is
played into an image of the disk that forgets everything which was not synced (the worst that a disk may do); SQLite
opens the image, and the rows in it are counted against the acknowledgements given so far. What is not played: torn
sectors, lost names of files.
"""

import asyncio
import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulators.prove.fleet import Fleet
from simulators.prove.house import House, ProofError
from simulators.prove.records import Records
from simulators.prove.watch import Watch

NAME = "power_loss"
MESSAGES, AT_ONCE = 400, 8
MOST_MOMENTS = 60
READY_S = 60.0
TRACED = "openat,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,sendto"
STRACE = ("strace", "-D", "-f", "-qq", "-y", "-xx", "-s", "70000", "-e", f"trace={TRACED}", "-e", "signal=none", "-o")
PUBACK = re.compile(rb"\x40\x02..", re.DOTALL)
_CALL = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+=\s+(-?\d+)")
_FILE = re.compile(r"^\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def missing() -> str | None:
    """Why it cannot be tried here; None: it can."""
    if shutil.which("strace") is None:
        return "strace is not installed: apt-get install strace"
    return None


@dataclass
class Found:
    """Moments looked at, the messages acknowledged at the last of them, an example for each moment with a loss."""

    moments: int = 0
    acknowledged: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that succeeded: `path` of its file, `data` written or sent, `at` where (or the new length); a file
    that gets a new name: `data` is this name.
    """

    process: int
    name: str
    path: str
    data: bytes = b""
    at: int = 0


@dataclass
class Disk:
    """What would be there after the power went: of each file what was synced; the rest waits in `open`."""

    kept: dict[str, bytearray] = field(default_factory=dict)
    open: dict[str, list[Call]] = field(default_factory=dict)

    def take(self, call: Call) -> None:
        """One call."""
        if call.name in ("pwrite64", "ftruncate"):
            self.open.setdefault(call.path, []).append(call)
        elif call.name in ("fsync", "fdatasync"):
            self._sync(call.path)
        elif call.name == "unlink":
            self.kept.pop(call.path, None)
            self.open.pop(call.path, None)
        elif call.name == "rename":
            self.kept[call.data.decode()] = self.kept.pop(call.path, bytearray())
            self.open[call.data.decode()] = self.open.pop(call.path, [])

    def _sync(self, path: str) -> None:
        image = self.kept.setdefault(path, bytearray())
        for call in self.open.pop(path, []):
            if call.name == "ftruncate":
                del image[call.at :]
                image.extend(bytes(max(0, call.at - len(image))))
                continue
            end = call.at + len(call.data)
            image.extend(bytes(max(0, end - len(image))))
            image[call.at : end] = call.data

    def rows(self, path: str) -> int:
        """Messages that SQLite finds in this image of the journal; 0 when it is none yet."""
        with tempfile.TemporaryDirectory(prefix="innkeeper-power-") as folder:
            for end in ("", "-wal"):
                if image := self.kept.get(path + end):
                    (Path(folder) / f"journal.db{end}").write_bytes(image)
            try:
                with contextlib.closing(sqlite3.connect(Path(folder) / "journal.db")) as database:
                    return int(database.execute("SELECT count(*) FROM message").fetchone()[0])
            except sqlite3.DatabaseError:
                return 0


def calls(trace: Path) -> Iterator[Call]:
    """The calls in a record of strace."""
    halves: dict[str, str] = {}
    with trace.open() as lines:
        for line in lines:
            whole = _whole(line, halves)
            found = _CALL.match(whole) if whole else None
            if found and int(found[4]) >= 0 and (call := _call(int(found[1]), found[2], found[3])):
                yield call


def _whole(line: str, halves: dict[str, str]) -> str | None:
    """A call that another thread's interrupted is told in two halves; it counts when it has ended."""
    process, _, rest = line.partition(" ")
    if "<unfinished ...>" in line:
        halves[process] = line.partition("<unfinished ...>")[0].rstrip()
        return None
    if rest.lstrip().startswith("<..."):
        return halves.pop(process, "") + line.partition("resumed>")[2]
    return line


def _call(process: int, name: str, words: str) -> Call | None:
    file = _FILE.match(words)
    texts = _TEXT.findall(words)
    data = _bytes(texts[0]) if texts else b""
    if name == "unlink":
        return Call(process, name, data.decode())
    if name == "rename":
        return Call(process, name, data.decode(), _bytes(texts[1]))
    if file is None:
        return None
    path = _bytes(file[1]).decode() if file[1].startswith("\\x") else file[1]
    last = words.rpartition(", ")[2]
    at = int(last) if name in ("pwrite64", "ftruncate") else 0
    return Call(process, name, path, data, at)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def judge(trace: Path, journal: Path) -> Found:
    """Play the record; look at the disk at moments in which something had just been acknowledged."""
    told = list(calls(trace))
    ours = any(call.path == f"{journal}-wal" for call in told)
    with trace.open() as lines:
        speaker = int(lines.readline().split()[0])  # the first thread: it is the one that speaks to the broker
    moments = [i for i, call in enumerate(told) if call.process == speaker and _acknowledges(call)]
    looked = set(moments[:: max(1, len(moments) // MOST_MOMENTS)]) | set(moments[-1:])
    disk, found = Disk(), Found()
    if not ours or not moments:
        raise ProofError(f"the record of the disk says nothing: {len(told)} calls")
    for number, call in enumerate(told):
        disk.take(call)
        if call.process == speaker:
            found.acknowledged += _acknowledges(call)
        if number in looked:
            found.moments += 1
            rows = disk.rows(str(journal))
            if rows < found.acknowledged:
                found.examples.append(f"power lost: {found.acknowledged} acknowledged, {rows} on the disk")
    return found


def _acknowledges(call: Call) -> int:
    """How many messages the edge acknowledges to the broker with this packet (or several in one)."""
    if call.name != "sendto" or len(call.data) % 4 or not call.data.startswith(b"\x40\x02"):
        return 0
    return len(PUBACK.findall(call.data))


async def lost(house: House, seed: int) -> Found:
    """A hotel that is only heard, its edge on record; then the verdict. ProofError when it does not work here."""
    trace = house.folder / "trace"
    records, watch = Records(house.folder / "acknowledged.jsonl"), Watch(house)
    await house.start("edge", (*STRACE, str(trace)))
    try:
        await watch.until(lambda: (house.data / "broker" / "pid").exists(), READY_S, "the traced edge has no broker")
        fleet = Fleet(house.address(), records, seed)
        async with asyncio.TaskGroup() as tasks:
            wire = tasks.create_task(fleet.wire.run())
            await _speak(fleet, watch)
            wire.cancel()
    finally:
        await house.end()
        records.close()
    return await asyncio.to_thread(judge, trace, house.data / "journal.db")


async def _speak(fleet: Fleet, watch: Watch) -> None:
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(watch.run())
        while len(watch.seen) < MESSAGES:
            await asyncio.wait_for(fleet.wire.connected.wait(), READY_S)
            fleet.say_some(AT_ONCE)
            await asyncio.sleep(0.05)
        looking.cancel()
