"""Every room of the hotel, on as many processes as there are, and what all of them come to."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Self, TypeVar

from devices.catalog import Catalog
from edge.rooms.parameters import RoomParameters
from edge.scoring import Score
from edge.truth import alerts, cleaning, occupancy, visits
from edge.truth.energy import EnergyScore, EnergyWatch
from edge.truth.play import Player
from edge.truth.words import Life

Script = TypeVar("Script")


@dataclass
class Tally:
    """The counts of one room, or of several together."""

    rooms: int = 0
    signals: int = 0
    playing_s: float = 0.0
    making_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    score: Score = field(default_factory=Score)
    situations: occupancy.Table = field(default_factory=Counter)
    errors: occupancy.Table = field(default_factory=Counter)
    cleaned: cleaning.CleaningScore = field(default_factory=cleaning.CleaningScore)
    alerted: alerts.AlertScore = field(default_factory=alerts.AlertScore)
    energy: EnergyScore = field(default_factory=EnergyScore)
    visited: visits.Table = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> Self:
        self.rooms += other.rooms
        self.signals += other.signals
        self.playing_s += other.playing_s
        self.making_s += other.making_s
        self.counts.update(other.counts)
        self.score += other.score
        self.situations.update(other.situations)
        self.errors.update(other.errors)
        self.cleaned += other.cleaned
        self.alerted += other.alerted
        self.energy += other.energy
        self.visited.update(other.visited)
        return self


@dataclass(frozen=True)
class Maker(Generic[Script]):
    """How a room is made, and by which numbers it judges. `live` crosses processes: a function of a module, or a
    partial of one."""

    live: Callable[[Script], Life]
    parameters: RoomParameters | None = None
    energy: bool = False  # setbacks are decided and scored too, which takes longer
    judge: visits.Judge | None = None  # what a visit was for; without, that is not scored


def all_rooms(maker: Maker[Script], scripts: Iterable[Script], processes: int = 0) -> Tally:
    """Play all rooms; 0 processes: as many as there are cores."""
    whole = Tally()
    one = partial(_room, maker)
    cores = processes or os.cpu_count() or 1
    if cores == 1:
        for script in scripts:
            whole += one(script)
        return whole
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        for tally in pool.imap_unordered(one, scripts, chunksize=4):
            whole += tally
    return whole


def played(
    life: Life,
    catalog: Catalog,
    parameters: RoomParameters | None = None,
    *,
    energy: bool = False,
    judge: visits.Judge | None = None,
) -> Tally:
    """One room."""
    began = time.perf_counter()
    watch = EnergyWatch(life, catalog) if energy else None
    heard = Player(life, catalog, parameters, watch).play()
    took = time.perf_counter() - began
    situations, errors = occupancy.tables(life, heard)
    return Tally(
        rooms=1,
        signals=heard.signals,
        playing_s=took,
        counts=Counter(life.counts),
        score=occupancy.scored(life, heard),
        situations=situations,
        errors=errors,
        cleaned=cleaning.compared(life, heard),
        alerted=alerts.compared(life, heard),
        energy=watch.score if watch is not None else EnergyScore(),
        visited=visits.compared(life, heard.visits, judge) if judge is not None else Counter(),
    )


_catalogs: list[Catalog] = []


def _room(maker: Maker[Script], script: Script) -> Tally:
    if not _catalogs:  # once a process
        _catalogs.append(Catalog.load())
    began = time.perf_counter()
    life = maker.live(script)
    made = time.perf_counter() - began
    tally = played(life, _catalogs[0], maker.parameters, energy=maker.energy, judge=maker.judge)
    tally.making_s = made
    return tally
