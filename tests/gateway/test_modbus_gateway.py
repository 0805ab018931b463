"""Modbus units through the whole gateway: polled, commanded, silent, late, strange."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from devices.model import Command, CommandState, LineState, Quality
from gateway.lines.modbus import ModbusLine
from simulators.modbus.unit import Cell, Fault, FaultKind
from tests.gateway.conftest import Field, FieldMaker, running
from tests.waiting import until

NO_BROKER = 9


@contextlib.asynccontextmanager
async def tcp(fields: FieldMaker, units: int = 2) -> AsyncIterator[Field]:
    rows = [(f"10{n}_thermostat", "floor-1", "smarttemp_smt131", n, f"10{n}") for n in range(1, units + 1)]
    field = fields.make(NO_BROKER, *rows)
    async with field.hotel, running(field.gateway):
        await until(lambda: field.line("floor-1") is LineState.UP)
        yield field


@contextlib.asynccontextmanager
async def rtu(fields: FieldMaker) -> AsyncIterator[Field]:
    rows = [(f"30{n}_thermostat", "bus", "beca_bac_002aln", n, f"30{n}") for n in (1, 2)]
    field = fields.make(NO_BROKER, *rows)
    async with field.hotel, running(field.gateway):
        await until(lambda: field.line("bus") is LineState.UP)
        yield field


async def test_units_behind_one_socket_are_read(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: field.taken.value("102_thermostat", "temperature") is not None)
        assert field.taken.value("101_thermostat", "setpoint") == 22.0
        assert ("101_thermostat", True, None) in field.taken.health


async def test_a_setpoint_is_written_and_read_back(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        result = await field.result("101_thermostat", "setpoint", 19.5)
        assert result.state is CommandState.DONE
        assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 19.5


async def test_an_order_that_no_register_takes_fails_with_its_reason(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        assert (await field.result("101_thermostat", "temperature", 30.0)).reason == "read_only"
        assert (await field.result("101_thermostat", "setpoint", 900.0)).state is CommandState.FAILED
        assert (await field.result("nobody", "setpoint", 20.0)).reason == "unknown_device"


async def test_an_order_past_its_deadline_is_never_sent(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        assert (await field.result("101_thermostat", "setpoint", 17.0, seconds=-1)).state is CommandState.EXPIRED
        assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 22.0


async def test_a_dead_unit_is_told_once_and_its_neighbour_goes_on(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: field.taken.value("101_thermostat", "temperature") is not None)
        field.hotel.fault("101_thermostat", Fault(FaultKind.DEAD))
        await until(lambda: ("101_thermostat", False, None) in field.taken.health)
        before = len(field.taken.readings("102_thermostat", "temperature"))
        await until(lambda: len(field.taken.readings("102_thermostat", "temperature")) > before + 5)
        assert field.taken.health.count(("101_thermostat", False, None)) == 1
        field.hotel.fault("101_thermostat", Fault())
        await until(lambda: field.taken.health[-1] == ("101_thermostat", True, None), timeout=15)


async def test_a_unit_of_another_model_is_not_believed(fields: FieldMaker) -> None:
    async with tcp(fields, units=1) as field:
        field.hotel.fault("101_thermostat", Fault(FaultKind.LYING))
        await until(lambda: field.taken.messages)
        await field.hotel.cut("floor-1")
        await until(lambda: field.line("floor-1") is LineState.DOWN)
        field.taken.messages.clear()
        await field.hotel.restore("floor-1")
        await until(lambda: "wrong_identity" in field.taken.reasons())
        assert not field.taken.readings("101_thermostat", "temperature")


async def test_exceptions_are_counted_by_device_and_reason(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: field.taken.value("101_thermostat", "temperature") is not None)
        field.hotel.fault("101_thermostat", Fault(FaultKind.EXCEPTION, code=4))
        await until(lambda: "exception_4" in field.taken.reasons())
        figures = {one.device: one for one in field.gateway.status().devices}
        assert figures["101_thermostat"].rejected >= 1
        assert figures["102_thermostat"].rejected == 0


async def test_a_unit_that_answers_with_exceptions_is_there(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: ("101_thermostat", True, None) in field.taken.health)
        field.hotel.fault("101_thermostat", Fault(FaultKind.EXCEPTION, code=6))
        await until(lambda: field.gateway.status().rejected.get("exception_6", 0) >= 6)
        assert ("101_thermostat", False, None) not in field.taken.health
        field.hotel.fault("101_thermostat", Fault())
        before = len(field.taken.readings("101_thermostat", "temperature"))
        await until(lambda: len(field.taken.readings("101_thermostat", "temperature")) > before)


def discard(_value: object) -> None:
    """What a register's writer returns is of no interest."""


