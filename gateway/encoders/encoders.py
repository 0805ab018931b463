"""All encoders of the hotel: finds the worker of a job's encoder, and keeps the promise of exactly one result."""

from dataclasses import replace

from devices.encoders.jobs import CardJob, CardResult, CardState, CardTask
from devices.encoders.payload import LONGEST_ROOM, encode
from devices.model import Device
from gateway.encoders.account import ERROR, Desk
from gateway.encoders.run import CardOrder, Verdict
from gateway.encoders.worker import EncoderWorker
from gateway.lines.byte_line import ByteLine
from gateway.ports import CardSettings, EncoderFigures

DIALECT = "pn532"


class Encoders:
    """`workers` by line."""

    def __init__(self, desk: Desk, settings: CardSettings | None) -> None:
        self._done = desk.done
        self._desk = replace(desk, done=self._finish)
        self._settings = settings
        self._pending: set[str] = set()
        self.workers: dict[str, EncoderWorker] = {}
        self._by_device: dict[str, EncoderWorker] = {}

    @property
    def figures(self) -> tuple[EncoderFigures, ...]:
        """Every encoder now."""
        return tuple(worker.figures for worker in self.workers.values())

    def add(self, device: Device, line: ByteLine, timeout_s: float) -> None:
        """An encoder at the end of a line."""
        line.private = True
        self.workers[line.id] = self._by_device[device.id] = EncoderWorker(device, line, self._desk, timeout_s)

    def remove(self, line: str) -> None:
        """The line is given up, and the encoder at its end with it."""
        if (worker := self.workers.pop(line, None)) is not None:
            self._by_device = {name: one for name, one in self._by_device.items() if one is not worker}

    def card(self, job: CardJob) -> None:
        """Give it to its encoder, or say at once why not. The same id again, while pending, is ignored."""
        if job.id in self._pending:
            return
        self._pending.add(job.id)
        worker, settings = self._by_device.get(job.encoder), self._settings
        if worker is None:
            self._refuse(job, Verdict(CardState.FAILED, "unknown_encoder"))
        elif settings is None:  # without the hotel's key no card can be told from another
            self._refuse(job, Verdict(CardState.FAILED, ERROR))
        elif refusal := self._refusal(job, settings):
            self._refuse(job, refusal)
        else:
            worker.order(CardOrder(job, settings))

    def cancel(self, job_id: str) -> None:
        """End a job of which nothing has been written."""
        for worker in self.workers.values():
            worker.cancel(job_id)

    def _refusal(self, job: CardJob, settings: CardSettings) -> Verdict | None:
        if job.deadline <= self._desk.clock.now():
            return Verdict(CardState.EXPIRED, "no_card")
        if job.task is not CardTask.WRITE:
            return None
        if job.content is None:
            return Verdict(CardState.FAILED, "write_failed")
        try:
            encode(job.content, settings.keys, bytes(4))  # what does not fit is known before a card is placed
        except ValueError:
            too_long = len(job.content.room.encode(errors="replace")) > LONGEST_ROOM
            return Verdict(CardState.FAILED, "room_too_long" if too_long else "write_failed")
        return None

    def _refuse(self, job: CardJob, verdict: Verdict) -> None:
        self._finish(CardResult(job.id, verdict.state, self._desk.clock.now(), verdict.reason))

    def _finish(self, result: CardResult) -> None:
        if result.id in self._pending:
            self._pending.discard(result.id)
            self._done(result)
