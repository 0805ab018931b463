"""`innkeeper probe`: a live register over a real socket, and what is said when there is none."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from devices.catalog import Catalog
from devices.model import Device
from edge.cli_probe import answer, as_lines
from edge.commands import app
from simulators.bench.hotels import hotel_toml
from simulators.device import State
from simulators.modbus.bus import Bus, TcpLine
from simulators.modbus.models import unit_of
from simulators.modbus.unit import HOLDING, constant
from tests.servers import a_free_port

DEVICES = """[[line]]
id = "floor-1"
kind = "modbus_tcp"
host = "127.0.0.1"
port = {port}
timeout_s = 0.3

[[line]]
id = "bus"
kind = "modbus_rtu"
path = "bus.tty"

[[line]]
id = "field"
kind = "mqtt"
"""


class Shell:
    """The command over a configuration with one Modbus socket."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, a_free_port()
        (folder / "devices.toml").write_text(DEVICES.format(port=self.port))
        (folder / "hotel.toml").write_text(hotel_toml(["101"]))
        (folder / "service.toml").write_text("")

    async def __call__(self, *words: str) -> Result:
        where = ["--config", str(self.folder), "--data", str(self.folder)]
        return await asyncio.to_thread(CliRunner().invoke, app, ["probe", *words, *where])


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@contextlib.asynccontextmanager
async def thermostat(shell: Shell) -> AsyncIterator[None]:
    """A thermostat as unit 3; its setpoint of 22 degrees stands in 40009."""
    unit = unit_of(State.fresh(Device("t", "floor-1", "smarttemp_smt131", "3"), Catalog.load().get("smarttemp_smt131")))
    unit.tables[HOLDING] |= {9: constant(0x4366), 10: constant(0x3333)}
    line = TcpLine("127.0.0.1", shell.port, Bus(0.001, {3: unit}))
    await line.restore()
    try:
        yield
    finally:
        await line.cut()


async def test_a_register_is_read_and_its_readings_are_told(shell: Shell) -> None:
    async with thermostat(shell):
        result = await shell("floor-1", "3", "40009", "--base", "40001", "--expect", "22")
        assert result.exit_code == 0, result.output
        assert "uint16" in result.stdout
        assert "x 0.1 = 22" in result.stdout
        told = json.loads((await shell("floor-1", "3", "9", "--json")).stdout)
        assert told["words"][:2] == [0x4366, 0x3333]
        floats = [one for one in told["decodings"] if one["type"] == "float32" and one["order"] == "ABCD"]
        assert floats[0]["value"] == pytest.approx(230.2, abs=1e-4)


async def test_what_cannot_be_read_is_explained(shell: Shell) -> None:
    async with thermostat(shell):
        nowhere = await shell("floor-1", "3", "15")
        assert (nowhere.exit_code, "--base" in nowhere.stderr) == (1, True)
        nobody = await shell("floor-1", "9", "0")
        assert (nobody.exit_code, "gateway" in nobody.stderr) == (1, True)
    gone = await shell("floor-1", "3", "0")
    assert (gone.exit_code, "connect_refused" in gone.stderr) == (1, True)
    unplugged = await shell("bus", "3", "0")
    assert (unplugged.exit_code, "no such port" in unplugged.stderr) == (1, True)


async def test_wrong_words_are_wrong_input(shell: Shell) -> None:
    for words in (("field", "1", "0"), ("nothing", "1", "0"), ("floor-1", "1", "0", "--table", "drawer")):
        assert (await shell(*words)).exit_code == 2, words
    assert (await shell("floor-1", "1", "5", "--base", "40001")).exit_code == 2


def test_nothing_that_fits_is_said() -> None:
    assert "nothing here reads as 99" in as_lines([1], 99)
    assert answer([0x2150], None)["bits"] == "4 6 8 13"
    assert "as four decimal digits: 2150" in as_lines([0x2150], None)
    assert "as letters: EX31" in as_lines([0x4558, 0x3331], None)
