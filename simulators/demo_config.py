"""The configuration of the demo: a hotel of any size with every kind of device, written as the three files."""

from dataclasses import dataclass
from pathlib import Path

ROOMS_A_FLOOR = 40
"""At most so many rooms on a floor; a small hotel has three floors."""

DESKS = ("desk-1", "desk-2")
"""The front desk's card encoders, each at the end of a line of the same name."""

TYPES = (
    ("STD", "Standard double", 2),
    ("DLX", "Deluxe double", 2),
    ("STE", "Suite", 4),
    ("ACC", "Accessible double", 2),
)

HOTEL = """\
# The demo's house. Made by simulators/demo_config.py.

[property]
id = "demo"
name = "Grand Innkeeper"
time_zone = "Europe/Berlin"
language = "en"
currency = "EUR"

[keys]
deadline_seconds = 300           # hotel time flies in a demo, and who tries it has to find the card first
"""

SERVICE = """\
# The demo's service. Made by simulators/demo_config.py; every key is explained in config/example/service.toml.

[http]
host = "127.0.0.1"
port = {http_port}

[broker]
mode = "auto"
host = "127.0.0.1"
port = {mqtt_port}

[link]
url = ""

[database]
url = "sqlite"

[security]
second_factor = []
"""

DEVICES = """\
# The demo's lines and devices. Made by simulators/demo_config.py; keys are explained in config/example/devices.toml.

[[line]]
id = "field"
kind = "mqtt"
"""


@dataclass(frozen=True, slots=True)
class DemoRoom:
    """A room of the demo: its floor (from 1), its place on it (from 1), and its place in the hotel (from 0)."""

    floor: int
    place: int
    index: int
    top: bool

    @property
    def number(self) -> str:
        """As on the door."""
        return f"{self.floor}{self.place:02d}"

    @property
    def type(self) -> str:
        """The code of its room type."""
        if self.index == 0:
            return "ACC"
        if self.place % 8 == 0:
            return "STE"
        return "DLX" if self.place % 3 == 0 else "STD"


@dataclass(frozen=True, slots=True)
class DemoDevice:
    """A row of devices.toml."""

    name: str
    line: str
    profile: str
    address: str | int


