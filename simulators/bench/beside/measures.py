"""`innkeeper bench peer`: flood, latency, an outage with and without kill -9, fifty Modbus units."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from simulators.bench.beside import rival as theirs
from simulators.bench.beside.ours import ROOMS, Ours, changing, last_degrees, ours, swinging
from simulators.bench.latency import Watch, delays, pms_rooms
from simulators.bench.report import Figure, Report, median, quantile
from simulators.bench.wire import Publisher

FLOOD, ROUNDS = 20_000, 3
PER_SECOND, NUMBERED = 200, 8_000
AWAY_AT_S, KILLED_AT_S, BACK_AT_S = 10.0, 18.0, 25.0
MODBUS_S = 60
Step = tuple[float, Callable[[], object]]
"""After so many seconds, this."""
LARGEST_EDGE_MB = 80.0


def peer(report: Report) -> None:
    """Ours and theirs, one after the other. Without `../shared/peer` (or INNKEEPER_PEER) nothing is measured."""
    if not theirs.there():
        report.notes.append(f"peer: not measured, there is no {theirs.FOLDER}/setup.sh (INNKEEPER_PEER names another)")
        return
    theirs.set_up()
    floods(report)
    latency(report)
    outages(report)
    modbus(report)


# the flood


def floods(report: Report) -> None:
    """`flood.py` for both; then messages that each change their room, to the last state in the PMS."""
    with theirs.rival("mqtt") as rival:
        rival.ready()
        their_rates = [their_flood(rival, lambda: flood_script(theirs.FIELD_PORT)) for _ in range(ROUNDS)]
        their_changing = [their_flood(rival, lambda: send(theirs.FIELD_PORT)) for _ in range(ROUNDS)]
        their_memory, split = rival.memory_mb(), rival.told().get("noseq", 0)
    with ours() as made:
        rates = [our_flood(made) for _ in range(ROUNDS)]
        to_rooms = [our_rooms(made, turn) for turn in range(ROUNDS)]
        memory, pieces = made.memory_mb(), split_samples(made)
    what = f"{FLOOD} QoS 1 messages of 200 devices by `flood.py`, median of {ROUNDS}: first to last"
    add_ratio(report, "flood beside the peer", f"{what} committed.", (median(rates), median(their_rates)), (4, 6))
    what = f"the same, each with another value, until the PMS has the last state of every room, median of {ROUNDS}."
    add_ratio(report, "to the last PMS state", what, (median(to_rooms), median(their_changing)), (3, 5))
    report.add(
        Figure("edge memory", "the edge's process after that, resident.", memory, "MB", their_memory,
               "the peer's gateway.", f"< {LARGEST_EDGE_MB:.0f}", memory < LARGEST_EDGE_MB),
        Figure("split samples", "messages stored without all of their values.", pieces, "messages", split,
               "pieces without a number at the peer's server.", "0", pieces == 0),
    )  # fmt: skip


def add_ratio(report: Report, name: str, what: str, rates: tuple[float, float], wanted: tuple[int, int]) -> None:
    """A rate beside the peer's."""
    value, baseline = rates
    least, aim = wanted
    report.add(
        Figure(
            name, what, value, "messages/s", baseline, "the peer's, first to last at its server.",
            f">= x {least}, aim {aim}", value >= least * baseline,
        )
    )  # fmt: skip


def flood_script(port: int) -> None:
    """`flood.py`."""
    subprocess.run(
        [sys.executable, str(theirs.FOLDER / "flood.py"), str(port), str(FLOOD)], check=True, capture_output=True
    )


def send(port: int, first: int = 0) -> None:
    """Messages that each change their room."""
    with Publisher(port, "", "", "flood") as publisher:
        publisher.flood(changing(FLOOD, first))


def their_flood(rival: theirs.Rival, sending: Callable[[], None]) -> float:
    """Messages a second at their server. What never comes is not waited for longer than a minute."""
    rival.forget()
    sending()
    told = rival.wait(lambda found: int(found.get("uniq", 0)) >= FLOOD, 60)
    return float(told["uniq"]) / (float(told["last"]) - float(told["first"]))


