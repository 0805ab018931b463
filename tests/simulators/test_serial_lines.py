"""Units on a serial bus and the silent port of the desk, opened through the pseudo-terminals' links."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import serial
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from simulators.hotel import SimulatedHotel
from simulators.modbus.bus import crc16
from simulators.modbus.unit import Fault, FaultKind, ModbusUnit
from simulators.terminal import PseudoTerminal
from tests.simulators.conftest import Maker, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

ROWS = (
    ("301_thermostat", "bus", "beca_bac_002aln", 1, "301"),
    ("302_thermostat", "bus", "beca_bac_002aln", 2, "302"),
    ("meter", "bus", "eastron_sdm120", 120, "301"),
)


@pytest.fixture
async def hotel(maker: Maker) -> AsyncIterator[SimulatedHotel]:
    async with opened(maker.hotel(*ROWS)) as open_hotel:
        yield open_hotel


@pytest.fixture
async def client(hotel: SimulatedHotel, maker: Maker) -> AsyncIterator[AsyncModbusSerialClient]:
    client = AsyncModbusSerialClient(str(maker.folder / "bus.tty"), baudrate=9600, timeout=0.4, retries=0)
    assert await client.connect()
    yield client
    client.close()


def test_checksum() -> None:
    assert crc16(bytes.fromhex("010300000002")) == 0x0BC4


async def test_two_thermostats_and_a_meter_share_the_bus(
    client: AsyncModbusSerialClient, hotel: SimulatedHotel
) -> None:
    await client.write_register(3, 185, device_id=2)
    first = await client.read_holding_registers(0, count=11, device_id=1)
    second = await client.read_holding_registers(0, count=11, device_id=2)
    meter = await client.read_input_registers(0, count=2, device_id=120)
    energy = await client.read_input_registers(342, count=2, device_id=120)
    assert (first.registers[3], second.registers[3]) == (220, 185)
    assert first.registers[8] == 210
    assert client.convert_from_registers(meter.registers, client.DATATYPE.FLOAT32) == pytest.approx(230.1)
    assert client.convert_from_registers(energy.registers, client.DATATYPE.FLOAT32) == pytest.approx(12.0, abs=0.1)
    assert hotel.devices["302_thermostat"].state.values["setpoint"] == 18.5


async def test_nobody_answers_for_an_absent_or_dead_unit(
    client: AsyncModbusSerialClient, hotel: SimulatedHotel
) -> None:
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=33)
    hotel.fault("301_thermostat", Fault(FaultKind.DEAD))
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=1)
    assert (await client.read_holding_registers(3, count=1, device_id=2)).registers == [220]


async def test_a_damaged_answer_is_not_an_answer(client: AsyncModbusSerialClient, hotel: SimulatedHotel) -> None:
    hotel.fault("301_thermostat", Fault(FaultKind.GARBLED))
    with pytest.raises(ModbusIOException):
        await client.read_holding_registers(0, count=1, device_id=1)


async def test_a_late_answer_arrives_in_the_next_ones_time(hotel: SimulatedHotel, maker: Maker) -> None:
    hotel.fault("301_thermostat", Fault(FaultKind.LATE, seconds=0.2))
    heard = bytearray()

    def both() -> bool:
        heard.extend(port.read(64))
        return len(heard) == 14

    with serial.Serial(str(maker.folder / "bus.tty"), 9600, timeout=0) as port:
        for unit in (1, 2):
            request = bytes([unit, 3, 0, 3, 0, 1])
            asked = hotel.units[f"30{unit}_thermostat"]
            port.write(request + crc16(request).to_bytes(2, "little"))
            await until(partial(was_asked, asked))
        await until(both)
    assert (heard[0], heard[7]) == (2, 1)


def was_asked(unit: ModbusUnit) -> bool:
    """Has it had a request?"""
    return unit.requests == 1


async def test_noise_is_forgotten(hotel: SimulatedHotel, maker: Maker) -> None:
    with serial.Serial(str(maker.folder / "bus.tty"), 9600, timeout=0) as port:
        port.write(b"\x01\x03garbage!")
        unit = hotel.units["301_thermostat"]
        request = bytes([1, 3, 0, 3, 0, 1])
        heard = bytearray()

        def answered() -> bool:
            port.write(request + crc16(request).to_bytes(2, "little"))
            heard.extend(port.read(64))
            return unit.requests > 0 and len(heard) >= 7

        await until(answered, every=0.1)
    assert heard[:5] == bytes([1, 3, 2, 0, 220])


async def test_an_unplugged_adapter_vanishes_and_returns(hotel: SimulatedHotel, maker: Maker) -> None:
    path = maker.folder / "bus.tty"
    await hotel.cut("bus")
    assert not path.is_symlink()
    await hotel.restore("bus")
    client = AsyncModbusSerialClient(str(path), baudrate=9600, timeout=0.4, retries=0)
    assert await client.connect()
    assert (await client.read_holding_registers(3, count=1, device_id=1)).registers == [220]
    client.close()


async def test_the_desks_port_is_there_and_silent(hotel: SimulatedHotel, maker: Maker) -> None:
    path = maker.folder / "ports" / "desk-1.tty"
    with serial.Serial(str(path), 115200, timeout=0) as port:
        port.write(b"\x55\x55\x00\x00\xff")
        assert port.read(1) == b""
    assert path.is_symlink()


async def test_a_real_port_is_never_replaced(maker: Maker) -> None:
    real = maker.folder / "ttyUSB0"
    real.write_text("real")
    with pytest.raises(FileExistsError, match="ttyUSB0"):
        PseudoTerminal(real).plug()
    assert real.read_text() == "real"


async def test_nothing_is_left_when_the_hotel_closes(maker: Maker) -> None:
    async with opened(maker.hotel(*ROWS)):
        assert (maker.folder / "bus.tty").is_symlink()
    assert not (maker.folder / "bus.tty").is_symlink()
    assert not (maker.folder / "ports" / "desk-1.tty").is_symlink()
