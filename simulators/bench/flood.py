"""How fast: 20 000 QoS 1 messages over 200 devices, to committed in the journal and acknowledged."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Sequence

from simulators.bench import hotels
from simulators.bench.product import Product, product
from simulators.bench.report import Figure, Report, median
from simulators.bench.wire import Publisher, publish_packet
from simulators.mqtt import bare_receive

MESSAGES = 20_000
ROOMS = [f"{floor}{number:02d}" for floor in range(1, 6) for number in range(1, 11)]
ROUNDS = 3


def packets(prefix: str, count: int, first: int = 0) -> list[bytes]:
    """Each device in turn, each message another value."""
    devices = [(room, kind) for room in ROOMS for kind in hotels.KINDS]
    chosen = [(*devices[i % len(devices)], first + i // len(devices), i) for i in range(count)]
    return [publish_packet(f"{prefix}/{room}_{kind}", hotels.payload(kind, n), i) for room, kind, n, i in chosen]


def count_messages(made: Product) -> int:
    """Rows committed in the journal."""
    with contextlib.closing(sqlite3.connect(f"file:{made.data}/journal.db?mode=ro", uri=True)) as journal:
        return int(journal.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0])


def wait_for_rows(made: Product, rows: int, timeout: float = 120) -> None:
    """Return when the journal's sequence has reached `rows`."""
    deadline = time.monotonic() + timeout
    with contextlib.closing(sqlite3.connect(f"file:{made.data}/journal.db?mode=ro", uri=True)) as journal:
        while int(journal.execute("SELECT coalesce(max(seq), 0) FROM message").fetchone()[0]) < rows:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the journal did not reach {rows} rows within {timeout} s")
            time.sleep(0.002)


def product_rate(made: Product, sent: Sequence[bytes]) -> float:
    """Messages a second from the first publish to the last commit; the publisher has every PUBACK by then."""
    before = count_messages(made)
    with Publisher(made.broker_port, "field", made.field_password, "flood") as publisher:
        begun = time.perf_counter()
        publisher.flood(sent)
        wait_for_rows(made, before + len(sent))
    return len(sent) / (time.perf_counter() - begun)


def bare_rate(made: Product, sent: Sequence[bytes]) -> float:
    """Messages a second of a bare aiomqtt receive loop with `json.loads`: no rule, no commit."""
    ready, result = threading.Event(), []

    def receive() -> None:
        address = ("127.0.0.1", made.broker_port, "field", made.field_password)
        result.append(asyncio.run(bare_receive(address, "bare/#", len(sent), ready.set)))

    thread = threading.Thread(target=receive)
    thread.start()
    ready.wait(10)
    with Publisher(made.broker_port, "field", made.field_password, "flood") as publisher:
        begun = time.perf_counter()
        publisher.flood(sent)
        thread.join()
    return len(sent) / (result[0] - begun)


def flood(report: Report, count: int = MESSAGES) -> None:
    """Product and bare loop by turns on one broker; the medians of the rounds."""
    with product(hotels.hotel_toml(ROOMS), hotels.devices_toml(ROOMS)) as made:
        made.start("run")
        made.wait_healthy()
        ours, bare = [], []
        for turn in range(ROUNDS):
            bare.append(bare_rate(made, packets("bare", count)))
            ours.append(product_rate(made, packets("zigbee2mqtt", count, turn * count)))
    rate, baseline = median(ours), median(bare)
    counts = (
        f"{count} QoS 1 messages over {len(ROOMS) * len(hotels.KINDS)} Zigbee2MQTT devices, first publish to last "
        f"commit in the journal, acknowledged, with real codecs and rules; median of {ROUNDS}."
    )
    bare_counts = "a bare aiomqtt loop on the same broker, json.loads, no commit."
    met = rate >= 0.8 * baseline
    report.add(Figure("flood", counts, rate, "messages/s", baseline, bare_counts, ">= x 0.8, aim 1.2", met))