def our_flood(made: Ours) -> float:
    """Messages a second, from the first in the journal to the last."""
    before = made.last_row()
    sender = threading.Thread(target=flood_script, args=(made.port,))
    sender.start()
    begun = made.wait_rows(before + 1)
    ended = made.wait_rows(before + FLOOD)
    sender.join()
    return FLOOD / (ended - begun)


def our_rooms(made: Ours, turn: int) -> float:
    """Messages a second, from the first in the journal to the last state of every room in the PMS."""
    before, first = made.last_row(), (turn + 1) * FLOOD
    sender = threading.Thread(target=send, args=(made.port, first))
    sender.start()
    begun = made.wait_rows(before + 1)
    made.wait_rows(before + FLOOD)  # it is not over sooner, and asking for all rooms takes time from who is measured
    ended = made.wait_rooms(last_degrees(range(first, first + FLOOD)))
    sender.join()
    return FLOOD / (ended - begun)


def split_samples(made: Ours) -> int:
    """Messages in the journal that do not hold all of what was sent."""
    with made.journal() as journal:
        payloads = journal.execute("SELECT payload FROM message").fetchall()
    return sum(not {"temp", "hum", "seq", "t"} <= json.loads(payload).keys() for (payload,) in payloads)


# 200 messages a second


def latency(report: Report) -> None:
    """Ours to the state the PMS has committed, the peer's to its server."""
    with theirs.rival("mqtt") as rival:
        rival.ready()
        rival.tool("field_load.py", str(theirs.FIELD_PORT), str(10 * PER_SECOND), str(PER_SECOND), "1").wait()
        told = rival.wait(lambda found: int(found.get("uniq", 0)) >= 10 * PER_SECOND, 20)
    mine = our_delays()
    what = f"{PER_SECOND} messages/s for 10 s, the first second left out, edge and PMS as two processes."
    for share, limit, aim in ((0.5, 15, 5), (0.99, 40, 12)):
        name, value = f"p{share * 100:.0f}", quantile(mine, share)
        report.add(
            Figure(f"publish to PMS state beside the peer {name}", what, value, "ms",
                   1000 * float(told[f"lat_{name}"]), "the peer's, publish to its server.",
                   f"<= {limit} ms, aim {aim}", value <= limit)
        )  # fmt: skip


def our_delays() -> list[float]:
    """Milliseconds from each publish to the PMS's commit of that room."""
    with ours() as made, Publisher(made.port, "", "", "pace") as publisher:
        watch = Watch(pms_rooms(made.made))
        watch.start()
        sent = publisher.pace(changing(10 * PER_SECOND, degrees=swinging), PER_SECOND)
        time.sleep(1)
        watch.stop.set()
        watch.join()
    return delays(sent, watch.seen, ROOMS)


# an outage


def outages(report: Report) -> None:
    """The server is away for 15 s of 40; the second time the gateway is killed with -9 in the middle."""
    store = "the peer's, its database as storage and a session the broker keeps."
    for killed in (False, True):
        lost, twice, behind = our_outage(killed=killed)
        their_lost = their_outage(killed=killed)
        name = "outage with kill -9" if killed else "outage"
        what = f"{NUMBERED} numbered messages, {PER_SECOND}/s, PMS away for 15 s"
        lose = f"{what}: not in the journal."
        report.add(
            Figure(f"{name}: lost", lose, lost, "messages", their_lost, store, "0", lost == 0),
            Figure(f"{name}: twice", f"{what}: in the journal twice.", twice, "messages", wanted="0", met=twice == 0),
            Figure(f"{name}: rooms behind", f"{what}: the PMS lacks the last value.", behind, "rooms", wanted="0",
                   met=behind == 0),
        )  # fmt: skip


