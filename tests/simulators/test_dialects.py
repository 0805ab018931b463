"""Every MQTT device model on a real broker: what the simulated device says is read as it believes, and it obeys."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.catalog import Catalog
from devices.model import Command, DeviceEvent, Quality, Reading, Value
from devices.mqtt.router import MqttRouter
from devices.mqtt.topics import matches
from simulators.device import UseCases
from simulators.hotel import SimulatedHotel
from tests.simulators.conftest import Ear, Maker, listening, opened
from tests.waiting import until

pytestmark = pytest.mark.real("mosquitto")

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ADDRESSES = {
    "tasmota": ("tas-{}", "tas-{}-box#2"),
    "shelly": ("shellyplus-{}", "shellypro-{}#201"),
    "shelly_gen1": ("shellies/shelly1-{}", "shellies/shelly25-{}#1"),
    "esphome": ("esp-{}", "esp-{}-node#own_part"),
    "homie": ("homie/5/r{}", "homie/r{}", "homie/5/r{}-box#own-node"),
}
Row = tuple[str, str, str, str | int, str]
Step = tuple[str, Value]
STEPS: tuple[Step, ...] = (
    *(("door", value) for value in ("open", "closed", "open")),
    *((point, True) for point in ("window", "contact", "motion", "presence", "leak", "smoke", "keycard", "tamper")),
    ("battery", 61),
)
MEASURED = {"temperature": 19.3, "humidity": 51.2, "power": 87.5, "energy": 2.5, "co2": 612, "lux": 130}
ORDERS: tuple[Step, ...] = (
    ("relay", True),
    ("relay", False),
    ("setpoint", 19.5),
    ("mode", "off"),
    ("mode", "auto"),
    ("fan", "high"),
    ("lock", "unlocked"),
)


def rows(catalog: Catalog, dialect: str) -> list[Row]:
    """A device of each profile at each kind of address."""
    names = [profile for profile in catalog.ids() if profile.startswith(f"{dialect}/")]
    behind = {"tasmota/zigbee_climate": ("bridge#0x47{}", "bridge#name-{}")}
    return [
        (f"d{number}_{place}", "field", name, form.format(number), "1")
        for number, name in enumerate(names)
        for place, form in enumerate(behind.get(name, ADDRESSES[dialect]))
    ]


class Heard:
    """What the product's codec made of everything that was said."""

    def __init__(self, hotel: SimulatedHotel, catalog: Catalog, ear: Ear) -> None:
        self.router = MqttRouter([use.state.device for use in hotel.devices.values()], catalog)
        self.values: dict[tuple[str, str], Value] = {}
        self.events: list[DeviceEvent] = []
        self.rejected: list[Any] = []
        self._ear = ear
        self._read: dict[str, int] = {}

    def look(self) -> None:
        """Decode what is new. A description comes first, as its retained message would."""
        subscribed = [topic for topic in self._ear.said if any(matches(one, topic) for one in self.router.filters)]
        for topic in sorted(subscribed, key=lambda one: "$" not in one):
            for payload in self._ear.said[topic][self._read.get(topic, 0) :]:
                self._take(self.router.decode(topic, payload, NOW, 1, retained=False))
            self._read[topic] = len(self._ear.said[topic])

    def _take(self, decoded: Any) -> None:
        self.rejected += decoded.rejected
        for fact in decoded.facts:
            if isinstance(fact, DeviceEvent):
                self.events.append(fact)
            elif isinstance(fact, Reading) and fact.quality is Quality.GOOD:
                self.values[fact.device, fact.point] = fact.value

    def agrees(self, use: UseCases, point: str) -> bool:
        """Whether a point is read as the device believes it."""
        self.look()
        wanted, found = use.state.values[point], self.values.get((use.id, point))
        if isinstance(wanted, float) or isinstance(found, float):
            return found == pytest.approx(wanted, abs=0.51 if point in ("power", "lux") else 0.06)
        return found == wanted


def told_points(use: UseCases) -> Iterator[str]:
    """The points that the simulated make of a device tells of."""
    silent = {"tasmota": {"setpoint", "mode"}}.get(use.state.profile.dialect, set())  # told when they are set
    rounded = {"link_quality"}  # tested by itself
    yield from (point for point in use.state.values if point not in silent | rounded)


def set_values(hotel: SimulatedHotel) -> None:
    """Something happens at every device."""
    for use in hotel.devices.values():
        for point, value in STEPS:
            use.sense(point, value)
        use.vary(**{point: value for point, value in MEASURED.items() if use.has(point)})
        use.heartbeat()


