"""One job at one encoder, from "place the card" to its one verdict.

The order of writing is what makes the verdict certain: until the last part (it ends the MAC) has been sent, no lock
opens to the card, and the job has failed. From then on until it is read back nobody knows.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta

from devices.encoders.cards import recognise
from devices.encoders.jobs import CardFound, CardJob, CardProgress, CardState, CardStep, CardTask
from devices.encoders.payload import SIZE, PayloadError, decode, encode, is_blank, is_ours, write_order
from devices.encoders.technology import (
    OK,
    CardAnswer,
    CardFault,
    CardRefused,
    CardTechnology,
    Select,
    Steps,
    T,
    Target,
    Tell,
)
from gateway.encoders.account import ERROR, LINE_DOWN, WRONG_CHIP, Desk, EncoderError
from gateway.encoders.chip import Chip
from gateway.ports import CardSettings

POLL_S = 0.1
"""Between two looks for a card while there is none."""
RETURN_S = 2.0
"""How long a card that was lost in the middle is awaited: a hand trembles, a field drops out."""
GRACE_S = 3.0
"""How long a job waits for a line that is not up: at the start, or while an adapter is plugged in again."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a job ended; it becomes a `CardResult`."""

    state: CardState
    reason: str | None = None
    card: CardFound | None = None


@dataclass(frozen=True, slots=True)
class CardOrder:
    """A job, and with which keys. `avoid`: UID of a card that belongs to the job before, until it is taken away."""

    job: CardJob
    settings: CardSettings
    avoid: bytes | None = None


