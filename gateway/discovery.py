"""Devices that speak and are not configured: heard on a session of their own beside each MQTT line.

The line's own session, its subscriptions and its acknowledgements are not touched: what is heard here is QoS 0 of a
session that the broker forgets. At most `messages` are read in a round of `round_s` seconds (`Limits`); when they are
used up the session is closed for a round, so that a busy house costs no more than a quiet one.

At most `most` candidates are kept. When the table is full the one that was silent longest makes place, if it was for
FORGOTTEN_AFTER; else the new one is counted in `dropped` and not kept.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zlib import crc32

import structlog

from devices.clock import Clock
from devices.model import Decoded, LineState, LineStatus
from devices.mqtt.dialect import NOTHING
from devices.mqtt.patterns import stem_of
from devices.mqtt.recognise import TOPIC, Sighting, recognise
from gateway.lines.line import LineUser
from gateway.lines.mqtt import MqttLine
from gateway.lines.mqtt_settings import MqttSettings
from gateway.ports import LineMessage

log = structlog.get_logger()

FORGOTTEN_AFTER = timedelta(days=7)
LOOK_S = 2.0
MOST_SAMPLES, LARGEST_SAMPLE = 12, 4_096
MOST_DESCRIPTIONS = 2_000
EVERYTHING = ("#",)


@dataclass(slots=True)
class Heard:
    """What is known of one candidate: who it says it is, its latest payloads by topic, when and how often it spoke."""

    line: str
    sighting: Sighting
    first: datetime
    last: datetime
    messages: int = 0
    samples: dict[str, bytes] = field(default_factory=dict)
    changed: int = 0  # grows when it may look different


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is listened to, and how many candidates are kept."""

    messages: int = 2_000
    round_s: float = 60.0
    most: int = 500


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Field:
    """What discovery asks of the gateway, anew each time: the MQTT lines, and the addresses configured on a line.

    `ours`: topics below which we speak ourselves, beside innkeeper/.
    """

    lines: Callable[[], Mapping[str, MqttSettings]]
    configured: Callable[[str], Collection[str]]
    ours: tuple[str, ...] = ()


class Discovery:
    """Give `run()` a task. `heard` are the candidates by (line, address)."""

    def __init__(
        self, known: Field, clock: Clock, topics: tuple[str, ...] = EVERYTHING, limits: Limits = USUAL
    ) -> None:
        self._field = known
        self.limits = limits
        self._clock = clock
        self._topics = topics
        self._described: dict[tuple[str, str], int] = {}
        self._configured: dict[str, frozenset[str]] = {}  # as of the last look
        self.heard: dict[tuple[str, str], Heard] = {}
        self.dropped = 0
        self.unheard: dict[str, str] = {}  # lines that cannot be listened to, and why

    async def run(self) -> None:
        """Listen beside every MQTT line there is, until cancelled."""
        listening: dict[str, tuple[MqttSettings, asyncio.Task[None]]] = {}
        async with asyncio.TaskGroup() as tasks:
            while True:
                wanted = self._field.lines()
                for name in [name for name, (settings, _) in listening.items() if wanted.get(name) != settings]:
                    listening.pop(name)[1].cancel()
                for name, settings in wanted.items():
                    if name not in listening:
                        task = tasks.create_task(self._listen(name, settings), name=f"discovery {name}")
                        listening[name] = (settings, task)
                await asyncio.sleep(LOOK_S)

    def forget_configured(self) -> None:
        """Candidates that have been configured are none any more: look now and then."""
        self._configured.clear()
        for line, address in list(self.heard):
            stem = stem_of(address)
            if any(one in self._known(line) for one in _stems_of(stem)):
                del self.heard[line, address]

    def _known(self, line: str) -> frozenset[str]:
        """The stems of what is configured on the line, as of the last look."""
        if line not in self._configured:
            self._configured[line] = frozenset(stem_of(address) for address in self._field.configured(line))
        return self._configured[line]

    def take(self, line: str, topic: str, payload: bytes) -> None:
        """A message of a line. Whoever is configured is passed over as cheaply as can be."""
        if any(topic.startswith(f"{own}/") for own in self._field.ours):
            return
        configured = self._known(line)
        if any(stem in configured for stem in _stems_of(topic)) or not self._is_news(line, topic, payload):
            return
        for sighting in recognise(topic, payload):
            if stem_of(sighting.address) not in configured:
                self._saw(line, sighting, topic, payload)

    def _is_news(self, line: str, topic: str, payload: bytes) -> bool:
        """A description is long and said again at every connection: the same one is read once."""
        if len(payload) < LARGEST_SAMPLE:
            return True
        key, sum_ = (line, topic), crc32(payload)
        if self._described.get(key) == sum_ or len(self._described) >= MOST_DESCRIPTIONS:
            return False
        self._described[key] = sum_
        return True

    def _saw(self, line: str, sighting: Sighting, topic: str, payload: bytes) -> None:
        now, key = self._clock.now(), (line, sighting.address)
        known = self.heard.get(key)
        if known is None:
            if not self._has_place(now):
                self.dropped += 1
                return
            known = self.heard[key] = Heard(line, sighting, now, now)
        merged = _together(known.sighting, sighting)
        if merged != known.sighting:
            known.sighting, known.changed = merged, known.changed + 1
        known.last = now
        if sighting.sample:
            known.messages += 1
            self._sample(known, topic, payload)

    @staticmethod
    def _sample(known: Heard, topic: str, payload: bytes) -> None:
        if len(payload) > LARGEST_SAMPLE or (topic not in known.samples and len(known.samples) >= MOST_SAMPLES):
            return
        if known.samples.get(topic) != payload:
            known.samples.pop(topic, None)  # the latest stands last
            known.samples[topic], known.changed = payload, known.changed + 1

    def _has_place(self, now: datetime) -> bool:
        if len(self.heard) < self.limits.most:
            return True
        oldest = min(self.heard, key=lambda key: self.heard[key].last)
        if now - self.heard[oldest].last < FORGOTTEN_AFTER:
            return False
        del self.heard[oldest]
        return True

    async def _listen(self, name: str, settings: MqttSettings) -> None:
        own = replace(
            settings, client_id=f"{settings.client_id}-discovery", state_topic=None, persistent=False, quality=0
        )
        while True:
            ears = _Ears(self, name)
            user = LineUser(ears.take, ears.line_changed, self._clock.now)
            line = MqttLine(f"{name} (discovery)", own, _Topics(self._topics), user)
            session = asyncio.create_task(line.run(), name=f"discovery session {name}")
            session.add_done_callback(ears.ended)
            try:
                await ears.full.wait()
            finally:
                session.cancel()
                await asyncio.wait({session})
            if not session.cancelled():
                session.result()
            await asyncio.sleep(self.limits.round_s)


