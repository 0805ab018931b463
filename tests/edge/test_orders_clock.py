"""A deadline means nothing to a clock that is known to be wrong: no order goes out by it."""

import json
from datetime import timedelta
from pathlib import Path

from edge.journal_rows import StoredCommand, Told
from edge.orders import Orders
from edge.watch import Watch
from tests.edge.places import CATALOG, START, inventory, reading
from tests.edge.test_clock_correction import hear
from tests.edge.test_hub import Stage, staged
from tests.waiting import until


def stored(name: str) -> StoredCommand:
    """An order that has ten minutes by the PMS's clock."""
    deadline = (START + timedelta(minutes=10)).isoformat()
    order = {"id": name, "room": "101", "device": "101_lock", "point": "lock", "value": "locked"}
    return StoredCommand(name, "accepted", json.dumps({**order, "deadline": deadline, "by": "anna"}).encode(), deadline)


def over(stage: Stage, folder: Path) -> tuple[Orders, Watch]:
    """As the edge wires them."""
    orders, watch = Orders(stage.hub, inventory("101"), CATALOG), Watch(stage.hub, folder, 1, lambda: None)
    orders.clock_is_wrong = lambda: watch.clock_is_wrong
    return orders, watch


async def test_no_order_goes_out_while_the_clock_is_behind_what_was_heard(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        hear(stage, 1, reading("101_contact", "door", "closed"))
        await until(lambda: stage.acknowledged == [1])
    async with staged(tmp_path) as stage:
        stage.clock.wall -= timedelta(hours=1)
        stage.clock.clock.resync()
        orders, watch = over(stage, tmp_path)
        await stage.journal.heard("pms", 1, Told(commands=[stored("early"), stored("later")]))
        orders.send(stored("early"))
        assert stage.field.commands == []
        stage.clock.wall += timedelta(hours=1)
        watch.look_at_clock()
        orders.send(stored("later"))
        assert [command.id for command in stage.field.commands] == ["later"]
        await until(lambda: not stage.hub._intake.anything())
        ends = [(result["id"], result["state"], result["reason"]) for result in await stage.said("command_result")]
        assert ends == [("early", "failed", "clock_wrong")]


async def test_no_order_goes_out_while_the_clocks_of_both_ends_differ(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        orders, watch = over(stage, tmp_path)
        watch.look_at_peer(3600.0)
        orders.send(stored("early"))
        assert stage.field.commands == []
        watch.look_at_peer(0.5)
        orders.send(stored("later"))
        assert [command.id for command in stage.field.commands] == ["later"]
