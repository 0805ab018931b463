"""What the simulators themselves know: what they said, what was acknowledged, what they were asked, what they saw."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Said:
    """A numbered message. Times are the simulators' own wall clock, seconds since 1970.

    `times`: how often it was put on the wire; `acknowledged`: when the broker took it for the first time, None: never.
    """

    number: int
    device: str
    kind: str  # door, motion, access, alarm
    value: str
    sent: float
    times: int = 1
    acknowledged: float | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a unit put on its wire: the registers (big endian) as they were at that time."""

    at: float
    words: bytes


@dataclass(frozen=True, slots=True)
class Ordered:
    """A command that the API accepted (`id`), or may have accepted (None: the answer was lost)."""

    id: str | None
    room: str
    value: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Written:
    """A value that a unit was told to take."""

    at: float
    room: str
    value: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen showed of a room: temperature and age as the API told them between `asked` and `at`."""

    asked: float
    at: float
    room: str
    temperature: float
    age: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """A fault as it really was: from its first blow until everything answered again."""

    kind: str
    begin: float
    end: float
    whom: str = ""


@dataclass
class Records:
    """Everything of one run. What the broker acknowledged is also appended to a file, as it happens."""

    path: Path
    said: dict[int, Said] = field(default_factory=dict)
    answered: dict[str, list[Answered]] = field(default_factory=lambda: defaultdict(list))  # by room
    ordered: list[Ordered] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = self.path.open("a")

    def acknowledged(self, said: Said, at: float) -> None:
        """The broker has it."""
        if said.acknowledged is None:
            said.acknowledged = at
            line = {"number": said.number, "device": said.device, "kind": said.kind, "value": said.value, "at": at}
            self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Nothing more is acknowledged."""
        self._file.close()

    def last(self, kind: str) -> Iterator[Said]:
        """Of each device of a kind, the last message that the broker acknowledged."""
        found = {said.device: said for said in self.said.values() if said.kind == kind and said.acknowledged}
        yield from found.values()


@dataclass(frozen=True, slots=True)
class Row:
    """A message of the journal: where it came from, when it was received (seconds), what the device had said."""

    source: str  # line and source: "field zigbee2mqtt/101_door", "bus-1 unit 3"
    received: float
    retained: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """What the product holds at the end, and when each number was first seen in its databases."""

    journal: Sequence[Row]
    access: Sequence[str]  # credentials, as often as the PMS has them
    alarms: dict[str, int]  # by device: how often raised
    doors: dict[str, str]  # by room
    commands: dict[str, str]  # by id: its state
    seen: dict[int, float]
    seen_in_pms: dict[int, float]


def as_json(value: Any) -> str:
    """For a file that people look at."""
    return json.dumps(value, indent=1, default=str)
