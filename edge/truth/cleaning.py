"""Cleanings that were against cleanings that were seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Self

from edge.truth.play import Heard, Spell
from edge.truth.words import Cleaning, Life


@dataclass
class CleaningScore:
    """Counts; `minutes` are how far each detected one was from its true length."""

    true: int = 0
    detected: int = 0
    carded: int = 0
    carded_detected: int = 0
    beside_guests: int = 0
    beside_guests_detected: int = 0
    seen: int = 0
    false: int = 0
    minutes: list[float] = field(default_factory=list)

    def __iadd__(self, other: "CleaningScore") -> Self:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def figures(self) -> dict[str, float | int | None]:
        """Per cent and minutes."""
        return {
            "cleanings": self.true,
            "detected_pct": _percent(self.detected, self.true),
            "with_card": self.carded,
            "with_card_detected_pct": _percent(self.carded_detected, self.carded),
            "beside_guests": self.beside_guests,
            "beside_guests_detected_pct": _percent(self.beside_guests_detected, self.beside_guests),
            "seen": self.seen,
            "false_pct": _percent(self.false, self.seen),
            "minutes_off_median": round(median(self.minutes), 2) if self.minutes else None,
        }


def compared(life: Life, heard: Heard) -> CleaningScore:
    """One room. A cleaning is detected by spells that cover half of it; a spell without one is false."""
    result = CleaningScore()
    for true in life.cleanings:
        if true[0] >= life.scored_from:
            _count(result, true, heard.cleanings)
    for spell in heard.cleanings:
        if spell.start >= life.scored_from:
            result.seen += 1
            result.false += not any(_shared(spell, true) > 0 for true in life.cleanings)
    return result


def _count(result: CleaningScore, true: Cleaning, seen: Sequence[Spell]) -> None:
    start, end, _, carded, beside = true
    length = (end - start).total_seconds()
    spells = [spell for spell in seen if _shared(spell, true) > 0]
    found = sum(_shared(spell, true) for spell in spells) >= length / 2
    result.true += 1
    result.detected += found
    result.carded += carded
    result.carded_detected += carded and found
    result.beside_guests += beside
    result.beside_guests_detected += beside and found
    if found:
        shown = sum((spell.end - spell.start).total_seconds() for spell in spells)
        result.minutes.append(abs(shown - length) / 60)


def _shared(spell: Spell, true: Cleaning) -> float:
    """Seconds that both have."""
    start: datetime = max(spell.start, true[0])
    return max(0.0, (min(spell.end, true[1]) - start).total_seconds())


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
