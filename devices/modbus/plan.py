"""Which blocks of registers to ask a unit for: few requests, no unknown registers far from a known one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devices.model import PointSpec, Profile

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_WORDS = {"bool": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}
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


def plan(profile: Profile) -> tuple[Block, ...]:
    """The reads of one poll, in address order. Raises nothing: the profile was checked when it was loaded."""
    limit, gap = profile.wire.get("max_words", 125), profile.wire.get("max_gap", 8)
    blocks: list[Block] = []
    for function in sorted(FUNCTIONS.values()):
        specs = [spec for spec in profile.points.values() if FUNCTIONS[spec.wire["table"]] == function]
        blocks += _coalesce(function, specs, _MOST_BITS if function <= 2 else limit, gap)
    return tuple(blocks)


def identity(profile: Profile) -> IdentityCheck | None:
    """How to tell that the unit is of this model; None when the model has no such register."""
    told = profile.wire.get("identity")
    if not told:
        return None
    address = told["register"] - profile.wire.get("base", 0)
    return IdentityCheck(Block(FUNCTIONS[told["table"]], address, 1, ()), told["value"])


def words_of(spec: PointSpec) -> int:
    """How many registers (or bits) the point takes."""
    return _WORDS[spec.wire["type"]]


def _coalesce(function: int, specs: Iterable[PointSpec], limit: int, gap: int) -> list[Block]:
    blocks: list[Block] = []
    for spec in sorted(specs, key=lambda one: (one.wire["address"], words_of(one))):
        start, end = spec.wire["address"], spec.wire["address"] + words_of(spec)
        last = blocks[-1] if blocks else None
        if last and start - (last.address + last.count) <= gap and end - last.address <= limit:
            count = max(last.count, end - last.address)
            blocks[-1] = Block(function, last.address, count, (*last.points, spec))
        else:
            blocks.append(Block(function, start, end - start, (spec,)))
    return blocks
