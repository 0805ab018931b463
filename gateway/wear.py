"""Registers in a memory that each write wears: the least time between two writes of one. Pure: `now` is given."""

from datetime import datetime, timedelta

from devices.model import PointSpec


class Wear:
    """When each such register of a line was last written."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], datetime] = {}

    def not_before(self, device: str, spec: PointSpec, now: datetime) -> datetime:
        """When the point may be written again: `now`, or later. A clock set back does not lengthen it."""
        written = self._written.get((device, spec.name))
        if written is None or written > now or not spec.wire.get("eeprom"):
            return now
        return max(now, written + timedelta(seconds=spec.wire["eeprom_s"]))

    def wrote(self, device: str, spec: PointSpec, now: datetime) -> None:
        """The point is being written."""
        if spec.wire.get("eeprom"):
            self._written[device, spec.name] = now
