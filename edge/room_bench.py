"""`innkeeper bench mind | occupancy`: what the rooms' logic costs, and how well it knows on recorded homes."""

import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median

from devices.catalog import Catalog
from devices.model import Device, Quality, Reading, Value
from edge.memory import settle
from edge.replay import replay
from edge.rooms.room import Room, RoomDevice

SHARED = Path(__file__).parents[2] / "shared"
KINDS = ("contact", "motion", "presence", "climate", "lock")
SIGNALS = 400_000
ROUNDS = 3
DAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
STEP = timedelta(seconds=7)
STEPS: tuple[tuple[str, str, Value], ...] = (
    ("motion", "motion", True), ("climate", "temperature", 21.4), ("motion", "motion", False),
    ("presence", "presence", True), ("climate", "temperature", 21.5), ("presence", "presence", False),
    ("motion", "motion", True), ("contact", "door", "open"), ("contact", "door", "closed"),
    ("motion", "motion", False), ("climate", "temperature", 21.6), ("motion", "motion", True),
    ("motion", "motion", False), ("presence", "presence", True), ("motion", "motion", True),
    ("climate", "temperature", 21.7), ("motion", "motion", False), ("presence", "presence", False),
    ("climate", "temperature", 21.8), ("climate", "humidity", 40.0),
)  # fmt: skip
MEMORY_ROOMS = 300


@dataclass(frozen=True)
class Measured:
    """One figure, in the terms of a report."""

    name: str
    counts: str
    value: float
    unit: str
    wanted: str = ""
    met: bool | None = None


def devices(count: int) -> list[list[RoomDevice]]:
    """Five devices a room, as the inventory holds them."""
    catalog = Catalog.load()
    profiles = {kind: catalog.get(f"zigbee2mqtt/{kind}") for kind in KINDS}
    return [
        [RoomDevice(Device(kind, "field", f"zigbee2mqtt/{kind}", kind, f"r{number}"), profiles[kind]) for kind in KINDS]
        for number in range(count)
    ]


def rooms(known: list[list[RoomDevice]]) -> list[Room]:
    """A room for each."""
    return [Room(f"r{number}", fitted) for number, fitted in enumerate(known)]


