"""The shape of `devices.toml`, checked when it is loaded and published as a JSON schema."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from devices.profile_tables import Table

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="letters, digits, _ . -")]
Port = Annotated[int, Field(ge=1, le=65_535)]
Text = Annotated[str, Field(min_length=1, max_length=255)]
Seconds = Annotated[float, Field(gt=0, le=3_600)]


class MqttLine(Table):
    """A session with an MQTT broker."""

    id: Identifier
    kind: Literal["mqtt"]
    host: Text | None = Field(None, description="absent: the service's own broker")
    port: Port | None = Field(None, description="absent: 1883, with tls 8883")
    username: Text | None = None
    password_file: Text | None = Field(None, description="a file that holds the password alone")
    password_env: Text | None = Field(None, description="the environment variable that holds the password")
    client_id: Text | None = Field(
        None, description="fixed, so that the broker keeps messages while the service restarts"
    )
    tls: bool = False
    ca_file: Text | None = None


class ModbusTcpLine(Table):
    """A Modbus TCP server or gateway with its units behind it."""

    id: Identifier
    kind: Literal["modbus_tcp"]
    host: Text
    port: Port = 502
    timeout_s: Seconds = 0.5
    poll_s: Seconds | None = Field(None, description="absent: as the profiles say")


class ModbusRtuLine(Table):
    """A serial Modbus bus."""

    id: Identifier
    kind: Literal["modbus_rtu"]
    path: Text = Field(description="relative to DATA, or a device such as /dev/ttyUSB0")
    baud: Annotated[int, Field(ge=300, le=1_000_000)] = 9_600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout_s: Seconds = 0.5
    quiet_s: Seconds = Field(
        1.0, description="silence after a time-out and at the start: a late answer is else taken for the next one's"
    )
    poll_s: Seconds | None = Field(None, description="absent: as the profiles say")


class SerialLine(Table):
    """A serial port with one device that has a protocol of its own, such as a card encoder."""

    id: Identifier
    kind: Literal["serial"]
    path: Text = Field(description="relative to DATA, or a device such as /dev/ttyUSB0")
    baud: Annotated[int, Field(ge=300, le=1_000_000)] = 115_200
    timeout_s: Seconds = 1.0


class TcpLine(Table):
    """A TCP connection with a protocol of its own, such as a lock vendor's server."""

    id: Identifier
    kind: Literal["tcp"]
    host: Text
    port: Port
    timeout_s: Seconds = 5.0


LineTable = Annotated[
    MqttLine | ModbusTcpLine | ModbusRtuLine | SerialLine | TcpLine,
    Field(discriminator="kind"),
]
LINE_ADAPTER: TypeAdapter[MqttLine | ModbusTcpLine | ModbusRtuLine | SerialLine | TcpLine] = TypeAdapter(LineTable)


class DeviceTable(Table):
    """A device: on which line, of which profile, at which address, in which room."""

    id: Identifier
    line: Identifier
    profile: Text
    address: Annotated[str, Field(max_length=1_000)] | int = Field(
        "", description="MQTT topic, Modbus unit number; may be absent where a line has one device"
    )
    room: Text | None = Field(None, description="absent: a corridor, a floor, a spare")
    sees: Literal["room", "entry"] = Field(
        "room", description="entry: a motion sensor that sees the way in only; its silence says nothing of the bed"
    )


class InventoryTable(Table):
    """`devices.toml`."""

    line: list[LineTable] = Field(default_factory=list)
    device: list[DeviceTable] = Field(default_factory=list)


def inventory_schema() -> dict[str, Any]:
    """The JSON schema of `devices.toml`."""
    return InventoryTable.model_json_schema()
