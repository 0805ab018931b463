"""`innkeeper bench`: measurements, those of the simulators and those of the rooms' own logic."""

from typing import TYPE_CHECKING, Annotated

import typer

from edge.console import FAILED, WRONG_INPUT, Json, say

if TYPE_CHECKING:
    from simulators.bench.report import Report

UNITS = {"accuracy": "%", "fv_per_day": "min/day", "fv_asleep_per_day": "min/day", "fo_per_day": "min/day"}


def bench(name: Annotated[str, typer.Argument(help="all, or one of them.")] = "all", as_json: Json = False) -> None:
    """Measure, each figure beside its raw baseline in the same run."""
    from simulators.bench import run as measuring

    try:
        text, met = measuring.run(name, as_json, {"mind": mind, "occupancy": occupancy, "truth": truth})
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_INPUT) from None
    say(text)
    if not met:
        raise typer.Exit(FAILED)


def mind(report: "Report") -> None:
    """Speed and memory of the rooms' logic."""
    from edge import room_bench
    from simulators.bench.report import Figure

    report.add(*(Figure(**vars(item)) for item in room_bench.mind()))


def occupancy(report: "Report") -> None:
    """The recorded homes."""
    from edge import room_bench
    from simulators.bench.report import Figure

    report.add(*(Figure(**vars(item)) for item in room_bench.occupancy()))
    if missing := room_bench.absent():
        report.notes.append(f"occupancy: not measured, recordings absent: {', '.join(missing)}")


def truth(report: "Report") -> None:
    """The simulated hotel of the documented mix."""
    from edge.cli_truth import chosen, measured
    from simulators.bench.report import Figure
    from simulators.truth_machine.parameters import Hotel

    found = measured(Hotel(), 0, chosen([])).as_dict()
    counts = f"{found['rooms']} rooms, {found['days']:g} days, seed {found['seed']}."
    for row in found["targets"]:
        name, must = row["name"], f"{'>=' if row['least'] else '<='} {row['must']:g}"
        unit = UNITS.get(name, "%" if name.endswith("pct") else "")
        report.add(Figure(f"hotel: {name}", counts, row["reached"] or 0.0, unit, wanted=must, met=row["met"]))
