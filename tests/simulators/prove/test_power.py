"""The replay of the disk's writes: what was synced is there, what was not is gone."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from simulators.prove.house import ProofError
from simulators.prove.power import Call, Disk, calls, judge


def escaped(data: bytes) -> str:
    """As strace prints it."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def test_only_what_was_synced_is_kept() -> None:
    disk = Disk()
    disk.take(Call(1, "pwrite64", "/a", b"old", 0))
    disk.take(Call(1, "fdatasync", "/a"))
    disk.take(Call(1, "pwrite64", "/a", b"NEW!", 2))
    assert disk.kept["/a"] == b"old"
    disk.take(Call(1, "fsync", "/a"))
    assert disk.kept["/a"] == b"olNEW!"
    disk.take(Call(1, "ftruncate", "/a", at=3))
    disk.take(Call(1, "pwrite64", "/a", b"x", 5))
    disk.take(Call(1, "fsync", "/a"))
    assert disk.kept["/a"] == b"olN\0\0x"
    disk.take(Call(1, "rename", "/a", b"/b"))
    assert disk.kept == {"/b": b"olN\0\0x"}
    disk.take(Call(1, "unlink", "/b"))
    assert disk.kept == {}


def test_calls_are_read_whole_halved_and_failed(tmp_path: Path) -> None:
    path = escaped(b"/data/journal.db-wal")
    (tmp_path / "trace").write_text(
        f'7 pwrite64(9<{path}>, "{escaped(b"ab")}", 2, 4096) = 2\n'
        f"8 fdatasync(9<{path}> <unfinished ...>\n"
        f'7 sendto(11<{escaped(b"socket:[1]")}>, "{escaped(b"@%s" % bytes([2, 0, 1]))}", 4, 0, NULL, 0) = 4\n'
        f"8 <... fdatasync resumed>)          = 0\n"
        f"7 fdatasync(9<{path}>) = -1 EIO (Input/output error)\n"
        f'7 rename("{escaped(b"/a")}", "{escaped(b"/b")}") = 0\n'
        f'7 unlink("{escaped(b"/b")}") = 0\n'
        "7 +++ exited with 0 +++\n"
    )
    assert list(calls(tmp_path / "trace")) == [
        Call(7, "pwrite64", "/data/journal.db-wal", b"ab", 4096),
        Call(7, "sendto", "socket:[1]", b"@\x02\0\1"),
        Call(8, "fdatasync", "/data/journal.db-wal"),
        Call(7, "rename", "/a", b"/b"),
        Call(7, "unlink", "/b"),
    ]


def test_a_row_that_was_acknowledged_and_not_synced_is_lost(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    with contextlib.closing(sqlite3.connect(journal)) as database:
        database.execute("CREATE TABLE message (seq INTEGER)")
        database.execute("INSERT INTO message VALUES (1)")
        database.commit()
    page = f'7 pwrite64(3<{escaped(str(journal).encode())}>, "{escaped(journal.read_bytes())}", 8192, 0) = 8192\n'
    sync = f"7 fdatasync(3<{escaped(str(journal).encode())}>) = 0\n"
    wal = f"7 fdatasync(4<{escaped(f'{journal}-wal'.encode())}>) = 0\n"
    said = f'7 sendto(5<{escaped(b"socket:[1]")}>, "{escaped(bytes([64, 2, 0, 1]))}", 4, 0, NULL, 0) = 4\n'
    trace = tmp_path / "trace"
    trace.write_text(wal + page + sync + said)
    good = judge(trace, journal)
    assert (good.moments, good.acknowledged, good.examples) == (1, 1, [])
    trace.write_text(wal + page + said + sync)
    assert judge(trace, journal).examples == ["power lost: 1 acknowledged, 0 on the disk"]
    trace.write_text(wal)
    with pytest.raises(ProofError, match="says nothing"):
        judge(trace, journal)
