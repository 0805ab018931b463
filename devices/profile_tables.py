"""The shape of a profile file (`devices/profiles/**/*.toml`), checked when it is loaded."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.model import CredentialClass, Power

Number = float | int
ClassName = Annotated[CredentialClass, Field(strict=False)]
UserRange = Annotated[list[int], Field(min_length=2, max_length=2)]  # first and last
ByteOrder = Literal["big", "little"]  # inside a register
WordOrder = Literal["big", "little", "pairs"]  # of the registers; pairs: exchanged within each 32 bits
RegisterType = Literal["bool", "uint16", "int16", "uint32", "int32", "float32", "uint64", "int64", "float64"]
WireName = Annotated[str, Field(min_length=1, max_length=120)]


class Table(BaseModel):
    """A table in which an unknown key is an error and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class JsonCommand(Table):
    """How a point is written over MQTT.

    zigbee2mqtt: `path` is the property in `<address>/set`. tasmota: the command after `cmnd/<topic>/`. shelly: the RPC
    method, `argument` its parameter (dotted when it is inside another). mapped, esphome, shelly_gen1: `topic` after the
    address (empty: as the dialect has it), `template` with `{value}` in it. homie: nothing but the values.
    """

    path: str = ""
    topic: str = ""
    argument: str = ""
    component: int = 0
    template: str = "{value}"
    also: dict[str, Any] = {}  # shelly: parameters that are always sent along
    values: dict[str, str | bool | Number] | None = None  # ours -> theirs, where `values` reversed is not right


class JsonWire(Table):
    """Where a point is in a JSON payload: dotted `path` (`*`: whichever object is there; empty: the whole payload)."""

    path: str
    fallback: str = ""  # another path, read when the first is absent or null
    topic: str = (
        ""  # what follows the device's address; esphome, homie, shelly_gen1: a pattern (devices/mqtt/patterns.py)
    )
    format: Literal["json", "text"] = "json"  # of a value that has a topic for itself
    values: dict[str, str | bool | Number] | None = None  # theirs (true, false, ON, 2 ...) -> ours
    scale: Number = 1
    offset: Number = 0
    hold_s: Number | None = None  # how long the device keeps saying true after the last motion: its end is a timer
    command: JsonCommand | None = None


class RegisterWire(Table):
    """Where a point is in a Modbus unit. `register` is as printed in the map; the profile's `base` is subtracted."""

    register_: Annotated[int, Field(alias="register", ge=0, le=465_536)]
    table: Literal["holding", "input", "coil", "discrete"] = "holding"
    type: RegisterType = "uint16"
    byte_order: ByteOrder | None = None
    word_order: WordOrder | None = None
    scale: Number = 1
    offset: Number = 0
    bit: Annotated[int, Field(ge=0, le=15)] | None = None
    mask: Annotated[int, Field(ge=1, le=0xFFFF)] | None = None
    values: dict[str, str | bool | Number] | None = None
    write_values: dict[str, int] | None = None
    not_available: list[int] = []
    threshold: Number | None = None  # a boolean point from a level: true at or above
    step: Number | None = None  # what the device rounds a written value to
    write_function: Literal[5, 6, 15, 16] | None = None
    write_enable: Annotated[int, Field(ge=0, le=15)] | None = None  # the bit that a written part of a register needs
    eeprom: bool = False  # write on change only, and seldom: each write wears the memory
    eeprom_s: Annotated[Number, Field(gt=0)] = 60  # the least time between two writes
    counted_by: str = ""  # the point that counts this contact's edges: it may open and close between two reads
    poll_s: Annotated[Number, Field(gt=0)] | None = None  # absent: by the class of the point (devices/modbus/pace.py)
    hold_s: Number | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.table in ("coil", "discrete") and self.type != "bool":
            raise ValueError("a coil or discrete input has the type bool")
        if (self.bit is not None or self.mask is not None) and self.type != "uint16":
            raise ValueError("bit and mask need the type uint16")
        if self.write_enable is not None and not self._leaves(1 << self.write_enable):
            raise ValueError("write_enable needs a bit or a mask beside it")
        return self

    def _leaves(self, place: int) -> bool:
        part = self.mask or (0 if self.bit is None else 1 << self.bit)
        return bool(part) and not part & place


class Identity(Table):
    """A register whose value tells that the unit is of this model."""

    register_: Annotated[int, Field(alias="register", ge=0, le=465_536)]
    value: int
    table: Literal["holding", "input"] = "holding"


class ModbusSettings(Table):
    """What holds for all registers of a unit."""

    base: int = 0  # 0: wire addresses; 1: numbered from 1; 40001: printed as 4xxxx
    byte_order: ByteOrder = "big"
    word_order: WordOrder = "big"
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_bits: Annotated[int, Field(ge=1, le=2000)] = 2000
    max_gap: Annotated[int, Field(ge=0, le=120)] = 8  # unused words read along rather than asking twice
    poll_s: Annotated[float, Field(gt=0)] = 5.0
    identity: Identity | None = None


class MqttSettings(Table):
    """What holds for all messages of a device; the lock keys are explained in `devices/locks/access.py`."""

    users: dict[ClassName, UserRange] = {}  # whose a user number of the lock is
    actions: dict[str, str] = {}  # the device's action -> sos, tamper, forced, egress, button, none
    event: str = ""  # where events are (a topic; tasmota: a path, shelly: an input); words not in `actions` are buttons
    event_path: str = ""  # where the word is in its JSON; empty: the payload is the word
    event_count: str = ""  # where a counter is: the same count again is the same event again
    identity: str = ""  # mapped, tasmota: what names the node, where several share a topic (address TOPIC#NODE)
    time_path: str = ""  # mapped: where the device's own time is
    time_format: Literal["unix", "unix_ms", "iso"] = "unix"


class PointTable(Table):
    """One point of a profile."""

    wire: dict[str, Any]
    kind: Literal["number", "boolean", "choice"] | None = None  # only for a point that devices/points.py does not know
    unit: str | None = None
    freshness_s: Annotated[Number, Field(gt=0)] | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    writable: bool = False


class ProfileTable(Table):
    """One profile file."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)?$")]
    dialect: WireName
    label: WireName
    source: str = ""  # where the facts come from, and how sure they are
    power: Annotated[Power, Field(strict=False)] = Power.MAINS
    offline_after_s: Annotated[Number, Field(gt=0)] | None = None
    battery_critical: Annotated[Number, Field(ge=0, le=100)] | None = None
    points: dict[WireName, PointTable] = {}
    wire: dict[str, Any] = {}
