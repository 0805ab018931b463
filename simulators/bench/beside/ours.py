"""The product on the same kind of broker, fed with the same messages, looked at from outside."""

import contextlib
import json
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.bench import hotels
from simulators.bench.beside.rival import end, start_broker
from simulators.bench.product import Product, free_port, product, resident_mb
from simulators.bench.wire import publish_packet

ROOMS = [f"{number:03d}" for number in range(200)]
PATIENCE_S = 120.0
SECOND_TURN = 10.0
"""Degrees of the first turn; each later one is a tenth more, so that a room's temperature tells its last number."""


def devices_toml() -> str:
    """A sensor a room, as the rival's load tools name them."""
    devices = [
        f'\n[[device]]\nid = "room{room}"\nline = "field"\nprofile = "mapped/climate_json"\n'
        f'address = "sensor/room{room}"\nroom = "{room}"\n'
        for room in ROOMS
    ]
    return "".join(['[[line]]\nid = "field"\nkind = "mqtt"\n', *devices])


def temperature(number: int) -> float:
    """Degrees Celsius, another each turn (for 300 turns)."""
    return round(SECOND_TURN + number // len(ROOMS) % 300 / 10, 1)


def swinging(number: int) -> float:
    """Degrees Celsius, five more each other turn: each message is an event of its room."""
    return 20.0 + number // len(ROOMS) % 2 * 5


def changing(count: int, first: int = 0, degrees: Callable[[int], float] = temperature) -> list[bytes]:
    """Packets like those of `flood.py`, each with a new temperature of its room."""
    return [
        publish_packet(f"sensor/room{n % 200:03d}/data", body(n, degrees(n)), n) for n in range(first, first + count)
    ]


def body(number: int, degrees: float) -> bytes:
    """What the device says in its message number `number`."""
    said = {"temp": degrees, "hum": 45.2, "seq": number, "t": time.time(), "pad": "x" * 90}
    return json.dumps(said).encode()


@dataclass
class Ours:
    """Edge and PMS as two processes over one broker."""

    made: Product
    edge: subprocess.Popen[bytes]
    pms: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        """Of the broker."""
        return self.made.broker_port

    def kill(self, command: str) -> None:
        """kill -9."""
        process = self.edge if command == "edge" else self.pms
        process.kill()
        process.wait()
        self.made.processes.remove(process)

    def again(self, command: str, *, kill: bool = False) -> None:
        """Start it again, killed before or not."""
        if kill:
            self.kill(command)
        setattr(self, command, self.made.start(command))

    def memory_mb(self) -> float:
        """Resident memory of the edge."""
        return resident_mb(self.edge.pid)

    @contextlib.contextmanager
    def journal(self) -> Iterator[sqlite3.Connection]:
        """The edge's database, to read."""
        with contextlib.closing(sqlite3.connect(f"file:{self.made.data}/journal.db?mode=ro", uri=True)) as connection:
            yield connection

    @contextlib.contextmanager
    def books(self) -> Iterator[sqlite3.Connection]:
        """The PMS's database, to read."""
        with contextlib.closing(sqlite3.connect(f"file:{self.made.data}/pms.db?mode=ro", uri=True)) as connection:
            yield connection

    def last_row(self) -> int:
        """The sequence of the journal."""
        with self.journal() as journal:
            return int(journal.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0])

    def wait_rows(self, wanted: int) -> float:
        """When the journal's sequence has got there, by the monotonic clock."""
        with self.journal() as journal:
            return _wait(lambda: journal.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0] >= wanted)

    def wait_rooms(self, degrees: dict[str, float]) -> float:
        """When the PMS's state of every room has its last temperature."""
        with self.books() as books:
            return _wait(lambda: not behind(books, degrees))


def behind(books: sqlite3.Connection, degrees: dict[str, float]) -> list[str]:
    """Rooms whose last value the PMS does not have."""
    rows = books.execute("SELECT room, json_extract(body, '$.climate.temperature_c') FROM room_sensed").fetchall()
    found = dict(rows)
    return [room for room, wanted in degrees.items() if found.get(room) != wanted]


def last_degrees(numbers: Sequence[int]) -> dict[str, float]:
    """By room, what its device said last."""
    return {ROOMS[number % len(ROOMS)]: temperature(number) for number in sorted(numbers)}


def _wait(done: Callable[[], bool]) -> float:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not there within {PATIENCE_S:.0f} s")
        time.sleep(0.002)
    return time.monotonic()


@contextlib.contextmanager
def ours() -> Iterator[Ours]:
    """Running and healthy."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        broker = start_broker(port, Path(folder))
        try:
            with product(hotels.hotel_toml(ROOMS), devices_toml()) as made:
                made.broker_port = port
                file = made.config / "service.toml"
                file.write_text(
                    f'{file.read_text().partition("[broker]")[0]}[broker]\nmode = "url"\nurl = "mqtt://127.0.0.1:{port}"\n'
                )
                found = Ours(made, made.start("edge"), made.start("pms"))
                made.wait_healthy()
                yield found
        finally:
            end(broker)
