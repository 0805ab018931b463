"""Which blocks of registers to ask a unit for: few requests, no unknown registers far from a known one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from devices.modbus.numbers import WIDTHS
from devices.model import PointSpec, Profile

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_MOST_BITS = 2000


@dataclass(frozen=True, slots=True)
class Block:
    """One read request: `count` registers (or bits, functions 1 and 2) from the wire address `address` on."""

    function: int
    address: int
    count: int
    points: tuple[PointSpec, ...]


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """A read whose first word tells that the unit is of this model."""

    block: Block
    value: int

    def matches(self, words: Sequence[int]) -> bool:
        """Whether the unit is what the profile says."""
        return list(words) == [self.value]


@dataclass(slots=True)
class Lessons:
    """What a unit refused once and is not asked for again: points it does not have, holes that it does not fill."""

    absent: dict[str, PointSpec] = field(default_factory=dict)
    walls: set[tuple[int, int]] = field(default_factory=set)
    """Function and address that no block may reach from before."""

    def barred(self, function: int, start: int, known_to: int, address: int) -> bool:
        """May no block of `start` that is read up to `known_to` go on to `address`?"""
        if any(function == one and start < wall <= address for one, wall in self.walls):
            return True
        return any(
            FUNCTIONS[spec.wire["table"]] == function
            and spec.wire["address"] < address
            and spec.wire["address"] + words_of(spec) > known_to
            for spec in self.absent.values()
        )


def plan(profile: Profile, wanted: Collection[str] | None = None, lessons: Lessons | None = None) -> tuple[Block, ...]:
    """The reads of one poll of the points `wanted` (all of them when None), in address order, counters first.

    A point that lies in a block is told with it, wanted or not: some registers forget when they are read.
    """
    lessons = lessons or Lessons()
    limit, gap = profile.wire.get("max_words", 125), profile.wire.get("max_gap", 8)
    blocks: list[Block] = []
    for function in sorted(FUNCTIONS.values()):
        there = [
            spec
            for spec in profile.points.values()
            if FUNCTIONS[spec.wire["table"]] == function and spec.name not in lessons.absent
        ]
        most = min(_MOST_BITS, profile.wire.get("max_bits", _MOST_BITS)) if function <= 2 else limit
        asked = [spec for spec in there if wanted is None or spec.name in wanted]
        spans = _coalesce(function, asked, (most, gap), lessons)
        blocks += [_block(function, start, end, there) for start, end in spans]
    counters = {spec.wire.get("counted_by") for spec in profile.points.values()} - {None}
    return tuple(sorted(blocks, key=lambda one: not any(point.name in counters for point in one.points)))


def identity(profile: Profile) -> IdentityCheck | None:
    """How to tell that the unit is of this model; None when the model has no such register."""
    told = profile.wire.get("identity")
    if not told:
        return None
    address = told["register"] - profile.wire.get("base", 0)
    return IdentityCheck(Block(FUNCTIONS[told["table"]], address, 1, ()), told["value"])


def words_of(spec: PointSpec) -> int:
    """How many registers (or bits) the point takes."""
    kind: str = spec.wire["type"]
    return 1 if kind == "bool" else WIDTHS[kind]


def block_of(function: int, points: tuple[PointSpec, ...]) -> Block:
    """One read that covers these points."""
    start = min(point.wire["address"] for point in points)
    end = max(point.wire["address"] + words_of(point) for point in points)
    return Block(function, start, end - start, points)


def halves(block: Block) -> tuple[Block, Block]:
    """Two reads for one; the second begins at another register than the first where that can be."""
    ranked = sorted(block.points, key=_place)
    middle = len(ranked) // 2
    return block_of(block.function, tuple(ranked[:middle])), block_of(block.function, tuple(ranked[middle:]))


def _place(spec: PointSpec) -> tuple[int, int]:
    return spec.wire["address"], words_of(spec)


def _coalesce(
    function: int, specs: Iterable[PointSpec], limits: tuple[int, int], lessons: Lessons
) -> list[tuple[int, int]]:
    """First address, and the one after the last, of each block; `limits`: the longest block, the largest hole."""
    longest, gap = limits
    spans: list[tuple[int, int]] = []
    for spec in sorted(specs, key=_place):
        start = spec.wire["address"]
        end = start + words_of(spec)
        first, last = spans[-1] if spans else (start, start)
        near = start - last <= gap and max(end, last) - first <= longest
        if spans and near and not lessons.barred(function, first, last, start):
            spans[-1] = (first, max(end, last))
        else:
            spans.append((start, end))
    return spans


def _block(function: int, start: int, end: int, there: Iterable[PointSpec]) -> Block:
    inside = [spec for spec in there if start <= spec.wire["address"] and spec.wire["address"] + words_of(spec) <= end]
    return Block(function, start, end - start, tuple(sorted(inside, key=_place)))
