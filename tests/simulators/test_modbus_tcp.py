"""Units behind one socket, asked by an independent client."""

from collections.abc import AsyncIterator

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from simulators.hotel import SimulatedHotel
from simulators.modbus.unit import Fault, FaultKind
from tests.simulators.conftest import Maker, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (
    ("101_thermostat", "floor-1", "smarttemp_smt131", 1, "101"),
    ("102_thermostat", "floor-1", "smarttemp_smt131", 2, "102"),
    ("lobby", "floor-1", "siemens_rdf302", 9, "103"),
    ("104_air", "floor-1", "wirenboard_msw", 4, "104"),
)


@pytest.fixture
async def hotel(maker: Maker) -> AsyncIterator[SimulatedHotel]:
    async with opened(maker.hotel(*ROWS)) as open_hotel:
        yield open_hotel


@pytest.fixture
async def client(hotel: SimulatedHotel, maker: Maker) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=maker.modbus_port, timeout=0.3, retries=0)
    assert await client.connect()
    yield client
    client.close()


async def holding(client: AsyncModbusTcpClient, address: int, count: int, unit: int = 1) -> list[int]:
    """Words that were read."""
    answer = await client.read_holding_registers(address, count=count, device_id=unit)
    assert not answer.isError(), answer
    return list(answer.registers)


async def test_a_thermostat_says_who_it_is_and_what_it_holds(client: AsyncModbusTcpClient) -> None:
    assert await holding(client, 0, 1) == [131]
    assert await holding(client, 5, 4) == [0, 4, 3, 220]
    assert await holding(client, 32, 1) == [210]


async def test_what_is_not_in_the_map_is_refused(client: AsyncModbusTcpClient) -> None:
    unknown = await client.read_holding_registers(10, count=1, device_id=1)
    across = await client.read_holding_registers(8, count=4, device_id=1)
    input_table = await client.read_input_registers(0, count=1, device_id=1)
    nobody = await client.read_holding_registers(0, count=1, device_id=77)
    assert [answer.exception_code for answer in (unknown, across, input_table, nobody)] == [2, 2, 2, 11]


async def test_setpoint_is_written_in_half_degrees_and_refused_outside(
    client: AsyncModbusTcpClient, hotel: SimulatedHotel
) -> None:
    await client.write_register(8, 197, device_id=1)
    assert await holding(client, 8, 1) == [195]
    assert hotel.devices["101_thermostat"].state.values["setpoint"] == 19.5
    assert (await client.write_register(8, 900, device_id=1)).exception_code == 3
    await client.write_registers(5, [2, 1], device_id=2)
    assert hotel.rooms["102"].value("request") == "dnd"
    assert hotel.devices["102_thermostat"].state.values["mode"] == "vent"
    assert hotel.rooms["101"].value("request") == "none"


async def test_occupancy_can_be_forced_to_empty_only(client: AsyncModbusTcpClient, hotel: SimulatedHotel) -> None:
    hotel.rooms["101"].arrives("Anna Berger")
    assert await holding(client, 3, 1) == [1]
    assert (await client.write_register(3, 1, device_id=1)).exception_code == 3
    await client.write_register(3, 0, device_id=1)
    assert await holding(client, 3, 1) == [0]


async def test_temperatures_of_the_siemens_are_fiftieths(client: AsyncModbusTcpClient) -> None:
    answer = await client.read_input_registers(1000, count=6, device_id=9)
    assert answer.registers[2:4] == [1050, 1100]


async def test_motion_between_two_polls_is_kept_until_it_is_read(
    client: AsyncModbusTcpClient, hotel: SimulatedHotel
) -> None:
    device = hotel.devices["104_air"]
    device.sense("motion", value=True)
    device.sense("motion", value=False)
    now = await client.read_input_registers(283, count=1, device_id=4)
    first = await client.read_input_registers(280, count=1, device_id=4)
    second = await client.read_input_registers(280, count=1, device_id=4)
    assert [now.registers[0], first.registers[0], second.registers[0]] == [12, 420, 12]


async def test_a_dead_unit_and_its_neighbour(client: AsyncModbusTcpClient, hotel: SimulatedHotel) -> None:
    hotel.fault("101_thermostat", Fault(FaultKind.DEAD))
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=1)
    assert await holding(client, 0, 1, unit=2) == [131]
    hotel.fault("101_thermostat", Fault())
    assert await holding(client, 0, 1) == [131]
    hotel.devices["101_thermostat"].die()
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=1)


async def test_exceptions_and_lies(client: AsyncModbusTcpClient, hotel: SimulatedHotel) -> None:
    hotel.fault("101_thermostat", Fault(FaultKind.EXCEPTION, code=6))
    assert (await client.read_holding_registers(0, count=1, device_id=1)).exception_code == 6
    hotel.fault("101_thermostat", Fault(FaultKind.LYING))
    lies = await holding(client, 0, 4)
    assert len(lies) == 4
    assert lies[0] != 131


async def test_a_slow_unit_holds_the_bus_up(client: AsyncModbusTcpClient, hotel: SimulatedHotel) -> None:
    hotel.fault("101_thermostat", Fault(FaultKind.SLOW, seconds=0.4))
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=1)
    assert await holding(client, 0, 1, unit=2) == [131]


async def test_the_socket_is_cut_and_restored(
    client: AsyncModbusTcpClient, hotel: SimulatedHotel, maker: Maker
) -> None:
    assert await holding(client, 0, 1) == [131]
    await hotel.cut("floor-1")
    await until(lambda: not client.connected)
    assert not hotel.connected
    await hotel.restore("floor-1")
    again = AsyncModbusTcpClient("127.0.0.1", port=maker.modbus_port, timeout=0.5, retries=0)
    assert await again.connect()
    assert await holding(again, 0, 1) == [131]
    again.close()