class Ended(Exception):  # noqa: N818  not an error: the job is over
    """The job is over."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class CardRun:
    """Carries out one job."""

    def __init__(self, order: CardOrder, chip: Chip, desk: Desk) -> None:
        self.job = order.job
        self.uid: bytes | None = None
        self._chip = chip
        self._desk = desk
        self._settings = order.settings
        self._avoid = order.avoid
        self._kind = "unknown"
        self._content: bytes | None = None
        self._faults = 0
        self._told: set[CardStep] = set()
        self._written = False  # something was sent to be written
        self._may_open = False  # the last part was sent, and not read back
        self._cancelled = False
        self._stir = asyncio.Event()

    def cancel(self) -> None:
        """End it, if nothing has been written."""
        self._cancelled = True
        self._stir.set()

    async def verdict(self) -> Verdict:
        """Carry it out. Raises nothing of the wire's."""
        try:
            return await self._rounds()
        except Ended as end:
            return end.verdict
        except CardRefused as refused:
            self._kind = refused.kind
            return Verdict(CardState.FAILED, refused.code, self._found())

    async def _rounds(self) -> Verdict:
        await self._step(CardStep.WAITING)
        while True:
            await self._ready()
            try:
                return await self._round()
            except (CardFault, EncoderError) as trouble:
                self._faults += 1
                if self._faults > ROUNDS or (self._faults == ROUNDS and not self._may_open):
                    return self._broken(trouble.code)

    async def _round(self) -> Verdict:
        """From selecting the card to the verdict; may be gone through again with the same card."""
        target = await self._card()
        settings = self._settings
        card = await self._do(recognise(target, settings.keys, mifare_classic=settings.mifare_classic))
        self._kind = card.kind
        await self._do(card.open())
        content = await self._read(card)
        if self.job.task is CardTask.READ:
            return Verdict(CardState.CONFIRMED, card=self._found())
        wanted = self._wanted(target, content)
        if content != wanted:
            await self._write(card, content, wanted)
        elif self.job.task is CardTask.WRITE:  # it is this very key: from here on as if it had just been written
            self._written = self._may_open = True
        await self._step(CardStep.CHECKING)
        if await self._read(card) != wanted:  # the card is still the one selected: another one would not answer
            return Verdict(CardState.FAILED, "not_verified", self._found())
        return Verdict(CardState.CONFIRMED, card=self._found())

    async def _ready(self) -> None:
        """The encoder, awake. A line may take its time to come up; a silent encoder was woken in vain already."""
        until = _time() + GRACE_S
        while not self._chip.ready:
            self._may_go_on()
            try:
                await self._chip.wake()
            except EncoderError as trouble:
                if trouble.code != LINE_DOWN or _time() >= until:
                    raise Ended(self._broken(trouble.code)) from trouble
                await self._pause()

    async def _card(self) -> Target:
        """The card in the field: any one before something is to be written, then the same."""
        until = _time() + RETURN_S
        while True:
            self._may_go_on()
            target = await self._chip.select()
            if target is None or target.uid != self._avoid:
                self._avoid = None
                if target is not None:
                    return self._accepted(target)
            if not self._written:
                self.uid, self._content, self._kind, self._faults = None, None, "unknown", 0
            elif _time() >= until:
                raise Ended(self._broken("card_removed"))
            await self._pause()

    def _accepted(self, target: Target) -> Target:
        if self.uid is not None and target.uid != self.uid:
            raise Ended(self._broken("card_changed"))
        self.uid = target.uid
        return target

    async def _same(self) -> None:
        """Select the card once more. Raises CardFault("card_removed"), Ended (another one is there)."""
        target = await self._chip.select()
        if target is None:
            raise CardFault("card_removed")
        self._accepted(target)

    async def _read(self, card: CardTechnology) -> bytes:
        self._content = await self._do(card.read())
        return self._content

    def _wanted(self, target: Target, content: bytes) -> bytes:
        if self.job.content is None:  # erase: what is blank stays as it is
            return content if is_blank(content) else bytes(SIZE)
        return encode(self.job.content, self._settings.keys, target.uid)

    async def _write(self, card: CardTechnology, content: bytes, wanted: bytes) -> None:
        """Write what differs, the part that makes it valid last (erasing: the part that unmakes it first)."""
        self._may_open = False  # it was read, and it is not what was asked for
        if self._faults >= ROUNDS:
            raise Ended(self._broken("write_failed"))
        if not is_blank(content) and not is_ours(content, self._settings.keys):
            raise CardRefused("foreign_card", card.kind)
        await self._step(CardStep.WRITING)
        self._may_go_on()
        self._written, self._content = True, None
        await self._do(card.protect())
        size = card.unit
        places = [(part, slice(part * size, (part + 1) * size)) for part in write_order(size)]
        parts = [(part, wanted[place]) for part, place in places if content[place] != wanted[place]]
        if self.job.task is CardTask.ERASE:
            parts.reverse()
        for number, (part, data) in enumerate(parts, 1):
            self._may_open = number == len(parts) and self.job.task is CardTask.WRITE
            await self._do(card.write(part, data))

    async def _do(self, steps: Steps[T]) -> T:
        """Go through a card's steps and return what comes of them. Raises CardFault, CardRefused, EncoderError."""
        try:
            ask = next(steps)
            while True:
                ask = steps.send(await self._answer(ask))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _answer(self, ask: Tell | Select) -> CardAnswer:
        if isinstance(ask, Tell):
            return await self._chip.tell(ask)
        await self._same()
        return CardAnswer(OK)

    def _may_go_on(self) -> None:
        """Raises Ended: it was cancelled, or its time is over, before anything was written."""
        if self._written:
            return
        if self._cancelled:
            raise Ended(Verdict(CardState.FAILED, "cancelled", self._found()))
        if self.job.deadline <= self._desk.clock.now():
            raise Ended(Verdict(CardState.EXPIRED, "no_card", self._found()))

    def _broken(self, code: str) -> Verdict:
        """Ended by trouble: unknown as long as a working key may have come of it."""
        reason = ERROR if code == WRONG_CHIP else code
        return Verdict(CardState.UNKNOWN if self._may_open else CardState.FAILED, reason, self._found())

    def _found(self) -> CardFound | None:
        """The card, as far as it is known."""
        if self.uid is None:
            return None
        serial = self._settings.keys.serial(self.uid)
        if self._content is None:
            return CardFound(serial, self._kind, None, "unreadable")
        try:
            return CardFound(serial, self._kind, decode(self._content, self._settings.keys, self.uid))
        except PayloadError as error:
            return CardFound(serial, self._kind, None, error.code)

    async def _step(self, step: CardStep) -> None:
        """Tell, once: a step that is gone through again is no news."""
        if step in self._told:
            return
        self._told.add(step)
        await self._desk.progress(CardProgress(self.job.id, step, self._desk.clock.now()))

    async def _pause(self) -> None:
        """Until the next look, the deadline, or a cancellation."""
        left = self._desk.clock.real((self.job.deadline - self._desk.clock.now()) / timedelta(seconds=1))
        wait = POLL_S if self._written else max(0.0, min(POLL_S, left))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._stir.wait()
        self._stir.clear()


def _time() -> float:
    return asyncio.get_running_loop().time()
