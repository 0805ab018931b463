"""What edge and PMS tell each other of devices: those heard and not configured, and changes of `devices.toml`."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from pms.link.messages import Message


class LookAlike(Message):
    """A profile that a candidate may have. `why`: a code (`self_described`, `model_id`, `topic`, `points`)."""

    profile: str
    why: str
    share: float = 1.0  # of what it said, how much this profile understands: 0 to 1


class Candidate(Message):
    """A device that speaks on a line and is not in the inventory."""

    line: str
    address: str
    name: str | None = None  # what it calls itself
    vendor: str | None = None
    model: str | None = None
    looks_like: list[LookAlike] = Field(default_factory=list)  # best first; empty: nobody knows it
    room: str | None = None  # what the naming rules say
    device: str | None = None  # the id proposed; unique in the inventory
    first_heard: datetime
    last_heard: datetime
    messages: int = 0
    sample: str = ""  # the last payload, shortened; no personal data comes from devices
    values: dict[str, Any] = Field(default_factory=dict)  # point -> value, as the best profile reads the sample


class CandidatesBody(Message):
    """up/candidates: all devices heard but not configured; mergeable: the latest list counts."""

    at: datetime
    candidates: list[Candidate] = Field(default_factory=list)
    ignored: int = 0  # told to be left out
    dropped: int = 0  # more than the list holds


class InventoryChangeBody(Message):
    """down/inventory_change: a change of `devices.toml`, answered by up/command_result with the same id.

    place: `device` (new id) with line, profile, address, room (None: spare). move: `device` to `room` (None: spare).
    replace: `device` keeps its id, room and history; line, profile (None: as before) and address are the new one's.
    remove: `device` leaves the file. ignore: `line` and `address` are no candidate any more; unignore takes it back.
    """

    id: str
    action: Literal["place", "move", "replace", "remove", "ignore", "unignore"]
    device: str | None = None
    line: str | None = None
    profile: str | None = None
    address: str | None = None
    room: str | None = None
    deadline: datetime
    by: str