def demo_rooms(count: int) -> list[DemoRoom]:
    """So many rooms on three floors, or more where forty do not hold them. ValueError below one room."""
    if count < 1:
        raise ValueError(f"a hotel has at least one room, not {count}")
    floors = max(min(3, count), -(-count // ROOMS_A_FLOOR))
    sizes = [count // floors + (1 if floor < count % floors else 0) for floor in range(floors)]
    places = [(floor + 1, place + 1) for floor, size in enumerate(sizes) for place in range(size)]
    return [DemoRoom(floor, place, index, floor == floors) for index, (floor, place) in enumerate(places)]


def room_devices(room: DemoRoom) -> list[DemoDevice]:
    """What hangs in a room. Neighbours differ, so that every make and dialect is there."""
    devices = [_door(room), _zigbee(room, "motion"), _zigbee(room, "lock"), _climate(room), _leak(room)]
    devices += _extras(room)
    return devices + (_on_the_bus(room) if room.top else _on_the_socket(room))


def _zigbee(room: DemoRoom, kind: str) -> DemoDevice:
    return DemoDevice(kind, "field", f"zigbee2mqtt/{kind}", f"zigbee2mqtt/{room.number}_{kind}")


def _door(room: DemoRoom) -> DemoDevice:
    if room.index % 4 == 3:
        return DemoDevice("door", "field", "tasmota/switch_contact", f"door{room.number}")
    return DemoDevice("door", "field", "zigbee2mqtt/contact", f"zigbee2mqtt/{room.number}_door")


def _climate(room: DemoRoom) -> DemoDevice:
    if room.index % 8 == 1:
        return DemoDevice("climate", "field", "tasmota/climate", f"climate{room.number}")
    if room.index % 8 == 3:
        return DemoDevice("climate", "field", "mapped/climate_json", f"sensor/{room.number}")
    if room.index % 8 == 5:
        return DemoDevice("climate", "field", "shelly/climate", f"shellyht-{room.number}")
    return _zigbee(room, "climate")


def _leak(room: DemoRoom) -> DemoDevice:
    if room.index % 8 == 2:
        return DemoDevice("leak", "field", "shelly/flood", f"shellyflood-{room.number}")
    return _zigbee(room, "leak")


def _extras(room: DemoRoom) -> list[DemoDevice]:
    extras = []
    if room.index % 4 == 0:
        extras += [_zigbee(room, "presence"), _zigbee(room, "smoke")]
    if room.index % 4 == 1:
        extras += [_zigbee(room, "window")]
    if room.index % 8 == 6:
        extras += [DemoDevice("light", "field", "shelly/switch", f"shellyplus1pm-{room.number}")]
    if room.index % 8 == 4:
        extras += [DemoDevice("light", "field", "tasmota/relay", f"light{room.number}")]
    if room.type == "ACC":
        extras += [_zigbee(room, "button")]
    return extras


def _on_the_socket(room: DemoRoom) -> list[DemoDevice]:
    """The lower floors: thermostats behind one Modbus TCP gateway a floor; do-not-disturb is on them."""
    return [DemoDevice("thermostat", f"floor-{room.floor}", "smarttemp_smt131", room.place)]


def _on_the_bus(room: DemoRoom) -> list[DemoDevice]:
    """The top floor: thermostats on one serial bus, a panel by each door, multisensors in the suites."""
    bus = f"floor-{room.floor}"
    devices = [
        DemoDevice("thermostat", bus, "beca_bac_002aln", room.place),
        DemoDevice("panel", "field", "mapped/panel", f"panel/{room.number}"),
    ]
    if room.type == "STE":
        devices.append(DemoDevice("multisensor", bus, "wirenboard_msw", 100 + room.place))
    return devices


def house_devices(floors: int) -> list[DemoDevice]:
    """Devices outside the rooms: the lobby's thermostat, the top floor's meter, a corridor's smoke detector."""
    top = f"floor-{floors}"
    lobby = [DemoDevice("lobby_thermostat", "floor-1", "siemens_rdf302", 200)] if floors > 1 else []
    return [
        *lobby,
        DemoDevice("corridor_meter", top, "eastron_sdm120", 201),
        DemoDevice("corridor_smoke", "field", "zigbee2mqtt/smoke", "zigbee2mqtt/corridor_smoke"),
    ]


def hotel_toml(rooms: list[DemoRoom]) -> str:
    """hotel.toml."""
    floors = dict.fromkeys(room.floor for room in rooms)
    parts = [HOTEL]
    parts += [f'\n[[floor]]\nid = "{floor}"\nname = "Floor {floor}"\n' for floor in floors]
    parts += [f'\n[[room_type]]\ncode = "{code}"\nname = "{name}"\ncapacity = {fit}\n' for code, name, fit in TYPES]
    parts += [f'\n[[room]]\nnumber = "{r.number}"\ntype = "{r.type}"\nfloor = "{r.floor}"\n' for r in rooms]
    return "".join(parts)


def devices_toml(rooms: list[DemoRoom], modbus_port: int) -> str:
    """devices.toml."""
    floors = rooms[-1].floor
    parts = [DEVICES]
    for floor in range(1, floors):
        port = modbus_port + floor - 1
        parts.append(f'\n[[line]]\nid = "floor-{floor}"\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\n')
    parts.append(f'\n[[line]]\nid = "floor-{floors}"\nkind = "modbus_rtu"\npath = "floor-{floors}.tty"\n')
    parts += [f'\n[[line]]\nid = "{desk}"\nkind = "serial"\npath = "{desk}.tty"\n' for desk in DESKS]
    parts += [f'\n[[device]]\nid = "{desk}"\nline = "{desk}"\nprofile = "pn532"\n' for desk in DESKS]
    parts += [_row(device, device.name, None) for device in house_devices(floors)]
    for room in rooms:
        parts.append(f"\n# Room {room.number}\n")
        parts += [_row(device, f"{room.number}_{device.name}", room.number) for device in room_devices(room)]
    return "".join(parts)


def _row(device: DemoDevice, identifier: str, room: str | None) -> str:
    address = device.address if isinstance(device.address, int) else f'"{device.address}"'
    place = f'room = "{room}"\n' if room else ""
    head = f'\n[[device]]\nid = "{identifier}"\nline = "{device.line}"\n'
    return f'{head}profile = "{device.profile}"\naddress = {address}\n{place}'


def write_demo_config(
    folder: Path, rooms: int = 24, http_port: int = 8080, mqtt_port: int = 1883, modbus_port: int = 5020
) -> None:
    """Write hotel.toml, devices.toml and service.toml for so many rooms into `folder` (made if absent).

    Modbus TCP lines take `modbus_port` and the ports after it, one a floor except the top one. ValueError: no rooms.
    """
    made = demo_rooms(rooms)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hotel.toml").write_text(hotel_toml(made), encoding="utf-8")
    (folder / "devices.toml").write_text(devices_toml(made, modbus_port), encoding="utf-8")
    (folder / "service.toml").write_text(SERVICE.format(http_port=http_port, mqtt_port=mqtt_port), encoding="utf-8")


def modbus_lines(rooms: int) -> int:
    """How many consecutive ports from `modbus_port` the configuration of so many rooms takes."""
    return demo_rooms(rooms)[-1].floor - 1
