"""An encoder's account of itself, and whom it serves. Trouble is said once, and so is recovery."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from devices.clock import Clock
from devices.encoders.jobs import CardProgress, CardResult
from devices.model import Decoded, Device, Rejected
from gateway.ports import LineMessage

log = structlog.get_logger()

LINE_DOWN, SILENT, GARBLED = "line_down", "encoder_silent", "encoder_garbled"
ERROR, WRONG_CHIP = "encoder_error", "wrong_chip"


class EncoderError(Exception):
    """The encoder does not serve. `code`: line_down, encoder_silent, encoder_garbled, encoder_error, wrong_chip."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom all encoders serve. `heard` and `missed` are told the device's id."""

    clock: Clock
    progress: Callable[[CardProgress], Awaitable[None]]
    done: Callable[[CardResult], None]
    heard: Callable[[str], None]
    missed: Callable[[str], None]
    take: Callable[[LineMessage], None]


class Account:
    """State, code and firmware of one encoder."""

    def __init__(self, device: Device, desk: Desk) -> None:
        self.device = device
        self.state = "starting"
        self.code: str | None = None
        self.firmware: str | None = None
        self.since: datetime = desk.clock.now()
        self._desk = desk
        self._sequence = 0

    def heard(self) -> None:
        """It answered sense."""
        self._desk.heard(self.device.id)

    def went_up(self, firmware: str) -> None:
        """It is awake and known."""
        self.firmware = firmware
        self.heard()
        if self.state != "up":
            log.info("encoder up", device=self.device.id, firmware=firmware)
            self._change("up", None)

    def went_down(self, code: str) -> None:
        """It does not serve. The line tells of itself; of the rest the device's health is told here."""
        if code != LINE_DOWN:
            self._desk.missed(self.device.id)
        if (self.state, self.code) != ("down", code):
            log.warning("encoder down", device=self.device.id, code=code)
            self._change("down", code)

    def reject(self, code: str) -> None:
        """Count an attempt that brought no answer, or none that makes sense. What arrived is kept nowhere."""
        self._sequence += 1
        line, name, now = self.device.line, self.device.id, self._desk.clock.now()
        decoded = Decoded(rejected=(Rejected(line, code, name),))
        self._desk.take(LineMessage(line, line, b"", decoded, now, self._sequence))

    def _change(self, state: str, code: str | None) -> None:
        self.state, self.code, self.since = state, code, self._desk.clock.now()