def speed(count: int) -> float:
    """Signals a second of processor time, spread over so many rooms: somebody moves, comes and goes; timers run."""
    house = rooms(devices(count))
    turns = max(1, SIGNALS // (count * len(STEPS)))
    readings = [
        Reading(device, "r", point, value, Quality.GOOD, None, DAY, 1, retained=False) for device, point, value in STEPS
    ]
    settle()
    begun, now = time.process_time(), DAY
    for _ in range(turns):
        for reading in readings:
            now += STEP
            for room in house:
                room.take(reading, now)
    spent = time.process_time() - begun
    gc.unfreeze()
    return turns * len(readings) * count / spent


def memory(count: int = MEMORY_ROOMS) -> float:
    """Bytes a room that has lived for two days, without what all share and what the inventory holds."""
    known = devices(count)
    rooms(known[:1])
    gc.collect()
    tracemalloc.start()
    house, now = rooms(known), DAY
    for turn in range(2 * 24):
        for index, (device, point, value) in enumerate(STEPS):
            now = DAY + timedelta(hours=turn) + STEP * index
            for room in house:
                room.take(Reading(device, room.number, point, value, Quality.GOOD, None, now, 1, retained=False), now)
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / count


def mind() -> Iterator[Measured]:
    """Speed at 100 and at 10 000 rooms, memory a room."""
    counts = (
        "Readings through Room.take, nearly all a change, one door cycle in 20, five devices a room: processor time"
    )
    few, many = (median(speed(count) for _ in range(ROUNDS)) for count in (100, 10_000))
    yield Measured("mind, 100 rooms", counts, few, "signals/s", "50 000", few >= 50_000)
    yield Measured("mind, 10 000 rooms", counts, many, "signals/s", "50 000", many >= 50_000)
    size = memory() / 1024
    told = "Traced allocations of a room with five devices after two days."
    yield Measured("mind, memory a room", told, size, "kB", "< 20 kB", size < 20)


@dataclass(frozen=True)
class Recording:
    """A recorded home, made worse by `options` of inject.py, and what must be reached; the rest is an aim."""

    name: str
    converter: str
    sources: tuple[str, ...]
    must: tuple[float, ...]  # accuracy, false vacant and false occupied minutes a day, missed
    aim: tuple[float, ...]
    options: tuple[str, ...] = ()
    seeds: int = 0


CASAS = ("casas_al_days01-20.txt",)
ORDONEZ = ("ordonez_a_sensors.txt", "ordonez_a_activities.txt")
KASTEREN = ("kasteren_a_sensors.txt", "kasteren_a_activities.txt")
GHOSTS = ("--ghosts", "0.7", "--chatter")
RECORDINGS = (
    Recording("CASAS days 1-20", "casas", CASAS, (99.4, 0.5, 7, 0), (99.8, 0, 3, 0)),
    Recording(
        "CASAS, 10 % of doors lost", "casas", CASAS, (98.5, 0.3, 20, 2.5), (99.0, 0.3, 14, 1.4),
        ("--lose-doors", "0.1"), 20,
    ),
    Recording("Ordonez A", "ordonez", ORDONEZ, (99.7, 0.5, 4, 0), (99.9, 0.3, 1, 0)),
    Recording("Kasteren A", "kasteren", KASTEREN, (99.2, 7, 6, 0), (99.45, 4.8, 3, 0)),
    Recording("CASAS, ghosts", "casas", CASAS, (95,), (98,), GHOSTS, 5),
    Recording("Ordonez A, ghosts", "ordonez", ORDONEZ, (95,), (98,), GHOSTS, 5),
    Recording("Kasteren A, ghosts", "kasteren", KASTEREN, (95,), (98,), GHOSTS, 5),
)  # fmt: skip
MEASURES = ("accuracy", "fv_per_day", "fo_per_day", "missed", "fv_asleep_per_day")
UNITS = ("%", "min/day", "min/day", "absences", "min/day")


def absent(shared: Path = SHARED) -> list[str]:
    """Which of the recordings and tools are not there."""
    needed = [shared / "tools" / tool for tool in ("to_replay.py", "inject.py")]
    needed += [shared / "data/occupancy" / source for source in (*CASAS, *ORDONEZ, *KASTEREN)]
    return [path.name for path in needed if not path.exists()]


def reached(recording: Recording, folder: Path, shared: Path = SHARED) -> tuple[float, ...]:
    """The measures of one recording, means over its seeds. Raises CalledProcessError when a tool fails."""
    prefix = folder / recording.converter
    sources = [str(shared / "data/occupancy" / source) for source in recording.sources]
    _tool(shared, "to_replay.py", recording.converter, *sources, str(prefix))
    found = []
    for seed in range(1, recording.seeds + 1) or (0,):
        name = prefix
        if seed:
            name = folder / f"{recording.converter}_{seed}"
            _tool(shared, "inject.py", str(prefix), str(name), *recording.options, "--seed", str(seed))
        lists = (Path(f"{name}.{part}.csv") for part in ("away", "asleep"))
        overall = replay(Path(f"{name}.csv"), *lists).overall
        figures = {} if overall is None else overall.figures()
        found.append([float(figures[measure] or 0) for measure in MEASURES])
    return tuple(mean(column) for column in zip(*found, strict=True))


def meets(values: tuple[float, ...], limits: tuple[float, ...]) -> bool:
    """Accuracy at least, everything else at most, to the digits that are told."""
    rounded = [round(value, 2) for value in values]
    return rounded[0] >= limits[0] and all(
        value <= limit for value, limit in zip(rounded[1:4], limits[1:], strict=False)
    )


def occupancy() -> Iterator[Measured]:
    """The table of recorded homes: what must be reached, the aim, and what is. Nothing where they are absent."""
    if absent():
        return
    with tempfile.TemporaryDirectory() as folder:
        for recording in RECORDINGS:
            values = reached(recording, Path(folder))
            yield from _figures(recording, values)


def _figures(recording: Recording, values: tuple[float, ...]) -> Iterator[Measured]:
    seeds = f" Mean of seeds 1-{recording.seeds} of {' '.join(recording.options)}." if recording.seeds else ""
    for index, (measure, unit, value) in enumerate(zip(MEASURES, UNITS, values, strict=True)):
        name = f"{recording.name}: {measure.removesuffix('_per_day')}"
        if index >= len(recording.must):
            asleep = measure.startswith("fv_asleep") and len(recording.must) > 1
            yield Measured(name, f"A recorded home.{seeds}", value, unit, "0" if asleep else "", None)
            continue
        must, aim = recording.must[index], recording.aim[index]
        met = round(value, 2) >= must if index == 0 else round(value, 2) <= must
        yield Measured(name, f"A recorded home.{seeds}", value, unit, f"{must:g}, aim {aim:g}", met)


def _tool(shared: Path, script: str, *words: str) -> None:
    command = [sys.executable, str(shared / "tools" / script), *words]
    subprocess.run(command, check=True, capture_output=True)
