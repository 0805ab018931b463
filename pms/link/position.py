"""Which messages of one sender's epoch have been taken, without a gap. Pure."""

from dataclasses import dataclass, field

from pms.link.messages import Envelope

HELD = 1000
"""How many messages that came too early are kept, at most; a dropped one is sent again by its sender."""


@dataclass(slots=True)
class Position:
    """The contiguous prefix of one epoch: everything up to `through` has been handed on, in order.

    A message says which one must come before it (`after`). One that comes too early is held until the gap is filled, so
    that a fault is never cleared before it was raised.
    """

    through: int = 0
    duplicates: int = 0
    _held: dict[int, Envelope] = field(default_factory=dict)

    def apply(self, envelope: Envelope) -> list[Envelope]:
        """The messages that may be applied now, in order: none for a duplicate or one that came too early."""
        if envelope.seq <= self.through:
            self.duplicates += 1
            return []
        if envelope.after > self.through:
            if len(self._held) < HELD:
                self._held[envelope.seq] = envelope
            return []
        self.through = envelope.seq
        return [envelope, *self._release()]

    @property
    def held(self) -> int:
        """How many messages wait for an earlier one."""
        return len(self._held)

    def _release(self) -> list[Envelope]:
        released = []
        for seq in sorted(self._held):
            envelope = self._held[seq]
            if envelope.after > self.through:
                break
            del self._held[seq]
            if seq > self.through:
                self.through = seq
                released.append(envelope)
        return released
