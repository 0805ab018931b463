"""A lock without a line tells its openings hours later, when somebody reads it out: true for the record, no news."""

from collections.abc import Callable
from datetime import datetime, timedelta

from devices.model import CredentialClass, DeviceEvent
from edge.rooms.signals import AccessHappened, Effect

LATE = timedelta(minutes=10)
"""What a lock says happened longer ago is its memory, unless its clock is off by as much."""
SAME = timedelta(minutes=2)
BETWEEN = timedelta(minutes=5)


class LateAccess:
    """Tells the lock's memory from what happens now, and passes on the latter.

    A clock that is off is off by the same at each opening; a memory that is read out comes all at once and from
    different times. Until a lock with a wrong clock has told two openings, its first is taken for memory.
    """

    __slots__ = ("_emit", "_offsets", "_room")

    def __init__(self, room: str, emit: Callable[[Effect], None]) -> None:
        self._room = room
        self._emit = emit
        self._offsets: dict[str, tuple[datetime, timedelta]] = {}

    def take(self, event: DeviceEvent, now: datetime) -> bool:
        """Whether this was memory, and is told as such; then nothing else follows from it."""
        at = event.device_time
        if event.kind != "access" or at is None:
            return False
        if not (event.params.get("late") is True or self._is_memory(event.device, at, now)):
            return False
        known = CredentialClass.__members__.values()
        kind = str(event.params.get("credential_class", CredentialClass.UNKNOWN))
        self._emit(
            AccessHappened(
                self._room,
                event.device,
                str(event.params.get("result", "denied")),
                kind if kind in known else str(CredentialClass.UNKNOWN),
                _text(event.params.get("credential")),
                _text(event.params.get("reason")),
                at=min(at, now),
                late=True,
            )
        )
        return True

    def _is_memory(self, device: str, at: datetime, now: datetime) -> bool:
        offset = now - at
        before = self._offsets.get(device)
        self._offsets[device] = (now, offset)
        if offset <= LATE:
            return False
        steady = before is not None and abs(offset - before[1]) <= SAME and now - before[0] >= BETWEEN
        return not steady


def _text(value: object) -> str | None:
    return None if value is None else str(value)
