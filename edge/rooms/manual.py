"""Answers that people gave by hand: they win until they expire or are withdrawn."""

from dataclasses import dataclass
from datetime import datetime

from edge.rooms.cells import FAR
from edge.rooms.signals import Override

ANSWERS = {"occupancy": {"unknown", "vacant", "occupied"}, "request": {"none", "dnd", "mur"}}


@dataclass(slots=True)
class ManualAnswer:
    """Set by hand."""

    value: str
    by: str
    at: datetime
    until: datetime | None = None


class Manual:
    """Of one room. Methods return whether something shown changed."""

    __slots__ = ("answers",)

    def __init__(self) -> None:
        self.answers: dict[str, ManualAnswer] = {}

    def set(self, override: Override, now: datetime) -> bool:
        """Somebody says, or takes back, what the room is; what is no answer is left alone."""
        allowed = ANSWERS.get(override.answer)
        if allowed is None or (override.value is not None and override.value not in allowed):
            return False
        past = override.until is not None and override.until <= now
        if override.value is None or past:
            return self.answers.pop(override.answer, None) is not None
        self.answers[override.answer] = ManualAnswer(override.value, override.by, now, override.until)
        return True

    def due(self) -> datetime:
        """When the next one expires."""
        return min((answer.until or FAR for answer in self.answers.values()), default=FAR)

    def expire(self, at: datetime) -> bool:
        """Forget those that are over by `at`."""
        over = [name for name, answer in self.answers.items() if (answer.until or FAR) <= at]
        for name in over:
            del self.answers[name]
        return bool(over)
