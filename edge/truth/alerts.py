"""Alerts against injected faults: raised in time, false ones, and how many come at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from edge.truth.play import Heard, Raised
from edge.truth.words import Fault, Life

AFTER = timedelta(hours=1)
"""An alert of an injected fault so long after its end is still of it."""
SLOT_S = 600


@dataclass
class AlertScore:
    """By kind. `slots`: alerts by ten minutes, of the whole hotel when all rooms are added."""

    injected: Counter[str] = field(default_factory=Counter)
    in_time: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    slots: Counter[int] = field(default_factory=Counter)

    def __iadd__(self, other: "AlertScore") -> Self:
        for name, value in vars(other).items():
            getattr(self, name).update(value)
        return self

    def figures(self, days: float) -> dict[str, Any]:
        """Over so many days of the hotel."""
        injected = self.injected.total()
        slots = days * 86_400 / SLOT_S
        return {
            "injected": injected,
            "in_time": self.in_time.total(),
            "late": self.late.total(),
            "never": injected - self.in_time.total() - self.late.total(),
            "in_time_pct": round(100 * self.in_time.total() / injected, 2) if injected else None,
            "raised": self.raised.total(),
            "false": self.false.total(),
            "per_10_min": round(self.raised.total() / slots, 3),
            "busiest_10_min": max(self.slots.values(), default=0),
            "kinds": {kind: self._kind(kind) for kind in sorted({*self.injected, *self.raised})},
        }

    def _kind(self, kind: str) -> dict[str, int]:
        counts = {"injected": self.injected, "in_time": self.in_time, "late": self.late}
        counts |= {"raised": self.raised, "false": self.false}
        return {name: counter[kind] for name, counter in counts.items()}


def compared(life: Life, heard: Heard) -> AlertScore:
    """One room, its scored days. Of a fault that began before them nothing is counted as false."""
    result = AlertScore()
    for fault in life.faults:
        if fault[2] >= life.scored_from and fault[3] is not None:
            result.injected[fault[0]] += 1
            _look(result, fault, fault[3], heard)
    for alert in heard.raised:
        if alert.at >= life.scored_from:
            result.raised[alert.kind] += 1
            result.slots[int(alert.at.timestamp()) // SLOT_S] += 1
            result.false[alert.kind] += not any(_of(alert, fault) for fault in life.faults)
    return result


def _look(result: AlertScore, fault: Fault, due: datetime, heard: Heard) -> None:
    first = min((alert.at for alert in heard.raised if _of(alert, fault)), default=None)
    if _stands(fault, heard):
        first = fault[2]
    if first is not None:
        (result.in_time if first <= due else result.late)[fault[0]] += 1


def _stands(fault: Fault, heard: Heard) -> bool:
    """Is the alert there already when the fault begins (of a message that was lost, say)?"""
    before = [_last(changes, fault) for changes in (heard.raised, heard.cleared)]
    return before[0] is not None and (before[1] is None or before[1] < before[0])


def _last(changes: Sequence[Raised], fault: Fault) -> datetime | None:
    kind, device, start = fault[:3]
    return max(
        (one.at for one in changes if (one.kind, one.device) == (kind, device) and one.at <= start), default=None
    )


def _of(alert: Raised, fault: Fault) -> bool:
    kind, device, start, _, end = fault
    return alert.kind == kind and alert.device == device and start <= alert.at <= end + AFTER
