"""How long what is kept is kept: classes of data, each with a default, a floor and its reason. Edge and PMS share it.

A period is in days. 0 means: only as long as the house cannot do without it (`needed`). Figures are engineering
judgement on GDPR Art. 5(1)(e) and PIPL Art. 19 (no longer than the purpose needs), not legal advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

Place = Literal["edge", "pms"]
Periods = Mapping[str, float]
"""Days by class, as they were set: 0 and absent ones are filled in by `period`."""

LONGEST_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class DataClass:
    """One class: where it is kept, days by default, days without which the house does not work, and why."""

    name: str
    place: Place
    days: float
    needed: float
    reason: str


_CLASSES = (
    DataClass(
        "edge_presence",
        "edge",
        7,
        1,
        "Raw signals of doors, windows, motion, presence, beds, mats, key card switches, bolts and wishes. A week "
        "explains a room that was judged wrongly; longer they would tell when a guest slept, left and came back.",
    ),
    DataClass(
        "edge_locks",
        "edge",
        14,
        1,
        "Raw messages behind the access records. Two weeks to check a disputed opening against the lock's own "
        "words; they name cards and so people, and the PMS keeps the record itself.",
    ),
    DataClass(
        "edge_climate",
        "edge",
        30,
        1,
        "Temperature, humidity, air and energy readings. A month covers a billing period and a slow fault of a "
        "climate unit; longer series would show habits through the power that is used.",
    ),
    DataClass(
        "edge_other",
        "edge",
        30,
        1,
        "Everything else: batteries, signal strength, smoke, leak and help buttons, what no profile knows. A "
        "month to find a fault that comes and goes and to look at an alarm once more.",
    ),
    DataClass(
        "edge_rejected",
        "edge",
        14,
        1,
        "Messages nobody understood, as they came: nobody knows what is in them. Two weeks to mend the device or "
        "its profile.",
    ),
    DataClass(
        "edge_commands",
        "edge",
        1,
        1,
        "Orders and key jobs that have ended. A day, so that one told twice is known; the PMS keeps its own record.",
    ),
    DataClass(
        "motion_history",
        "pms",
        30,
        1,
        "What rooms were sensed to be: occupied, vacant, door, cleaning, temperature. A month to clear a "
        "discrepancy or a bill; tied to a stay it is personal data, and after that only counts are of use.",
    ),
    DataClass(
        "access",
        "pms",
        90,
        1,
        "Cards and codes used at doors. Three months, because thefts are reported and insurers ask after "
        "departure; not longer, because they record where guests and staff went.",
    ),
    DataClass(
        "keys",
        "pms",
        180,
        1,
        "The ledger of key cards, from the end of a card. Half a year: an opening is only explained by the card "
        "behind it, so it outlasts the access records.",
    ),
    DataClass(
        "cleaning",
        "pms",
        90,
        1,
        "Cleanings, visits of staff and finished housekeeping tasks. Three months for complaints and for planning "
        "work; not longer, so that it never becomes a record of a person's performance.",
    ),
    DataClass(
        "alerts",
        "pms",
        730,
        30,
        "Resolved alerts with their notes. Two years: evidence for the insurer after water or smoke, and faults "
        "that come back each season. At least a month, so that a fault that returns is known.",
    ),
    DataClass(
        "devices",
        "pms",
        180,
        1,
        "Devices that fell silent and came back. Half a year shows a weak battery or radio link; it tells nothing "
        "of a person and is of no use after the device was mended.",
    ),
    DataClass(
        "orders",
        "pms",
        90,
        1,
        "Orders to rooms (setpoint, mode, unlock) and who gave them. As long as the access records, with which "
        "they answer who opened a door; not longer, because they name staff.",
    ),
    DataClass(
        "energy",
        "pms",
        1095,
        0,
        "Setback hours and degree-hours, a sum a room and day. Three years: a heating season is compared with the "
        "ones before; a sum of a day says no more of a guest than that the room was let.",
    ),
    DataClass(
        "sign_ins",
        "pms",
        180,
        1,
        "Who signed in and out, and who was refused. Half a year, because misuse is found late; not longer, "
        "because it records working hours.",
    ),
    DataClass(
        "idempotency",
        "pms",
        7,
        1,
        "Answers to changes sent twice, encrypted. A week: a phone that was without network sends its changes "
        "late; the answers may hold names.",
    ),
    DataClass(
        "rejected",
        "pms",
        14,
        1,
        "Messages and events that could not be used, as they came. Two weeks to find out why.",
    ),
)

CLASSES: Mapping[str, DataClass] = MappingProxyType({one.name: one for one in _CLASSES})
"""By name, in the order in which people read them: the keys of `[retention]`."""

DEFAULTS: Periods = MappingProxyType({one.name: one.days for one in _CLASSES})


def period(name: str, periods: Periods = DEFAULTS) -> timedelta:
    """How long a class is really kept. Raises KeyError for an unknown class."""
    known = CLASSES[name]
    return timedelta(days=max(periods.get(name, known.days), known.needed))


def refusal(name: str, days: float) -> str | None:
    """Why a period cannot be had; None where it can."""
    needed = CLASSES[name].needed
    if 0 < days < needed:
        return f"at least {needed:g} (or 0: only as long as operation needs it, which is {needed:g})"
    return None
