"""A desk with real encoders' wire: the gateway on one end, simulated chips with simulated cards on the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.clock import Clock
from devices.encoders.jobs import CardJob, CardProgress, CardResult, CardStep, CardTask
from devices.encoders.payload import CardContent, CardKeys, decode
from devices.inventory import load_inventory
from devices.model import LineStatus
from gateway.gateway import Gateway, Home
from gateway.ports import CardSettings, EncoderFigures, GatewayPorts, LineMessage
from simulators.encoder.card import Card
from simulators.encoder.classic import ClassicCard
from simulators.encoder.encoder import SerialPort, SimulatedEncoder, SocketPort
from simulators.encoder.type2 import Type2Card
from tests.devices.codec import catalog
from tests.gateway.conftest import running
from tests.servers import a_free_port
from tests.waiting import until

KEYS = CardKeys("house", bytes(range(16)))
OTHER_HOUSE = CardKeys("elsewhere", bytes(range(16)))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONTENT = CardContent("101", 7, 3, NOON, NOON + timedelta(days=2))


@dataclass
class Taken:
    """What the edge would have got. `hold`: a step that is not let go on before `go` is set."""

    results: list[CardResult] = field(default_factory=list)
    steps: list[tuple[str, CardStep]] = field(default_factory=list)
    health: list[tuple[str, bool, str | None]] = field(default_factory=list)
    messages: list[LineMessage] = field(default_factory=list)
    lines: list[LineStatus] = field(default_factory=list)
    hold: CardStep | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def progress(self, progress: CardProgress) -> None:
        self.steps.append((progress.id, progress.step))
        if progress.step is self.hold:
            await self.go.wait()

    def ports(self) -> GatewayPorts:
        return GatewayPorts(
            self.messages.append,
            self.lines.append,
            lambda *told: self.health.append(told),
            lambda _result: None,
            card_progress=self.progress,
            card_done=self.results.append,
        )

    def reasons(self) -> set[str]:
        return {rejected.reason for message in self.messages for rejected in message.decoded.rejected}


class Desk:
    """`desk-1` and, with `count` 2, `desk-2`. `tcp`: they hang on a serial server."""

    def __init__(
        self, folder: Path, count: int = 1, *, classic: bool = False, timeout_s: float = 0.15, tcp: bool = False
    ) -> None:
        names = [f"desk-{number}" for number in range(1, count + 1)]
        ports = {name: SocketPort("127.0.0.1", a_free_port()) if tcp else SerialPort(folder / name) for name in names}
        lines = [
            f'[[line]]\nid = "{name}"\nkind = "tcp"\nhost = "127.0.0.1"\nport = {port.port}\n'
            if isinstance(port, SocketPort)
            else f'[[line]]\nid = "{name}"\nkind = "serial"\npath = "{name}"\n'
            for name, port in ports.items()
        ]
        rest = f'timeout_s = {timeout_s}\n[[device]]\nid = "{{0}}"\nline = "{{0}}"\nprofile = "pn532"\n'
        text = "".join(line + rest.format(name) for name, line in zip(names, lines, strict=True))
        (folder / "devices.toml").write_text(text)
        self.taken = Taken()
        self.clock = Clock()
        self.encoders = {name: SimulatedEncoder(port) for name, port in ports.items()}
        home = Home("house", folder, CardSettings(KEYS, classic))
        inventory = load_inventory(folder / "devices.toml", catalog(), None)
        self.gateway = Gateway(inventory, catalog(), self.clock, self.taken.ports(), home)

    @property
    def encoder(self) -> SimulatedEncoder:
        return self.encoders["desk-1"]

    def figures(self, name: str = "desk-1") -> EncoderFigures:
        return next(one for one in self.gateway.status().encoders if one.device == name)

    def order(
        self,
        job: str = "j1",
        task: CardTask = CardTask.WRITE,
        seconds: float = 10,
        encoder: str = "desk-1",
        content: CardContent | None = CONTENT,
    ) -> None:
        deadline = self.clock.now() + timedelta(seconds=seconds)
        self.gateway.card(CardJob(job, encoder, task, deadline, content if task is CardTask.WRITE else None))

    async def result(self, job: str = "j1") -> CardResult:
        await until(lambda: any(result.id == job for result in self.taken.results), every=0.005)
        return next(result for result in self.taken.results if result.id == job)

    async def done(self, job: str = "j1", task: CardTask = CardTask.WRITE, **told: object) -> CardResult:
        self.order(job, task, **told)  # type: ignore[arg-type]
        return await self.result(job)

    def steps(self, job: str = "j1") -> list[str]:
        return [step.value for name, step in self.taken.steps if name == job]

    async def waiting(self, job: str = "j1") -> None:
        await until(lambda: "waiting" in self.steps(job) and 0x4A in self.encoder.chip.commands[-1:])


@contextlib.asynccontextmanager
async def serving(desk: Desk, state: str = "up") -> AsyncIterator[Desk]:
    """Every encoder plugged in, the gateway serving, all of them up (or in another state)."""
    for encoder in desk.encoders.values():
        await encoder.plug()
    try:
        async with running(desk.gateway):
            await until(lambda: all(desk.figures(name).state == state for name in desk.encoders))
            yield desk
    finally:
        for encoder in desk.encoders.values():
            encoder.unplug()
    names = [result.id for result in desk.taken.results]
    assert len(names) == len(set(names)), "a job has one result"


def memory_of(card: Card) -> bytes:
    """The 48 bytes that a lock reads."""
    if isinstance(card, ClassicCard):
        return bytes(card.memory[64:112])
    assert isinstance(card, Type2Card)
    return card.user[:48]


def content_of(card: Card) -> CardContent:
    """What a lock makes of it. Raises PayloadError."""
    return decode(memory_of(card), KEYS, card.uid)
