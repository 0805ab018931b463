"""`innkeeper truth`: a simulated hotel whose truth is known, through the rooms' own logic.

Beside `cli.py` the one place of the edge that knows the simulators.
"""

import time
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.console import Json, answering, log_to_stderr, tell

if TYPE_CHECKING:
    from edge.rooms.parameters import RoomParameters
    from edge.truth.report import Report
    from edge.truth.run import Tally
    from edge.truth.visits import SeenVisit
    from simulators.truth_machine.parameters import Hotel

FIRST_DAY = datetime(2026, 11, 2, tzinfo=UTC)


def truth(
    rooms: Annotated[int, typer.Option(min=1, max=2000)] = 200,
    days: Annotated[int, typer.Option(min=1, max=366)] = 30,
    seed: Annotated[int, typer.Option(help="Of everything that happens by chance.")] = 1,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day: seasons differ.")] = FIRST_DAY,
    processes: Annotated[int, typer.Option(min=0, max=64, help="0: one a core.")] = 0,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Another number of the rooms' logic, as vacant_above=0.9.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Only write the first room's log and lists for `replay`.")] = None,
    energy: Annotated[bool, typer.Option(help="Decide and score setbacks too; takes longer.")] = False,
    as_json: Json = False,
) -> None:
    """How well the rooms know a simulated hotel: occupancy by situation, cleanings, alerts."""
    from simulators.truth_machine.parameters import Hotel

    log_to_stderr("warning", "text")
    hotel = Hotel(rooms, days, seed, start.date())
    with answering():
        if write is not None:
            tell({"written": _written(hotel, write)}, f"written to {write}", as_json=as_json)
            return
        report = measured(hotel, processes, chosen(sets or []), energy=energy)
        tell(report.as_dict(), report.text(), as_json=as_json)


def chosen(sets: list[str]) -> "RoomParameters":
    """The numbers of the rooms' logic with those of `sets` (`name=number`). Raises BadParameter for any other."""
    from edge.rooms.parameters import RoomParameters

    known = {item.name for item in fields(RoomParameters)}
    numbers: dict[str, float] = {}
    for text in sets:
        name, _, number = text.partition("=")
        if name not in known:
            raise typer.BadParameter(f"--set {text}: no number of the rooms' logic is called {name!r}; see [rooms]")
        try:
            numbers[name] = float(number)
        except ValueError:
            raise typer.BadParameter(f"--set {text}: {number!r} is no number") from None
    return RoomParameters.of(numbers)


def measured(hotel: "Hotel", processes: int, parameters: "RoomParameters", *, energy: bool = False) -> "Report":
    """The hotel itself, and a day of it without faults: once with errors, once without."""
    from edge.truth.report import Report

    began = time.perf_counter()
    whole = _tally(hotel, processes, parameters, energy=energy)
    noisy = _tally(replace(hotel, days=1, faults=None), processes, parameters)
    calm = _tally(replace(hotel, days=1, faults=None, errors=None), processes, parameters)
    return Report(hotel.rooms, hotel.days, hotel.seed, whole, calm, noisy, time.perf_counter() - began)


def _tally(hotel: "Hotel", processes: int, parameters: "RoomParameters", *, energy: bool = False) -> "Tally":
    from edge.truth.run import Maker, all_rooms
    from simulators.truth_machine.hotel import scripts
    from simulators.truth_machine.life import live

    maker = Maker(partial(live, hotel=hotel), parameters, energy, purpose_of)
    return all_rooms(maker, scripts(hotel), processes)


def purpose_of(seen: "SeenVisit") -> str:
    """What the PMS takes a visit for."""
    from pms.housekeeping.visit_rules import VisitFacts, department_of, kind_of

    visit, task = seen.visit, seen.task or (None, None)
    return kind_of(
        VisitFacts(
            card_class=visit.by,
            department=department_of(visit.by, None),
            minutes=visit.left - visit.entered,
            hour=visit.entered.hour,
            cleaned=seen.cleaned,
            guests=visit.guests,
            request=visit.request,
            rented=seen.rented,
            task_type=task[0],
            task_state=task[1],
        )
    ).value


def _written(hotel: "Hotel", folder: Path) -> list[str]:
    from simulators.truth_machine.files import write_room
    from simulators.truth_machine.hotel import lives

    return write_room(next(lives(hotel)), folder)