@pytest.mark.parametrize("dialect", ADDRESSES)
async def test_everything_said_is_understood_and_every_order_is_obeyed(
    maker: Maker, catalog: Catalog, dialect: str
) -> None:
    hotel = maker.hotel(*rows(catalog, dialect))
    async with listening(maker.broker_port) as ear, opened(hotel):
        heard = Heard(hotel, catalog, ear)
        set_values(hotel)
        for use in hotel.devices.values():
            for point in told_points(use):
                await agreed(heard, use, point)
        await obey(hotel, heard, ear)
        await press(hotel, heard)
        assert not heard.rejected
        hotel.rooms["1"].die()
        await until(lambda: all(known_to_be_away(heard, use) for use in hotel.devices.values()))


async def obey(hotel: SimulatedHotel, heard: Heard, ear: Ear) -> None:
    """Each order reaches its device, and the device's own word shows it."""
    for use in hotel.devices.values():
        for point, value in ORDERS:
            if not use.has(point) or not use.state.profile.points[point].writable:
                continue
            command = Command("c", use.id, point, value, NOW + timedelta(hours=1))
            for topic, payload in heard.router.encode(command):
                await ear.say(topic, payload.decode())
            await obeyed(use, point, value)
            await agreed(heard, use, point)


async def obeyed(use: UseCases, point: str, value: Value) -> None:
    """Wait until the device believes what it was ordered."""
    try:
        await until(lambda: use.state.values[point] == value)
    except AssertionError:
        raise AssertionError(f"{use.state.profile.id} at {use.state.device.address} does not obey {point}") from None


async def agreed(heard: Heard, use: UseCases, point: str) -> None:
    """Wait until a point is read as the device believes it."""
    try:
        await until(lambda: heard.agrees(use, point))
    except AssertionError:
        device = use.state.device
        told = f"{use.state.values[point]!r} is read as {heard.values.get((use.id, point))!r}"
        raise AssertionError(f"{device.profile} at {device.address}, {point}: {told}, {heard.rejected[-3:]}") from None


async def press(hotel: SimulatedHotel, heard: Heard) -> None:
    """Every button tells of one press, once."""
    buttons = [use for use in hotel.devices.values() if use.state.profile.wire.get("event")]
    for use in buttons:
        use.happen("button", name="double")
        use.heartbeat()

    def pressed() -> bool:
        heard.look()
        return sorted(event.device for event in heard.events) == sorted(use.id for use in buttons)

    await until(pressed)
    assert {event.params["name"].lower() for event in heard.events} == {"double"}


def known_to_be_away(heard: Heard, use: UseCases) -> bool:
    """Whether the device's last will was understood; that of one with a battery says nothing."""
    heard.look()
    sleeps = use.state.profile.power == "battery"
    return heard.values.get((use.id, "online")) is sleeps


async def test_a_homie_tree_is_there_for_whoever_comes_later(maker: Maker, catalog: Catalog) -> None:
    hotel = maker.hotel(
        ("fifth", "field", "homie/thermostat", "homie/5/fcu", "1"),
        ("fourth", "field", "homie/thermostat", "homie/fcu", "1"),
    )
    async with opened(hotel):
        await until(lambda: all(not session._outbox for session in hotel.sessions))
        async with listening(maker.broker_port) as ear:
            await until(lambda: ear.last("homie/5/fcu/$state") == b"ready" and ear.last("homie/fcu/$state") == b"ready")
            assert ear.json("homie/5/fcu/$description")["nodes"]["thermostat"]["properties"]["setpoint"]["settable"]
            assert ear.last("homie/fcu/$nodes") == b"thermostat"
            assert ear.last("homie/fcu/thermostat/setpoint/$format") == b"10:30:0.5"
            assert ear.last("homie/fcu/thermostat/setpoint") == b"22.0"
            heard = Heard(hotel, catalog, ear)
            heard.look()
            command = Command("c", "fourth", "setpoint", 35, NOW)
            with pytest.raises(ValueError, match="range"):
                heard.router.encode(command)
            await ear.say("homie/fcu/thermostat/setpoint/set", "35")
            await until(lambda: sum(session.rejected for session in hotel.sessions) == 1)
            assert hotel.devices["fourth"].state.values["setpoint"] == 22.0


async def test_a_strike_that_is_opened_locks_itself_again(maker: Maker) -> None:
    hotel = maker.hotel(
        ("a", "field", "tasmota/strike", "strike-a", "1"),
        ("b", "field", "esphome/lock", "strike-b#door", "1"),
        speed=20,
    )
    async with listening(maker.broker_port) as ear, opened(hotel):
        await until(lambda: ear.last("strike-b/lock/door/state") == b"LOCKED" and ear.last("tele/strike-a/STATE"))
        hotel.rooms["1"].card("guest")
        await until(lambda: b"UNLOCKED" in ear.said["strike-b/lock/door/state"])
        await until(lambda: b"ON" in ear.said["stat/strike-a/POWER"])
        await until(lambda: ear.last("strike-b/lock/door/state") == b"LOCKED")
        await until(lambda: ear.last("stat/strike-a/POWER") == b"OFF")
