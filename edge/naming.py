"""Naming rules: from what a device is called to the room it is in and the id it gets. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

PLACES = re.compile(r"\{(room|kind)\}")
_ROOM, _KIND = r"(?P<room>[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*?)", r"(?P<kind>[A-Za-z0-9_.-]+?)"
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Placement:
    """What a rule says: the room (None: none says), and an id that no other device has."""

    room: str | None
    device: str


class NamingRules:
    """Rules such as `{room}_door`, `{room}_{kind}`, `room-{room}/{kind}`; the first that fits counts.

    Raises ValueError for a rule without `{room}`, or with a place that is none.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        self._rules = [(_compiled(rule), rule) for rule in rules]

    def place(self, called: Sequence[str], rooms: Collection[str], taken: Collection[str]) -> Placement:
        """For a device that is called all this (its name, its address). A room is one of the hotel or it is none."""
        for name in called:
            for rule, text in self._rules:
                found = rule.fullmatch(name)
                if found is not None and found["room"] in rooms:
                    wanted = text if "{kind}" not in text else text.replace("{kind}", found["kind"])
                    return Placement(found["room"], unique(wanted.replace("{room}", found["room"]), taken))
        return Placement(None, unique(called[0] if called else "device", taken))


def _compiled(rule: str) -> "re.Pattern[str]":
    if "{room}" not in rule:
        raise ValueError(f'a naming rule has {{room}} in it: "{rule}"')
    if "{" in PLACES.sub("", rule) or rule.count("{room}") > 1 or rule.count("{kind}") > 1:
        raise ValueError(f'a naming rule has {{room}} and {{kind}}, each once, and no other place: "{rule}"')
    parts = PLACES.split(rule)
    words = (
        re.escape(part) if place % 2 == 0 else {"room": _ROOM, "kind": _KIND}[part] for place, part in enumerate(parts)
    )
    return re.compile("".join(words), re.IGNORECASE)


def unique(wanted: str, taken: Collection[str]) -> str:
    """An id that `devices.toml` takes and no other device has: `name`, else `name_2`, `name_3` ..."""
    fit = _UNFIT.sub("_", wanted).strip("_")[: LONGEST_ID - 4] or "device"
    found, number = fit, 1
    while found in taken:
        number += 1
        found = f"{fit}_{number}"
    return found
