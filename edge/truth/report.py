"""What a simulated hotel came to, for people and for programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge.truth import visits
from edge.truth.occupancy import Table
from edge.truth.run import Tally

ANSWERS = ("occupied", "vacant", "unknown")


class Target(NamedTuple):
    """What must be reached. `least`: at least so much, else at most."""

    name: str
    limit: float
    least: bool = False


TARGETS = (
    Target("accuracy", 99.0, least=True),
    Target("fv_per_day", 2.0),
    Target("fv_asleep_per_day", 0.05),
    Target("fo_per_day", 12.0),
    Target("missed_pct", 0.5),
    Target("cleaning_detected_pct", 98.0, least=True),
    Target("cleaning_false_pct", 1.0),
    Target("cleaning_minutes_off", 2.0),
    Target("alerts_in_time_pct", 100.0, least=True),
    Target("alerts_per_10_min", 1.0),
    Target("alerts_fault_free_day", 0.0),
)


@dataclass(frozen=True)
class Report:
    """`whole` with errors and faults; `calm`: a day with neither; `noisy`: a day with errors alone."""

    rooms: int
    days: float
    seed: int
    whole: Tally
    calm: Tally
    noisy: Tally
    took_s: float

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        whole = self.whole
        return {
            "rooms": self.rooms,
            "days": self.days,
            "seed": self.seed,
            "took_s": round(self.took_s, 1),
            "signals": whole.signals,
            "signals_per_s": round(whole.signals / whole.playing_s) if whole.playing_s else None,
            "counts": dict(whole.counts),
            "occupancy": whole.score.figures() | {"missed_pct": self._missed()},
            "situations": list(_rows(whole.situations)),
            "errors": list(_rows(whole.errors)),
            "cleaning": whole.cleaned.figures(),
            "visits": list(visits.rows(whole.visited)),
            "alerts": whole.alerted.figures(self.days),
            "fault_free_day": {
                "alerts": self.calm.alerted.false.total(),
                "kinds": dict(+self.calm.alerted.false),
                "alerts_with_lost_late_and_ghost_messages": self.noisy.alerted.false.total(),
                "kinds_with_lost_late_and_ghost_messages": dict(+self.noisy.alerted.false),
            },
            "without_errors": {"occupancy": self.calm.score.figures(), "cleaning": self.calm.cleaned.figures()},
            "energy": whole.energy.figures() if whole.energy.minutes else None,
            "targets": list(self._targets()),
        }

    def text(self) -> str:
        """For people."""
        found = self.as_dict()
        hotel = f"{self.rooms} rooms, {self.days:g} days, seed {self.seed}: {found['signals']} signals"
        lines = [f"{hotel}, {found['signals_per_s']} a second through the room logic, {found['took_s']} s in all"]
        lines += ["", "occupancy", *_pairs(found["occupancy"])]
        for name in ("situations", "errors"):
            lines += ["", *_table(name, found[name])]
        lines += ["", "cleaning", *_pairs(found["cleaning"])]
        lines += ["", *_visits(found["visits"])] if found["visits"] else []
        kinds = found["alerts"].pop("kinds")
        lines += ["", "alerts", *_pairs(found["alerts"]), *_kinds(kinds)]
        lines += ["", "a day without faults", *_pairs(found["fault_free_day"])]
        lines += ["", "a day without faults and errors", *_pairs(found["without_errors"]["occupancy"])]
        lines += ["", "energy", *_pairs(found["energy"])] if found["energy"] else []
        lines += ["", "must", *(_met(row) for row in found["targets"])]
        return "\n".join(lines)

    def _missed(self) -> float | None:
        score = self.whole.score
        long = score.missed + len(score.delays)
        return round(100 * score.missed / long, 2) if long else None

    def _targets(self) -> Iterator[dict[str, Any]]:
        occupancy = self.whole.score.figures() | {"missed_pct": self._missed()}
        cleaning, alerts = self.whole.cleaned.figures(), self.whole.alerted.figures(self.days)
        reached = {
            **occupancy,
            "cleaning_detected_pct": cleaning["detected_pct"],
            "cleaning_false_pct": cleaning["false_pct"],
            "cleaning_minutes_off": cleaning["minutes_off_median"],
            "alerts_in_time_pct": alerts["in_time_pct"],
            "alerts_per_10_min": alerts["per_10_min"],
            "alerts_fault_free_day": self.calm.alerted.false.total(),
        }
        for target in TARGETS:
            value = reached[target.name]
            met = value is not None and (value >= target.limit if target.least else value <= target.limit)
            yield {"name": target.name, "must": target.limit, "least": target.least, "reached": value, "met": met}


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    """A situation a row, the longest first: minutes by truth and answer."""
    names = {name for name, _, _ in table}
    total = {name: sum(count for (one, _, _), count in table.items() if one == name) for name in names}
    for name in sorted(names, key=lambda one: -total[one]):
        row: dict[str, Any] = {"situation": name, "minutes": total[name]}
        for truth, word in ((True, "in"), (False, "out")):
            row |= {f"{word}_{answer}": table[name, truth, answer] for answer in ANSWERS}
        wrong = row["in_vacant"] + row["out_occupied"] + row["out_unknown"]
        yield row | {"right_pct": round(100 * (1 - wrong / total[name]), 2)}


def _table(name: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{name + ' (minutes)':20}{'somebody in, said':>33}{'nobody in, said':>33}"
    yield f"{'':20}" + "".join(f"{answer:>11}" for answer in ANSWERS * 2) + f"{'right %':>9}"
    for row in rows:
        cells = "".join(f"{row[f'{word}_{answer}']:>11}" for word in ("in", "out") for answer in ANSWERS)
        yield f"{row['situation']:20}{cells}{row['right_pct']:>9}"


def _pairs(found: dict[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        yield f"  {name:42} {'-' if value is None else value}"


def _kinds(kinds: dict[str, dict[str, int]]) -> Iterator[str]:
    yield f"  {'kind':24}" + "".join(f"{name:>10}" for name in ("injected", "in_time", "late", "raised", "false"))
    for kind, row in kinds.items():
        yield f"  {kind:24}" + "".join(f"{count:>10}" for count in row.values())


def _visits(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{'visits of staff':26}{'number':>8}{'right %':>9}   taken for"
    for row in rows:
        right = "-" if row["right_pct"] is None else row["right_pct"]
        taken = ", ".join(f"{told} {number}" for told, number in row["taken_for"].items())
        yield f"  {row['purpose']:24}{row['visits']:>8}{right:>9}   {taken}"


def _met(row: dict[str, Any]) -> str:
    sign = ">=" if row["least"] else "<="
    reached = "-" if row["reached"] is None else row["reached"]
    return f"  {row['name']:24} {sign} {row['must']:<8g} {reached!s:>10}   {'met' if row['met'] else 'NOT MET'}"
