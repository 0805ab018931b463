"""Orders under every interleaving of answer, time-out, line down, kill, duplicate: one end, nothing late or twice.

The journal is the real one's statements, the book that of a line; what a kill takes away is the book.
"""

import sqlite3
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devices.model import CommandState, Quality
from edge.journal_rows import (
    COMMAND,
    COMMAND_END,
    COMMAND_SENT,
    UNFINISHED,
    StoredCommand,
    command_row,
    insert,
    insert_new,
)
from gateway.order_book import OrderBook
from gateway.orders import Order
from tests.gateway.test_order_book import START, Desk, says

TABLE = """CREATE TABLE command (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, body BLOB NOT NULL, deadline TEXT NOT NULL, reason TEXT)"""
ENDS = {CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED, CommandState.UNKNOWN}


class Interleavings(RuleBasedStateMachine):
    """The edge with its journal, the book of a line, the broker and a lock, in any order of what may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.up = START, True
        self.disk = sqlite3.connect(":memory:")
        self.disk.execute(TABLE)
        self.asked: dict[str, Order] = {}
        self.wire: list[str] = []
        self.late: list[str] = []
        self.desk, self.book = Desk(), OrderBook()

    def _keep_ends(self) -> None:
        for name, ends in self.desk.ends.items():
            ended = StoredCommand(name, ends[0][0], b"", "", ends[0][1])
            insert(self.disk, COMMAND, [command_row(ended)])

    def _told(self, order: Order) -> None:
        """The PMS tells an order: what is new is submitted, what is known is not."""
        stored = StoredCommand(order.command.id, "accepted", b"", order.command.deadline.isoformat())
        if insert_new(self.disk, stored):
            self.book.add(order)
            self._keep_ends()

    @rule(value=st.sampled_from(["locked", "unlocked"]), seconds=st.integers(1, 30))
    def ordered(self, value: str, seconds: int) -> None:
        name = f"c{len(self.asked)}"
        self.asked[name] = self.desk.order(name, value, deadline=self.now + timedelta(seconds=seconds))
        self._told(self.asked[name])

    @rule()
    def comes_again(self) -> None:
        for order in self.asked.values():
            self._told(order)

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def line_changes(self) -> None:
        self.up = not self.up

    @rule(breaks=st.booleans(), late=st.integers(0, 15), storing=st.integers(0, 5))
    def worker_runs(self, breaks: bool, late: int, storing: int) -> None:
        """It may be late for its round, and the disk may take its time."""
        self.book.look(self.now, up=self.up)
        self.now += timedelta(seconds=late)
        while self.up and (order := self.book.next(self.now)) is not None:
            assert not order.late(self.now), "the book hands out nothing that is late"
            self.now += timedelta(seconds=storing)
            self.disk.execute(COMMAND_SENT, (order.command.id,))  # on disk before it goes out
            if order.late(self.now):
                order.finish(CommandState.EXPIRED, "deadline")
            elif breaks:
                self.book.sent(order)
                self.up = False
                self.book.unsent(order)
            else:
                self.book.sent(order)
                self._goes_out(order)
        self._keep_ends()

    def _goes_out(self, order: Order) -> None:
        self.wire.append(order.command.id)
        if order.late(self.now):
            self.late.append(order.command.id)

    @rule(value=st.sampled_from(["locked", "unlocked", "jammed"]), stale=st.booleans())
    def lock_says(self, value: str, stale: bool) -> None:
        self.book.reported(says("lock", value, Quality.STALE if stale else Quality.GOOD))
        self._keep_ends()

    @rule(data=st.data(), refused=st.sampled_from([None, None, "nobody_listens"]))
    def broker_answers(self, data: st.DataObject, refused: str | None) -> None:
        if self.wire:
            self.book.acknowledged(data.draw(st.sampled_from(self.wire)), refused)
            self._keep_ends()

    @rule()
    def edge_is_killed_and_starts(self) -> None:
        self.book = OrderBook()
        for name, state, *_ in self.disk.execute(UNFINISHED).fetchall():
            order = self.asked[name]
            if state == "sent":
                order.finish(CommandState.UNKNOWN, "restarted")
            elif order.late(self.now):
                order.finish(CommandState.EXPIRED, "deadline")
            else:
                self.book.add(order)
        self._keep_ends()

    @invariant()
    def never_two_ends(self) -> None:
        assert all(len(ends) == 1 and ends[0][0] in ENDS for ends in self.desk.ends.values())

    @invariant()
    def never_sent_twice_nor_late(self) -> None:
        assert len(self.wire) == len(set(self.wire))
        assert self.late == []

    @invariant()
    def done_was_sent_and_expired_was_not(self) -> None:
        for name, [(state, _reason)] in self.desk.ends.items():
            assert state is not CommandState.DONE or name in self.wire
            assert state is not CommandState.EXPIRED or name not in self.wire

    def teardown(self) -> None:
        """In the end every order has its end, and the journal knows it."""
        self.book.look(self.now + timedelta(hours=1), up=True)
        self._keep_ends()
        assert set(self.desk.ends) == set(self.asked)
        for name, [(state, _reason)] in self.desk.ends.items():
            assert self.disk.execute(COMMAND_END, (name,)).fetchone()[0] == state
        self.never_two_ends()
        self.disk.close()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
