"""What may follow what in a room, and the code on the rack. Pure."""

from datetime import datetime

from pms.kernel.errors import Reason

HOUSEKEEPING = ("dirty", "pickup", "clean", "inspected")
SELLABILITY = ("sellable", "out_of_service", "out_of_order")
REQUESTS = ("none", "dnd", "mur")

HOUSEKEEPING_FOLLOWS: dict[str, frozenset[str]] = {
    "dirty": frozenset({"pickup", "clean"}),
    "pickup": frozenset({"dirty", "clean"}),
    "clean": frozenset({"dirty", "pickup", "inspected"}),
    "inspected": frozenset({"dirty", "pickup", "clean"}),
}
"""An inspection looks at a clean room; everything else may turn into everything else."""

_BLOCKED = {"out_of_order": "OOO", "out_of_service": "OOS"}


def display(front_office: str, housekeeping: str, sellability: str) -> str:
    """The code on the rack: OOO, OOS, else V or O with D(irty), C(lean), or I(nspected) for a vacant room."""
    if sellability in _BLOCKED:
        return _BLOCKED[sellability]
    if housekeeping in {"dirty", "pickup"}:
        letter = "D"
    else:
        letter = "I" if housekeeping == "inspected" and front_office == "vacant" else "C"
    return ("O" if front_office == "occupied" else "V") + letter


def housekeeping_reasons(before: str, after: str) -> list[Reason]:
    """What speaks against this change of the housekeeping state; setting it to what it is, is always well."""
    if before == after or after in HOUSEKEEPING_FOLLOWS[before]:
        return []
    return [Reason("inspect_needs_clean", {"state": before})]


def sellability_reasons(front_office: str, after: str) -> list[Reason]:
    """What speaks against taking the room out of sale or giving it back."""
    return [Reason("room_occupied")] if after != "sellable" and front_office == "occupied" else []


def check_in_reasons(front_office: str, sellability: str) -> list[Reason]:
    """What speaks against somebody moving in."""
    reasons = []
    if front_office == "occupied":
        reasons.append(Reason("room_occupied"))
    if sellability in _BLOCKED:
        reasons.append(Reason(f"room_{sellability}"))
    return reasons


def is_in_force(value: str | None, until: datetime | None, now: datetime) -> bool:
    """Whether what was set by hand still wins."""
    return value is not None and (until is None or now < until)
