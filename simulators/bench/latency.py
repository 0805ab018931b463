"""How soon: 200 messages a second for 10 s, from publish to journal, PMS state and the browser's event."""

import asyncio
import contextlib
import json
import sqlite3
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from simulators.bench import hotels
from simulators.bench.product import Product, product
from simulators.bench.report import Figure, Report, quantile
from simulators.bench.wire import Publisher, publish_packet
from simulators.mqtt import bare_receive_times

PER_SECOND = 200
SECONDS = 10
ROOMS = [f"{floor}{number:02d}" for floor in range(1, 11) for number in range(1, 21)]
WARM_UP = PER_SECOND
LIMITS = {"journal": (8, 20), "PMS state": (15, 40), "browser event": (40, 90)}

Seen = dict[str, list[float]]
"""By room: the wall-clock times at which a new state of it was seen."""


def packets(prefix: str, count: int) -> list[bytes]:
    """A door contact of each room in turn; each message toggles it."""
    chosen = [(ROOMS[i % len(ROOMS)], i // len(ROOMS), i) for i in range(count)]
    return [publish_packet(f"{prefix}/{room}_contact", hotels.payload("contact", n), i) for room, n, i in chosen]


class Watch(threading.Thread):
    """Notes when something was seen; `source` yields room numbers as they appear."""

    def __init__(self, source: Callable[[threading.Event], Iterator[str]]) -> None:
        super().__init__()
        self.seen: Seen = defaultdict(list)
        self.stop = threading.Event()
        self._source = source

    def run(self) -> None:
        for room in self._source(self.stop):
            self.seen[room].append(time.time())


def poll(database: str, head: str, rows: str, stop: threading.Event) -> Iterator[str]:
    """Rooms of rows that appear, looked for every half millisecond (so that a figure is an upper bound)."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        last = connection.execute(head).fetchone()[0] or 0
        while not stop.is_set():
            found = connection.execute(rows, (last,)).fetchall()
            last = found[-1][0] if found else last
            yield from (room for _, room in found)
            time.sleep(0.0005)


def journal_rooms(made: Product) -> Callable[[threading.Event], Iterator[str]]:
    """Rooms of messages as they are committed in the journal."""
    rows = "SELECT seq, replace(replace(source, 'zigbee2mqtt/', ''), '_contact', '') FROM message WHERE seq > ?"
    return lambda stop: poll(f"{made.data}/journal.db", "SELECT max(seq) FROM message", rows, stop)


def pms_rooms(made: Product) -> Callable[[threading.Event], Iterator[str]]:
    """Rooms whose state the PMS commits: the feed's row is of the same transaction."""
    rows = 'SELECT "offset", subject FROM event WHERE "offset" > ? AND kind = \'room.sensed\' ORDER BY "offset"'
    return lambda stop: poll(f"{made.data}/pms.db", 'SELECT max("offset") FROM event', rows, stop)


def browser_rooms(made: Product, token: str) -> Callable[[threading.Event], Iterator[str]]:
    """Rooms of the server-sent events as they arrive."""

    def listen(stop: threading.Event) -> Iterator[str]:
        url = f"http://127.0.0.1:{made.http_port}/api/v1/events"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            for line in response:
                if stop.is_set():
                    return
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    if event.get("kind") == "room.sensed":
                        yield str(event["subject"])

    return listen


def delays(sent: list[float], seen: Seen, rooms: Sequence[str] = ROOMS) -> list[float]:
    """Milliseconds from each publish to the first sight of that room after it; infinite where it never came."""
    out, at = [], dict.fromkeys(rooms, 0)
    for number, moment in enumerate(sent):
        room = rooms[number % len(rooms)]
        times = seen[room]
        while at[room] < len(times) and times[at[room]] < moment:
            at[room] += 1
        found = times[at[room]] if at[room] < len(times) else float("inf")
        out.append((found - moment) * 1000)
    return out[WARM_UP:]


def bare_delays(made: Product, count: int) -> list[float]:
    """Publish to received in a bare aiomqtt loop on the same broker, milliseconds."""
    ready, result = threading.Event(), []
    address = ("127.0.0.1", made.broker_port, "field", made.field_password)
    thread = threading.Thread(
        target=lambda: result.append(asyncio.run(bare_receive_times(address, "bare/#", count, ready.set)))
    )
    thread.start()
    ready.wait(10)
    with Publisher(made.broker_port, "field", made.field_password, "pace") as publisher:
        sent = publisher.pace(packets("bare", count), PER_SECOND)
        thread.join()
    return [(came - went) * 1000 for went, came in zip(sent, result[0], strict=True)]


def product_delays(made: Product, count: int, token: str) -> dict[str, list[float]]:
    """The three stages at once, of the same messages."""
    watches = {
        "journal": Watch(journal_rooms(made)),
        "PMS state": Watch(pms_rooms(made)),
        "browser event": Watch(browser_rooms(made, token)),
    }
    for watch in watches.values():
        watch.start()
    time.sleep(0.5)
    with Publisher(made.broker_port, "field", made.field_password, "pace") as publisher:
        sent = publisher.pace(packets("zigbee2mqtt", count), PER_SECOND)
        time.sleep(1)
        for watch in watches.values():
            watch.stop.set()
        last = publish_packet(f"zigbee2mqtt/{ROOMS[0]}_contact", hotels.payload("contact", count + 1), 1)
        publisher.flood([last, publish_packet(f"zigbee2mqtt/{ROOMS[0]}_contact", hotels.payload("contact", count), 2)])
        for watch in watches.values():
            watch.join()
    return {name: delays(sent, watch.seen) for name, watch in watches.items()}


def latency(report: Report) -> None:
    """Bare first, then the product, on one broker."""
    count = PER_SECOND * SECONDS
    with product(hotels.hotel_toml(ROOMS), hotels.devices_toml(ROOMS, ("contact",))) as made:
        made.start("run")
        made.wait_healthy()
        made.innkeeper("user", "add", "bench", "--role", "manager", "--password-stdin", stdin="a long bench password\n")
        token = made.sign_in("bench", "a long bench password")
        bare = bare_delays(made, count)
        stages = product_delays(made, count, token)
    report.add(*(figure for name, values in stages.items() for figure in figures(name, values, bare)))


def figures(stage: str, values: list[float], bare: list[float]) -> list[Figure]:
    """p50 and p99 of one stage beside the bare loop's."""
    counts = (
        f"{PER_SECOND} door messages/s over {len(ROOMS)} rooms for {SECONDS} s, the first second left out; "
        "databases are looked at each half millisecond, so this is an upper bound."
    )
    bare_counts = "publish to received in a bare aiomqtt loop, same broker."
    made = []
    for share, limit in zip((0.5, 0.99), LIMITS[stage], strict=True):
        value, name = quantile(values, share), f"publish to {stage} p{share * 100:.0f}"
        beside = quantile(bare, share)
        made.append(Figure(name, counts, value, "ms", beside, bare_counts, f"<= {limit} ms", value <= limit))
    return made
