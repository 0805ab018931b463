"""Innkeeper with one promise broken on purpose: what a proof has to find. `python -m tests.journeys.broken_builds ...`.

Which promise is in the environment. Of the tests alone: the product has no such switch.
"""

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import edge.journal
from devices.model import Decoded
from devices.mqtt.router import MqttRouter
from edge import cli
from edge.hub import Hub
from edge.intake import Recent
from edge.journal_file import open_journal
from edge.orders import Orders
from gateway.lines.modbus import ModbusLine
from gateway.ports import LineMessage, nothing_to_acknowledge

VARIABLE = "INNKEEPER_BROKEN"
"""Names of what is broken, with spaces between."""


def change(owner: object, name: str, value: object) -> None:
    """Put something else in the place of a part of the product."""
    setattr(owner, name, value)


def acknowledge_first() -> None:
    """The broker hears that a message is safe before it is on disk."""
    take = Hub.take

    def taken(hub: Hub, message: LineMessage) -> None:
        message.acknowledge()
        take(hub, message._replace(acknowledge=nothing_to_acknowledge))

    change(Hub, "take", taken)


def forget_duplicates() -> None:
    """What the broker sends again after a crash is news."""
    change(Recent, "seen", lambda _recent, _message: False)


def answer_to_anything() -> None:
    """A late answer on a serial bus is taken for the next question's."""

    async def at_once(_line: ModbusLine) -> None:
        return

    change(ModbusLine, "_keep_quiet", at_once)
    change(ModbusLine, "_passing", lambda _line, _sending, data: data)


def synchronous_normal() -> None:
    """SQLite does not wait for the disk."""

    def opened(path: Path) -> sqlite3.Connection:
        connection = open_journal(path)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    change(edge.journal, "open_journal", opened)


def retained_is_news() -> None:
    """What the broker kept is taken for what happens now."""
    decode = MqttRouter.decode

    def decoded(router: MqttRouter, topic: str, payload: bytes, at: datetime, number: int, retained: bool) -> Decoded:
        return decode(router, topic, payload, at, number, retained=False)

    change(MqttRouter, "decode", decoded)


def send_again() -> None:
    """After a start every order without a result goes out once more."""

    def recover(orders: Orders) -> None:
        for stored in orders._journal.loaded.unfinished:
            orders.send(stored)

    change(Orders, "recover", recover)


BUILDS: dict[str, Callable[[], None]] = {
    build.__name__: build
    for build in (
        *(acknowledge_first, forget_duplicates, answer_to_anything, synchronous_normal, retained_is_news),
        send_again,
    )
}

if __name__ == "__main__":
    for broken in os.environ[VARIABLE].split():
        BUILDS[broken]()
    cli.main()
