"""Pure rules of the guest's sign: do not disturb, make up room, none; from panel, lock, desk or app."""

from datetime import datetime
from typing import NamedTuple


class Sign(NamedTuple):
    """What is asked for, who said so, and since when (None: not told)."""

    value: str
    source: str
    since: datetime | None


def effective(by_hand: Sign | None, panel: Sign | None, before: Sign | None, now: datetime) -> Sign:
    """The last word: what was set by hand, unless the room has said something since. The same sign keeps its instant.

    `before`: what counted until now; `now`: since when a sign counts whose instant nobody told.
    """
    said = _later(by_hand, panel) or Sign("none", "panel", None)
    if before is not None and (before.value, before.source) == (said.value, said.source):
        return before if said.since is None else said
    return said if said.since is not None else said._replace(since=now)


def _later(by_hand: Sign | None, panel: Sign | None) -> Sign | None:
    if by_hand is None or panel is None:
        return by_hand or panel
    touched_since = panel.since is not None and by_hand.since is not None and panel.since > by_hand.since
    return panel if touched_since else by_hand
