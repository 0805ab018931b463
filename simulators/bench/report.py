"""Figures with what they count, their baseline and the wanted value."""

import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


@dataclass(frozen=True)
class Figure:
    """One measured figure. `met` None: there is no wanted value."""

    name: str
    counts: str
    value: float
    unit: str
    baseline: float | None = None
    baseline_counts: str = ""
    wanted: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Value over baseline."""
        return self.value / self.baseline if self.baseline else None

    def line(self) -> str:
        """As a line for a person."""
        share = "" if self.ratio is None else f" (x {self.ratio:.2f})"
        beside = "" if self.baseline is None else f"  baseline {self.baseline:.1f}{share}"
        verdict = {True: "  met", False: "  NOT MET", None: ""}[self.met]
        wanted = f"  wanted {self.wanted}" if self.wanted else ""
        return f"{self.name:34} {self.value:10.1f} {self.unit:11}{beside}{wanted}{verdict}"


@dataclass
class Report:
    """All figures of one run on one machine."""

    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was not measured, and why."""

    def add(self, *figures: Figure) -> None:
        """Take figures in."""
        self.figures += figures

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        machine = {"system": platform.platform(), "python": platform.python_version(), "machine": platform.machine()}
        return {
            "machine": machine,
            "figures": [asdict(f) | {"ratio": f.ratio} for f in self.figures],
            "notes": self.notes,
        }

    def text(self) -> str:
        """For a person: a line a figure, then what each counts."""
        lines = [figure.line() for figure in self.figures]
        told = [
            f"  {f.name}: {f.counts}" + (f" Baseline: {f.baseline_counts}" if f.baseline_counts else "")
            for f in self.figures
        ]
        return "\n".join([*lines, *self.notes, "", "What each counts:", *told])


def _beside(figure: Figure) -> str:
    return f" Baseline: {figure.baseline_counts}" if figure.baseline_counts else ""


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)