SETPOINT = 8
WEARS: dict[str, Any] = {"name": "eeprom", "value": True}
HOLDING = 3


@contextlib.asynccontextmanager
async def written_through(
    fields: FieldMaker, write: Callable[[int, Callable[[int], None]], object]
) -> AsyncIterator[Field]:
    """A thermostat whose setpoint register hands each write, and how to do it, to `write`."""
    field = fields.make(NO_BROKER, ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"))
    async with field.hotel:
        table = field.hotel.units["101_thermostat"].tables[HOLDING]
        cell = table[SETPOINT]
        assert cell.write
        do = cell.write
        table[SETPOINT] = Cell(cell.read, lambda value: discard(write(value, do)))
        async with running(field.gateway):
            await until(lambda: field.taken.value("101_thermostat", "setpoint") is not None)
            yield field


async def test_a_register_that_wears_is_written_only_when_it_differs(
    fields: FieldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fields.catalog.get("smarttemp_smt131").points["setpoint"].wire, **WEARS)
    writes: list[int] = []

    def write(value: int, do: Callable[[int], None]) -> None:
        writes.append(value)
        do(value)

    async with written_through(fields, write) as field:
        for value, written in ((22.0, []), (21.0, [210]), (21.0, [210])):
            assert (await field.result("101_thermostat", "setpoint", value)).state is CommandState.DONE
            assert writes == written


async def test_a_unit_may_take_a_value_a_moment_after_its_answer(fields: FieldMaker) -> None:
    def later(value: int, do: Callable[[int], None]) -> None:
        asyncio.get_running_loop().call_later(0.05, do, value)

    async with written_through(fields, later) as field:
        assert (await field.result("101_thermostat", "setpoint", 21.0)).state is CommandState.DONE


async def test_a_unit_that_keeps_its_value_is_a_failure(fields: FieldMaker) -> None:
    async with written_through(fields, lambda _value, _do: None) as field:
        result = await field.result("101_thermostat", "setpoint", 21.0)
        assert (result.state, result.reason) == (CommandState.FAILED, "not_verified")


async def test_registers_that_a_unit_refuses_are_bad_and_the_others_are_read(fields: FieldMaker) -> None:
    """The simulated air sensor refuses an address inside the block: halving finds it."""
    field = fields.make(NO_BROKER, ("104_air", "floor-1", "wirenboard_msw", 4, "104"))
    async with field.hotel:
        co2 = field.catalog.get("wirenboard_msw").points["co2"].wire["address"]
        del field.hotel.units["104_air"].tables[4][co2]
        async with running(field.gateway):
            await until(lambda: field.taken.readings("104_air", "co2"))
            await until(lambda: field.taken.value("104_air", "temperature") is not None)
        assert field.taken.readings("104_air", "co2")[-1].quality is Quality.BAD
        assert "exception_2" in field.taken.reasons()


async def test_a_cut_line_is_the_cause_for_its_devices_and_orders_wait_for_it(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: field.taken.value("102_thermostat", "temperature") is not None)
        await field.hotel.cut("floor-1")
        await until(lambda: field.line("floor-1") is LineState.DOWN)
        assert {told for told in field.taken.health if told[2]} == {
            ("101_thermostat", False, "floor-1"),
            ("102_thermostat", False, "floor-1"),
        }
        waiting = asyncio.create_task(field.result("101_thermostat", "setpoint", 18.0, seconds=30))
        await until(lambda: field.gateway.status().waiting_commands == 1)
        await field.hotel.restore("floor-1")
        assert (await waiting).state is CommandState.DONE


async def test_an_order_to_a_cut_line_expires(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await field.hotel.cut("floor-1")
        await until(lambda: field.line("floor-1") is LineState.DOWN)
        result = await field.result("101_thermostat", "setpoint", 18.0, seconds=0.3)
        assert (result.state, result.reason) == (CommandState.EXPIRED, "line_down")


async def test_units_on_a_serial_bus_are_read_and_written(fields: FieldMaker) -> None:
    async with rtu(fields) as field:
        await until(lambda: field.taken.value("302_thermostat", "temperature") is not None)
        assert (await field.result("301_thermostat", "setpoint", 18.5)).state is CommandState.DONE
        assert field.taken.value("302_thermostat", "setpoint") == 22.0


async def test_a_late_answer_is_never_taken_for_the_next_ones(fields: FieldMaker) -> None:
    """Unit 1 answers after the time-out: what it holds must never appear as what unit 2 holds."""
    async with rtu(fields) as field:
        await until(lambda: field.taken.value("302_thermostat", "temperature") is not None)
        field.hotel.devices["301_thermostat"].state.values["setpoint"] = 30.0
        await until(lambda: field.taken.value("301_thermostat", "setpoint") == 30.0)
        field.hotel.fault("301_thermostat", Fault(FaultKind.LATE, seconds=0.3))
        line = field.gateway._lines["bus"]
        assert isinstance(line, ModbusLine)
        await until(lambda: line.dropped > 0)
        await until(lambda: ("301_thermostat", False, None) in field.taken.health, timeout=20)
        assert {reading.value for reading in field.taken.readings("302_thermostat", "setpoint")} == {22.0}
        field.hotel.fault("301_thermostat", Fault())


async def test_garbled_answers_change_nothing(fields: FieldMaker) -> None:
    async with rtu(fields) as field:
        await until(lambda: field.taken.value("301_thermostat", "temperature") is not None)
        field.hotel.fault("301_thermostat", Fault(FaultKind.GARBLED))
        await until(lambda: field.taken.reasons() & {"timeout", "bad_frame"})
        assert {reading.value for reading in field.taken.readings("301_thermostat", "setpoint")} == {22.0}


async def test_a_port_that_is_not_there_stops_nothing(fields: FieldMaker) -> None:
    rows = (("301_thermostat", "bus", "beca_bac_002aln", 1, "301"),)
    field = fields.make(NO_BROKER, *rows, ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"))
    async with field.hotel:
        await field.hotel.cut("bus")
        async with running(field.gateway):
            await until(lambda: field.taken.value("101_thermostat", "temperature") is not None)
            status = next(one for one in field.gateway.status().lines if one.line == "bus")
            assert (status.state, status.cause) == (LineState.DOWN, "no_such_port")
            await field.hotel.restore("bus")
            await until(lambda: field.taken.value("301_thermostat", "temperature") is not None)


async def test_only_the_register_that_is_not_there_is_bad(fields: FieldMaker) -> None:
    """The setpoint sits in the middle of a block of six: after a few questions the other five come in two."""
    async with tcp(fields, units=1) as field:
        await until(lambda: field.taken.value("101_thermostat", "request") is not None)
        del field.hotel.units["101_thermostat"].tables[HOLDING][SETPOINT]
        await until(lambda: field.taken.readings("101_thermostat", "setpoint")[-1].quality is Quality.BAD)
        told = len(field.taken.readings("101_thermostat", "fan"))
        await until(lambda: len(field.taken.readings("101_thermostat", "fan")) > told + 3)
        assert len([one for one in field.taken.readings("101_thermostat", "setpoint") if one.value is None]) == 1
        assert {one.quality for one in field.taken.readings("101_thermostat", "fan")} == {Quality.GOOD}


async def test_an_order_never_goes_to_a_unit_of_another_model(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"))
    async with field.hotel:
        field.hotel.units["101_thermostat"].tables[HOLDING][0] = Cell(lambda: 77)
        async with running(field.gateway):
            await until(lambda: "wrong_identity" in field.taken.reasons())
            result = await field.result("101_thermostat", "setpoint", 18.0)
            assert (result.state, result.reason) == (CommandState.FAILED, "wrong_identity")
            assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 22.0


@contextlib.asynccontextmanager
async def wearing(fields: FieldMaker, monkeypatch: pytest.MonkeyPatch, seconds: float) -> AsyncIterator[Field]:
    """A thermostat whose setpoint is kept in a memory that wears, and was just written."""
    wire = fields.catalog.get("smarttemp_smt131").points["setpoint"].wire
    monkeypatch.setitem(wire, "eeprom", True)  # noqa: FBT003 a value
    monkeypatch.setitem(wire, "eeprom_s", seconds)
    async with tcp(fields, units=1) as field:
        assert (await field.result("101_thermostat", "setpoint", 21.0)).state is CommandState.DONE
        yield field


async def test_a_register_that_wears_is_not_written_too_often(
    fields: FieldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wearing(fields, monkeypatch, 60) as field:
        result = await field.result("101_thermostat", "setpoint", 20.0)
        assert (result.state, result.reason) == (CommandState.FAILED, "too_soon")
        assert (await field.result("101_thermostat", "setpoint", 21.0)).state is CommandState.DONE, "nothing to write"
        assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 21.0


async def test_an_order_for_a_register_that_wears_waits_and_gives_way_to_a_later_one(
    fields: FieldMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wearing(fields, monkeypatch, 1.0) as field:
        early = asyncio.create_task(field.result("101_thermostat", "setpoint", 20.0))
        await until(lambda: field.gateway.status().waiting_commands == 1)
        deadline = field.clock.now() + timedelta(seconds=5)
        field.gateway.submit(Command("later", "101_thermostat", "setpoint", 19.0, deadline))
        assert (await early).reason == "superseded"
        await until(lambda: any(one.id == "later" for one in field.taken.results))
        assert field.taken.results[-1].state is CommandState.DONE
        assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 19.0


async def test_a_door_that_opened_between_two_polls_is_told(fields: FieldMaker) -> None:
    field = fields.make(NO_BROKER, ("101_contacts", "floor-1", "wirenboard_m1w2_di", 5, "101"))
    async with field.hotel, running(field.gateway):
        await until(lambda: field.taken.value("101_contacts", "door") is not None)
        before = field.taken.value("101_contacts", "door")
        device = field.hotel.devices["101_contacts"]
        other = "open" if before == "closed" else "closed"
        device.sense("door", other)
        device.sense("door", before)
        await until(lambda: other in [one.value for one in field.taken.readings("101_contacts", "door")])
        assert field.taken.value("101_contacts", "door") == before


async def test_every_point_is_read_by_its_own_deadline(fields: FieldMaker) -> None:
    """A request comes as often as the line says; what the installer set once in ten minutes."""
    async with tcp(fields, units=1) as field:
        await until(lambda: len(field.taken.readings("101_thermostat", "request")) > 5)
        assert len(field.taken.readings("101_thermostat", "backlight")) <= 1


async def test_one_slow_unit_starves_nobody(fields: FieldMaker) -> None:
    async with tcp(fields, units=4) as field:
        await until(lambda: field.taken.value("104_thermostat", "temperature") is not None)
        field.hotel.fault("101_thermostat", Fault(FaultKind.SLOW, seconds=0.15))
        begin = len(field.taken.readings("102_thermostat", "request"))
        slow = len(field.taken.readings("101_thermostat", "request"))
        await until(lambda: len(field.taken.readings("102_thermostat", "request")) > begin + 12)
        assert len(field.taken.readings("101_thermostat", "request")) > slow, "and is not forgotten"
