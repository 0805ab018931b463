"""Devices placed, moved, replaced and removed from a page: stored before the file is touched, ended in exactly one way.

A change that a crash interrupts is looked at again: where the file already says what was wanted it is done.
"""

import asyncio
from collections import deque
from typing import Any

import structlog
from pydantic import ValidationError

from devices.inventory_diff import Stock
from edge import inventory_file
from edge.bodies import fact
from edge.configuration import Configuration
from edge.hub import Hub
from edge.inventory_rules import Refusal, fulfilled, placed, refusal, wanted
from edge.journal_onboarding import APPLYING, ChangeStep, Place, StoredChange
from edge.reloading import NotChanged, Outcome, Reloading
from edge.sqlite_writer import DiskError
from pms.link.inventory_messages import InventoryChangeBody

log = structlog.get_logger()

DETAIL = 2_000
"""Characters of what is wrong that cross the link."""


class Onboarding:
    """Give `run()` a task. `ignored`: places (line, address) that are no candidates."""

    def __init__(self, hub: Hub, reloading: Reloading) -> None:
        self._hub = hub
        self._reloading = reloading
        self._waiting: deque[StoredChange] = deque()
        self._wake = asyncio.Event()
        self.ignored: set[Place] = set(hub.journal.loaded.ignored)

    def recover(self) -> None:
        """After a start: what has no end yet."""
        for stored in self._hub.journal.loaded.changes:
            self.begin(stored)

    def begin(self, stored: StoredChange) -> None:
        """Carry out a change that has been stored, in its turn."""
        self._waiting.append(stored)
        self._wake.set()

    async def run(self) -> None:
        """One after the other, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._carry_out(self._waiting[0])
                self._waiting.popleft()

    async def _carry_out(self, stored: StoredChange) -> None:
        try:
            body = InventoryChangeBody.model_validate_json(stored.body)
        except ValidationError as error:
            log.warning("inventory_change.unusable", change=stored.id, error=str(error)[:200])
            self._end(stored.id, "failed", "unusable")
            return
        again = stored.state == APPLYING
        if again and self._is_done(body):
            self._end(body.id, "done")
        elif body.deadline <= self._hub.clock.now() and not again:
            self._end(body.id, "expired", "deadline")
        elif body.action in ("ignore", "unignore"):
            self._leave_out(body)
        else:
            await self._change(body)

    def _is_done(self, body: InventoryChangeBody) -> bool:
        running = self._reloading.running
        return body.device is not None and fulfilled(body, Stock(running.inventory, running.catalog))

    def _leave_out(self, body: InventoryChangeBody) -> None:
        if body.line is None or body.address is None:
            self._end(body.id, "failed", "unusable")
            return
        place, left_out = (body.line, body.address), body.action == "ignore"
        if left_out:
            self.ignored.add(place)
        else:
            self.ignored.discard(place)
        self._end(body.id, "done", ignored=(place, left_out))

    async def _change(self, body: InventoryChangeBody) -> None:
        try:
            await self._hub.journal.change_begins(body.id)
        except DiskError as error:
            self._end(body.id, "failed", error.code)
            return
        outcome = await self._reloading.edit(lambda text, read: edited(body, text, read))
        self._tell(body, outcome)

    def _tell(self, body: InventoryChangeBody, outcome: Outcome) -> None:
        log.info("inventory_change", action=body.action, device=body.device, by=body.by, reason=outcome.reason)
        detail = "\n".join(outcome.problems)[:DETAIL] or None
        if outcome.reason is not None:
            self._end(body.id, "failed", outcome.reason, detail)
        else:
            self._end(body.id, "done")

    def _end(self, name: str, state: str, reason: str | None = None, detail: str | None = None, **step: Any) -> None:
        self._hub.counters[f"inventory_changes_{state}"] += 1
        body = {"id": name, "state": state, "at": self._hub.clock.now(), "reason": reason, "detail": detail}
        self._hub.change_step(ChangeStep(name, state, reason, **step), fact("command_result", name, body))


def edited(body: InventoryChangeBody, text: str, read: Configuration) -> str:
    """The text of devices.toml with the change. Raises NotChanged, EditError."""
    stock = Stock(read.inventory, read.catalog)
    device = wanted(body, stock)
    if isinstance(device, Refusal):
        raise _no(device)
    if body.action != "remove" and (wrong := refusal(device, stock, read.hotel.rooms)):
        raise _no(wrong)
    match body.action:
        case "place":
            return inventory_file.place(text, placed(device))
        case "move":
            return inventory_file.move(text, device.id, device.room)
        case "replace":
            return inventory_file.replace(text, device.id, placed(device))
        case _:
            return inventory_file.remove(text, device.id)


def _no(wrong: Refusal) -> NotChanged:
    return NotChanged(wrong.reason, [wrong.detail] if wrong.detail else [])
