"""Orders to Modbus units: before the polls, once, not late, and with each step told."""

import asyncio
from datetime import timedelta

import pytest

from devices.model import Command, CommandState
from gateway.lines.modbus import ModbusLine, TooLateError
from simulators.modbus.unit import Fault, FaultKind
from tests.gateway.conftest import Field, FieldMaker, running
from tests.gateway.test_modbus_gateway import rtu, tcp
from tests.waiting import until

UNITS = 12


def line_of(field: Field, name: str) -> ModbusLine:
    line = field.gateway._lines[name]
    assert isinstance(line, ModbusLine)
    return line


async def test_an_order_goes_out_next_and_not_after_the_round(fields: FieldMaker) -> None:
    """Each unit takes its time, so that a round of the line never ends: polls alone keep it busy."""
    async with tcp(fields, UNITS) as field:
        names = [f"10{n}_thermostat" for n in range(1, UNITS + 1)]
        await until(lambda: all(field.taken.value(name, "temperature") is not None for name in names))
        for name in names:
            field.hotel.units[name].fault = Fault(FaultKind.SLOW, 0.03)
        line = line_of(field, "floor-1")
        field.taken.at_sending = lambda: line.requests
        busy = line.requests
        await until(lambda: line.requests > busy + UNITS)
        before = line.requests
        result = await field.result(names[-1], "setpoint", 19.0)
        assert result.state is CommandState.DONE
        assert field.taken.seen[-1] - before <= 1, "at most the request that was on its way came before it"


async def test_each_step_of_an_order_is_told(fields: FieldMaker) -> None:
    async with rtu(fields) as field:
        result = await field.result("301_thermostat", "setpoint", 18.5)
        assert result.state is CommandState.DONE
        assert field.taken.steps == [(result.id, "sending"), (result.id, "acknowledged")]


async def test_a_unit_that_does_not_answer_a_write_has_not_taken_it(fields: FieldMaker) -> None:
    async with tcp(fields, 1) as field:
        await until(lambda: field.taken.value("101_thermostat", "temperature") is not None)
        field.hotel.units["101_thermostat"].fault = Fault(FaultKind.DEAD)
        result = await field.result("101_thermostat", "setpoint", 18.5)
        assert (result.state, result.reason) == (CommandState.UNKNOWN, "timeout")
        assert field.taken.steps == [(result.id, "sending")]


async def test_of_two_orders_for_a_point_only_the_later_goes_out(fields: FieldMaker) -> None:
    async with tcp(fields) as field:
        await until(lambda: field.taken.value("102_thermostat", "temperature") is not None)
        for unit in ("101_thermostat", "102_thermostat"):
            field.hotel.units[unit].fault = Fault(FaultKind.SLOW, 0.05)
        deadline = field.clock.now() + timedelta(seconds=10)
        for name, value in (("first", 18.0), ("second", 19.0), ("third", 20.0)):
            field.gateway.submit(Command(name, "101_thermostat", "setpoint", value, deadline))
        await until(lambda: len(field.taken.results) == 3)
        ends = {one.id: (one.state, one.reason) for one in field.taken.results}
        assert ends["third"] == (CommandState.DONE, None)
        assert ends["first"] == ends["second"] == (CommandState.FAILED, "superseded")
        assert [name for name, step in field.taken.steps if step == "sending"] == ["third"]


async def test_an_order_is_not_sent_when_the_line_is_free_too_late(fields: FieldMaker) -> None:
    """The bus keeps quiet after a time-out; the deadline passes meanwhile."""
    async with rtu(fields) as field:
        await until(lambda: field.taken.value("302_thermostat", "temperature") is not None)
        line = line_of(field, "bus")
        written = field.hotel.devices["301_thermostat"].state.values["setpoint"]
        line._not_before = asyncio.get_running_loop().time() + 0.5
        result = await field.result("301_thermostat", "setpoint", 18.5, seconds=0.3)
        assert (result.state, result.reason) == (CommandState.EXPIRED, "deadline")
        assert field.hotel.devices["301_thermostat"].state.values["setpoint"] == written


async def test_the_line_itself_refuses_what_is_too_late(fields: FieldMaker) -> None:
    async with tcp(fields, 1) as field:
        with pytest.raises(TooLateError):
            await line_of(field, "floor-1").write(1, 6, 0, (1,), late=lambda: True)


async def test_what_the_edge_could_not_store_is_not_written(fields: FieldMaker) -> None:
    async with tcp(fields, 1) as field:
        field.taken.storing = False
        result = await field.result("101_thermostat", "setpoint", 18.5)
        assert (result.state, result.reason) == (CommandState.FAILED, "not_stored")
        assert field.hotel.devices["101_thermostat"].state.values["setpoint"] == 22.0


async def test_the_same_command_twice_is_written_once(fields: FieldMaker) -> None:
    field = fields.make(9, ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"))
    command = Command("c", "101_thermostat", "setpoint", 18.5, field.clock.now() + timedelta(seconds=10))
    field.gateway.submit(command)
    field.gateway.submit(command)
    async with field.hotel, running(field.gateway):
        await until(lambda: field.taken.results)
    assert [(one.id, one.state) for one in field.taken.results] == [("c", CommandState.DONE)]
    assert field.taken.steps.count(("c", "sending")) == 1
