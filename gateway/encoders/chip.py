"""A PN532 at the end of a line: asked until it gives an answer that can be believed, or it is clear what is wrong.

Every command may be said twice (the same page with the same bytes, the same question), so that a lost acknowledgement
is answered by asking again. A silence costs half of the patience, an answer that makes no sense a quarter of it.
"""

import asyncio

from devices.encoders import pn532
from devices.encoders.frames import ACK, NACK, Frame, FrameKind, FrameReader
from devices.encoders.technology import CardAnswer, Target, Tell
from gateway.encoders.account import ERROR, GARBLED, LINE_DOWN, SILENT, WRONG_CHIP, Account, EncoderError
from gateway.lines.byte_line import ByteLine
from gateway.lines.line import LineDownError

PATIENCE, SILENCE_COSTS, NONSENSE_COSTS = 4, 2, 1
QUIET_S = 0.05
"""After a time-out and an abort: what the chip was still sending is over by then, and taken for nobody's answer."""


class Conversation:
    """What comes after one frame went out: an acknowledgement, then the answer. Called with all that has arrived."""

    def __init__(self, command: bytes, *, acknowledged: bool = False) -> None:
        self._command = command
        self._reader = FrameReader()
        self._seen = 0
        self.acknowledged = acknowledged
        self.answer: bytes | None = None
        self.refused = False

    @property
    def noisy(self) -> bool:
        """Something came that belongs to no frame."""
        return self._reader.garbage > 0

    def __call__(self, arrived: bytes) -> bytes | None:
        """The whole of it, once it is over; None: more must come."""
        if len(arrived) < self._seen:  # after a flood the line begins anew
            self._seen = 0
        frames = self._reader.feed(arrived[self._seen :])
        self._seen = len(arrived)
        return arrived if any(self._ends(frame) for frame in frames) else None

    def _ends(self, frame: Frame) -> bool:
        if frame.kind is FrameKind.ACK:
            self.acknowledged = True
            return False
        if frame.kind is FrameKind.ERROR:
            self.refused = True
        elif frame.kind is FrameKind.DATA and self.acknowledged:
            self.answer = pn532.answer_to(self._command, frame.body)
            return self.answer is not None  # what answers another question is late, and nobody's
        return True


class Chip:
    """The chip of one encoder. `ready`: awake, known, and told how to look for cards."""

    def __init__(self, line: ByteLine, account: Account, timeout_s: float) -> None:
        self.account = account
        self.answered_at = 0.0  # of the loop's clock
        self._line = line
        self._timeout_s = timeout_s
        self._asleep = True
        self._ready = False
        self._target = 1

    @property
    def ready(self) -> bool:
        """May it be asked for cards?"""
        return self._ready and self._line.up

    def forget(self) -> None:
        """The line was away: whatever is there now must be woken and known anew."""
        self._ready, self._asleep = False, True

    async def wake(self) -> None:
        """Wake it, see what it is, set it up. Raises EncoderError."""
        self._ready, self._asleep = False, True
        found = pn532.firmware(await self._ask(pn532.get_firmware_version()))
        if found is None:
            raise self._trouble(GARBLED)
        if found.ic != pn532.IC:
            raise self._trouble(WRONG_CHIP)
        await self._ask(pn532.sam_configuration())
        await self._ask(pn532.rf_retries())
        self._ready = True
        self.account.went_up(str(found))

    async def probe(self) -> None:
        """Is it still there? Raises EncoderError."""
        if pn532.firmware(await self._ask(pn532.get_firmware_version())) is None:
            raise self._trouble(GARBLED)
        self.account.heard()

    async def select(self) -> Target | None:
        """The card in the field, activated; None: there is none. Raises EncoderError."""
        found = pn532.targets(await self._ask(pn532.list_passive_target()))
        if found is None:
            raise self._trouble(GARBLED)
        self.account.heard()
        if not found:
            return None
        self._target = found[0].number
        return found[0]

    async def tell(self, what: Tell) -> CardAnswer:
        """Say something to the selected card. Raises EncoderError."""
        command = pn532.communicate_thru(what.data) if what.plain else pn532.data_exchange(self._target, what.data)
        got = pn532.exchanged(await self._ask(command))
        if got is None:
            raise self._trouble(GARBLED)
        return CardAnswer(got.status, got.data)

    async def release(self) -> None:
        """Let go of the card and turn the field off, so that it lies there as if new. Raises EncoderError."""
        await self._ask(pn532.release())
        await self._ask(pn532.rf_off())

    async def _ask(self, command: bytes) -> bytes:
        """The answer to a command. Raises EncoderError when patience is at its end."""
        patience, frame = PATIENCE, pn532.to_chip(command)
        again: bytes | None = None
        while True:
            talk = Conversation(command, acknowledged=again is not None)
            code = await self._exchange(again or self._prefix() + frame, talk)
            if talk.answer is not None:
                self._asleep, self.answered_at = False, asyncio.get_running_loop().time()
                return talk.answer
            self.account.reject(code)
            patience -= SILENCE_COSTS if code == SILENT else NONSENSE_COSTS
            if patience <= 0:
                raise self._trouble(code)
            again = NACK if code == GARBLED and talk.acknowledged and not self._asleep else None

    def _prefix(self) -> bytes:
        return pn532.WAKE_UP + ACK if self._asleep else b""

    async def _exchange(self, request: bytes, talk: Conversation) -> str:
        """Send and listen: what is wrong when no answer came of it. Raises EncoderError(line_down)."""
        try:
            await self._line.exchange(request, talk, self._timeout_s)
        except LineDownError as error:
            raise self._trouble(LINE_DOWN) from error
        except TimeoutError:
            await self._abort()
            return GARBLED if talk.noisy else SILENT
        return ERROR if talk.refused else GARBLED

    async def _abort(self) -> None:
        """An acknowledgement from the host ends whatever the chip is doing; then let it fall silent."""
        self._asleep = True
        try:
            await self._line.tell(ACK)
        except LineDownError as error:
            raise self._trouble(LINE_DOWN) from error
        await asyncio.sleep(QUIET_S)

    def _trouble(self, code: str) -> EncoderError:
        self._ready = False
        if code != LINE_DOWN:  # that is told when the line says so
            self.account.went_down(code)
        return EncoderError(code)