def our_outage(*, killed: bool) -> tuple[int, int, int]:
    """Numbers lost, numbers stored twice, rooms whose last value the PMS lacks."""
    with ours() as made:
        before = made.last_row()
        with Publisher(made.port, "", "", "numbered") as publisher:
            sender = threading.Thread(target=publisher.pace, args=(changing(NUMBERED), PER_SECOND))
            begun = time.monotonic()
            sender.start()
            steps: list[Step] = [(AWAY_AT_S, lambda: made.kill("pms")), (BACK_AT_S, lambda: made.again("pms"))]
            if killed:
                steps.insert(1, (KILLED_AT_S, lambda: made.again("edge", kill=True)))
            play(begun, steps)
            sender.join()
            acknowledged_all(publisher)
        wanted = last_degrees(range(NUMBERED))
        _patiently(lambda: made.wait_rooms(wanted))
        with made.journal() as journal, made.books() as books:
            found = Counter(
                json.loads(payload)["seq"]
                for (payload,) in journal.execute("SELECT payload FROM message WHERE seq > ?", (before,))
            )
            rows = dict(books.execute("SELECT room, json_extract(body, '$.climate.temperature_c') FROM room_sensed"))
    return (
        NUMBERED - len(found),
        sum(count - 1 for count in found.values()),
        sum(rows.get(room) != degrees for room, degrees in wanted.items()),
    )


def their_outage(*, killed: bool) -> int:
    """Numbers that never reached their server."""
    with theirs.rival("mqtt", "storage=sqlite", "clean=false") as rival:
        rival.ready()
        begun = time.monotonic()
        load = rival.tool("field_load.py", str(theirs.FIELD_PORT), str(NUMBERED), str(PER_SECOND), "1")
        steps: list[Step] = [(AWAY_AT_S, rival.uplink_down), (BACK_AT_S, rival.uplink_up)]
        if killed:
            steps.insert(1, (KILLED_AT_S, rival.kill_gateway))
        play(begun, steps)
        load.wait()
        told = rival.wait(lambda found: int(found.get("uniq", 0)) >= NUMBERED, 40)
    return NUMBERED - int(told.get("uniq", 0))


def play(begun: float, steps: Sequence[Step]) -> None:
    """Each step at its second."""
    for at, step in steps:
        time.sleep(max(0.0, begun + at - time.monotonic()))
        step()


def acknowledged_all(publisher: Publisher) -> None:
    """The broker has taken every message."""
    deadline = time.monotonic() + 30
    while publisher.acknowledged < NUMBERED and time.monotonic() < deadline:
        time.sleep(0.01)


def _patiently(wait: Callable[[], Any]) -> None:
    """What is not there in the end is counted, and no reason to stop measuring."""
    try:
        wait()
    except TimeoutError:
        return


# fifty Modbus units


def modbus(report: Report) -> None:
    """How often the peer updates fifty units behind one socket; ours: `bench modbus`."""
    with theirs.rival("modbus=50") as rival:
        units = subprocess.Popen(
            [sys.executable, str(theirs.FOLDER / "modbus_units.py"), "15031", "20"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(10)
            rival.forget()
            time.sleep(MODBUS_S)
            updates = int(rival.told().get("mb", 0))
        finally:
            theirs.end(units)
    what = (
        f"updates of 50 units of 10 registers in {MODBUS_S} s at the peer, 20 ms a request ({50 * MODBUS_S} wanted); "
    )
    report.add(Figure("the peer's Modbus units", what + "see `modbus_socket` for ours.", updates, "updates"))


MEMORY_FIRST, MEMORY_LAST, CHUNK = 200_000, 2_000_000, 20_000


def memory(report: Report) -> None:
    """The edge's memory after 200 000 messages and after 2 000 000."""
    with ours() as made:
        sent, early = 0, 0.0
        while sent < MEMORY_LAST:
            with Publisher(made.port, "", "", "flood") as publisher:
                publisher.flood(changing(CHUNK, sent))
            sent += CHUNK
            made.wait_rows(sent)
            if sent == MEMORY_FIRST:
                early = made.memory_mb()
        late = made.memory_mb()
    growth = 100 * (late / early - 1)
    what = f"the edge's resident memory, message {MEMORY_FIRST} to {MEMORY_LAST} ({early:.1f} to {late:.1f} MB)."
    report.add(Figure("memory growth", what, growth, "%", wanted="< 5", met=growth < 5))
