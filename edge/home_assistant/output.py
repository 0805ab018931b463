"""The output at work: looks each second at what rooms and devices are, and says what has changed.

It takes nothing from the broker but the birth of Home Assistant and documents of its own: no order, ever.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog

from devices.catalog import Catalog
from devices.inventory import Inventory
from devices.model import Decoded, Device, LineState, LineStatus, Profile, Value
from edge.home_assistant import documents, states
from edge.home_assistant.documents import Place
from edge.home_assistant.entities import HIDDEN
from edge.home_assistant.mirror import Mirror, faults_by
from edge.home_assistant.words import Words
from edge.hub import Hub
from edge.rooms.room import Room
from gateway.lines.line import LineDownError, LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.ports import LineMessage

log = structlog.get_logger()

LINE = "home_assistant"
ROUND_SECONDS = 1.0
MOST_A_ROUND = 500
"""Messages a second, at most: a start with a thousand devices is no flood."""
BORN = b"online"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown there."""

    inventory: Inventory
    catalog: Catalog
    devices: bool
    rooms: bool
    words: Words


@dataclass(frozen=True, slots=True)
class _Ear:
    """What is listened to: no device of ours speaks there."""

    filters: tuple[str, ...]

    def decode(self, topic: str, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:  # noqa: ARG002
        """Nothing: the message itself is looked at."""
        return Decoded()


class HomeAssistantOutput:
    """Give `run()` a task. A broker that is away stops nothing; it is told everything when it is back."""

    def __init__(self, hub: Hub, shown: Shown, place: Place, settings: MqttSettings) -> None:
        self._hub = hub
        self._shown = shown
        self._place = place
        self._mirror = Mirror(place)
        self._birth = f"{place.prefix}/status"
        router = _Ear((self._birth, f"{place.prefix}/device/+/config"))
        self._line = MqttLine(LINE, settings, router, LineUser(self._heard, self._line_changed, hub.clock.now))
        self._rooms: dict[str, Room] | None = None
        self._versions: dict[str, int] = {}
        self._standing: list[str] | None = None
        self._device_faults: dict[str, list[str]] = {}
        self._room_faults: dict[str, list[str]] = {}
        self.told: Callable[[LineStatus], None] = lambda _status: None
        """Hears how the connection is."""

    @property
    def status(self) -> LineStatus:
        """How the connection is."""
        return self._line.status

    def show(self, shown: Shown) -> None:
        """From now on these devices: what was changed, added or taken out of the configuration."""
        self._shown = shown
        self._rooms = self._standing = None

    async def run(self) -> None:
        """Show it until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._line.run(), name="home-assistant-line")
            tasks.create_task(self._look(), name="home-assistant")

    async def _look(self) -> None:
        while True:
            self.look()
            self._say()
            await asyncio.sleep(ROUND_SECONDS)

    def look(self) -> None:
        """Take up what has changed."""
        if self._rooms is not self._hub.house.rooms:
            self._rooms = self._hub.house.rooms
            self._versions.clear()
            self._mirror.want_documents(self._documents())
        changed = self._look_at_faults()
        if self._shown.rooms:
            self._look_at_rooms(everything=changed)
        if self._shown.devices:
            self._look_at_devices()

    def _documents(self) -> dict[str, dict[str, object]]:
        place, shown, found = self._place, self._shown, {}
        if shown.devices or shown.rooms:
            found[place.config("house", "house")] = documents.of_house(place, shown.words)
        if shown.devices:
            for device, profile in self._members():
                document = documents.of_device(place, device, profile, shown.words)
                found[place.config("device", device.id)] = document
        if shown.rooms:
            for number in self._numbers():
                found[place.config("room", number)] = documents.of_room(place, number, shown.words)
        return found

    def _members(self) -> list[tuple[Device, Profile]]:
        """The devices that have something to show: an encoder has no points."""
        shown = self._shown
        known = [(device, shown.catalog.get(device.profile)) for device in shown.inventory.devices.values()]
        return [(device, profile) for device, profile in known if profile.points or profile.wire.get("event")]

    def _numbers(self) -> list[str]:
        return [number for number in self._hub.house.rooms if number]

    def _look_at_faults(self) -> bool:
        standing = self._hub.conditions.standing()
        if standing == self._standing:
            return False
        bodies = [orjson.loads(said.body) for said in self._hub.conditions.facts()]
        self._standing = standing
        self._device_faults, self._room_faults = faults_by(bodies, "device"), faults_by(bodies, "room")
        if self._shown.devices or self._shown.rooms:
            state = states.of_house(self._room_faults.get("", ()))
            self._mirror.want_state(self._place.state("house", "house"), state)
        return True

    def _look_at_rooms(self, *, everything: bool) -> None:
        now = self._hub.clock.now()
        for number in self._numbers():
            room = self._hub.house.rooms[number]
            if not everything and self._versions.get(number) == room.version:
                continue
            self._versions[number] = room.version
            state = states.of_room(room.view(now), self._room_faults.get(number, ()))
            self._mirror.want_state(self._place.state("room", number), state)

    def _look_at_devices(self) -> None:
        for device, profile in self._members():
            room = self._hub.house.room_of(device.id)
            values: dict[str, Value] = {p: room.current(device.id, p) for p in profile.points if p not in HIDDEN}
            faults = self._device_faults.get(device.id, ())
            state = states.of_device(values, faults, online=not room.misses(device.id))
            self._mirror.want_state(self._place.state("device", device.id), state)

    def _say(self) -> None:
        """Publish what is due; a connection that is lost meanwhile is told everything again when it is back."""
        if not self._line.subscribed:
            return
        try:
            for said in self._mirror.due(MOST_A_ROUND):
                self._line.publish(said.topic, said.payload, retain=True)
                self._mirror.published(said)
        except LineDownError as error:
            log.debug("home_assistant.not_said", cause=error.cause)

    def _heard(self, message: LineMessage) -> None:
        if message.source == self._birth:
            if message.payload == BORN and not message.retained:
                self._mirror.forget()
        elif message.retained:  # what comes live is the echo of our own
            self._mirror.heard(message.source, message.payload)
        message.acknowledge()

    def _line_changed(self, status: LineStatus) -> None:
        if status.state is LineState.UP:
            self._mirror.forget()
        self.told(status)
