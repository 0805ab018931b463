"""Orders of an MQTT line: what words and silence mean, and which of two orders counts."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from devices.model import Command, CommandAnswer, CommandState, Device, Quality, Reading, Value
from gateway.order_book import OrderBook
from gateway.orders import Order, Steps

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LASTS = timedelta(seconds=10)


@dataclass
class Desk:
    """Who gave the orders: notes what it is told of each."""

    ends: dict[str, list[tuple[CommandState, str | None]]] = field(default_factory=dict)
    acknowledged: Counter[str] = field(default_factory=Counter)

    def order(self, name: str, value: Value, *, device: str = "lock", deadline: datetime = START + LASTS) -> Order:
        """An order to a lock or a thermostat."""
        point = "lock" if device == "lock" else "setpoint"
        command = Command(name, device, point, value, deadline)
        return Order(command, Device(device, "field", "p", device, "101"), self.steps)

    @property
    def steps(self) -> Steps:
        return Steps(self._sending, self._acknowledged, self._finished)

    async def _sending(self, _name: str) -> bool:
        return True

    def _acknowledged(self, name: str) -> None:
        self.acknowledged[name] += 1

    def _finished(self, command: Command, state: CommandState, reason: str | None) -> None:
        self.ends.setdefault(command.id, []).append((state, reason))


def says(device: str, value: Value, quality: Quality = Quality.GOOD, *, now: datetime = START) -> Reading:
    """A device's report."""
    point = "lock" if device == "lock" else "setpoint"
    return Reading(device, "101", point, value, quality, None, now, 1)


def sent(book: OrderBook, order: Order) -> None:
    """It waits, has its turn and goes out."""
    book.add(order)
    assert book.next(START) is order
    book.sent(order)


def test_a_lock_that_locks_again_at_once_was_unlocked() -> None:
    desk, book = Desk(), OrderBook()
    sent(book, desk.order("c", "unlocked"))
    book.acknowledged("c")
    book.reported(says("lock", "unlocked"))
    book.reported(says("lock", "locked"))
    book.look(START + timedelta(seconds=60), up=True)
    assert desk.ends == {"c": [(CommandState.DONE, None)]}


@pytest.mark.parametrize(
    ("said", "up", "end"),
    [
        ([], True, (CommandState.UNKNOWN, "no_answer")),
        ([], False, (CommandState.UNKNOWN, "line_down")),
        ([says("lock", "locked")], True, (CommandState.FAILED, "not_verified")),
        ([says("lock", "unlocked", Quality.STALE)], True, (CommandState.UNKNOWN, "no_answer")),
        ([says("lock", "jammed")], True, (CommandState.FAILED, "jammed")),
        ([says("other", "unlocked")], True, (CommandState.UNKNOWN, "no_answer")),
    ],
)
def test_what_the_silence_or_the_words_of_a_lock_mean(
    said: list[Reading], up: bool, end: tuple[CommandState, str | None]
) -> None:
    desk, book = Desk(), OrderBook()
    sent(book, desk.order("c", "unlocked"))
    for reading in said:
        book.reported(reading)
    book.look(START + timedelta(seconds=10), up=up)
    assert desk.ends == {"c": [end]}


def test_a_later_order_takes_the_place_of_one_that_was_not_sent() -> None:
    desk, book = Desk(), OrderBook()
    book.add(desk.order("older", 20.0, device="thermostat"))
    book.add(desk.order("other", "locked"))
    book.add(desk.order("later", 22.0, device="thermostat"))
    assert desk.ends == {"older": [(CommandState.FAILED, "superseded")]}
    found = [book.next(START), book.next(START), book.next(START)]
    assert [order.command.id for order in found if order] == ["other", "later"]


def test_of_an_order_that_was_overtaken_on_the_wire_nobody_knows_what_came() -> None:
    desk, book = Desk(), OrderBook()
    sent(book, desk.order("older", 20.0, device="thermostat"))
    sent(book, desk.order("later", 22.0, device="thermostat"))
    book.reported(says("thermostat", 22.0))
    assert desk.ends == {"older": [(CommandState.UNKNOWN, "superseded")], "later": [(CommandState.DONE, None)]}


def test_what_could_not_be_handed_over_waits_and_gives_way_to_a_later_one() -> None:
    desk, book = Desk(), OrderBook()
    older, later = desk.order("older", "unlocked"), desk.order("later", "locked")
    sent(book, older)
    book.unsent(older)
    assert (book.waiting, book.open, desk.ends) == (1, 0, {})
    assert book.next(START) is older
    book.add(later)
    book.back(older)
    assert desk.ends == {"older": [(CommandState.FAILED, "superseded")]}
    assert book.next(START) is later


def test_only_the_device_itself_speaks_of_its_order() -> None:
    desk, book = Desk(), OrderBook()
    sent(book, desk.order("c", "unlocked"))
    book.answered(CommandAnswer("another", "c", accepted=False))
    book.answered(CommandAnswer("lock", "c", accepted=True))
    book.acknowledged("c")
    assert (desk.ends, desk.acknowledged) == ({}, {"c": 1})
    book.answered(CommandAnswer("lock", "c", accepted=False))
    assert desk.ends == {"c": [(CommandState.FAILED, "device_refused")]}