class _Topics:
    """The `Router` of a session that decodes nothing."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self.filters = filters

    def decode(self, topic: str, payload: bytes, received: datetime, sequence: int, retained: bool) -> Decoded:  # noqa: ARG002
        """Nothing: what is heard is recognised elsewhere."""
        return NOTHING


class _Ears:
    """One session's user: counts what it hears, and is `full` when that was too much for one round."""

    def __init__(self, discovery: Discovery, line: str) -> None:
        self._discovery = discovery
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._began, self._count = self._loop.time(), 0
        self.full = asyncio.Event()

    def take(self, message: LineMessage) -> None:
        """Recognise who speaks. What strangers send must not end the house, whatever it does to us."""
        now = self._loop.time()
        limits = self._discovery.limits
        if now - self._began > limits.round_s:
            self._began, self._count = now, 0
        self._count += 1
        if self._count > limits.messages:
            self.full.set()
            return
        try:
            self._discovery.take(self._line, message.source, message.payload)
        except Exception:  # a stranger's message
            log.exception("discovery.fault", line=self._line, topic=message.source)

    def ended(self, _session: "asyncio.Task[None]") -> None:
        """The session is over: nothing more comes."""
        self.full.set()

    def line_changed(self, status: LineStatus) -> None:
        """Remember which lines cannot be listened to."""
        self._discovery.unheard.pop(self._line, None)
        if status.state is LineState.DOWN:
            self._discovery.unheard[self._line] = status.cause or ""


def _stems_of(topic: str) -> Iterator[str]:
    """The topic, and everything it is below."""
    end = len(topic)
    while end > 0:
        yield topic[:end]
        end = topic.rfind("/", 0, end)


def _together(known: Sighting, heard: Sighting) -> Sighting:
    """What a device says of itself outlives what its topics look like."""
    described = heard.why != TOPIC
    first, other = (heard, known) if described else (known, heard)
    return replace(
        first,
        dialect=first.dialect or other.dialect,
        name=first.name or other.name,
        vendor=first.vendor or other.vendor,
        model=first.model or other.model,
        properties=first.properties | other.properties,
        sample=known.sample or heard.sample,
    )
