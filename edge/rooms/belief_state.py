"""What a room's belief rests on, as a restart keeps it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Hint:
    """Something to be learned, if what follows confirms it."""

    kind: str  # return | stay | unseen
    at: datetime
    sensor: str
    of: str = ""  # the sensor a stay is about
    seconds: float = 0
    vacant: bool = False  # the room was thought vacant


@dataclass(slots=True)
class BeliefState:
    """What a restart must keep."""

    vacant: float = 0.5  # probability at `at`
    kind: str = "none"  # what was last heard: door | felt
    at: datetime | None = None
    sensor: str = ""
    edge: datetime | None = None  # the last door edge
    shut: bool = False  # it was a closing
    began: datetime | None = None  # the first edge of its episode
    before: float = 0.5  # vacant before the episode
    circumstances: tuple[tuple[str, float, float], ...] = ()  # name, share, and how probably it empties the room
    slept: bool = False  # somebody was felt at night in a rented room thought vacant
    thought: float = 0.5  # the same, before it was asked who opened the door
    last: str = ""  # felt last before the episode
    near: list[str] = field(default_factory=list)  # fired beside the door
    hint: Hint | None = None
    voices: list[str] = field(default_factory=list)  # sensors that spoke since it was thought vacant
    doubted: bool = False  # one sensor alone spoke in a room thought vacant
    bursts: int = 0  # times it was contradicted since the door, far apart
    repeats: int = 0  # minutes in which it spoke again
    counted: datetime | None = None  # the last of them
    entered: datetime | None = None
    emptied: datetime | None = None  # since when it may be vacant
    walked_out: bool = False  # somebody was felt just before the door of a room thought vacant
    ghosts: dict[str, int] = field(default_factory=dict)  # events since, that may have been nobody's
    earlier: datetime | None = None  # felt before `at`, and not on the same way through the room
    quiet: float = 0.0  # seconds without an event before the door episode
    edges: int = 0  # of the door itself, in the episode
    long_open: bool = False  # it stood open for longer than somebody takes to pass
    carded: bool = False  # a guest's card opened the door
    came: float = 1.0  # of those who may be inside, the share that came in with this episode
    party: tuple[float, ...] = ()  # how many are inside, if somebody is: shares from one up
    before_party: tuple[float, ...] = ()  # the same before the door episode
