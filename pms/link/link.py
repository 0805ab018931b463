"""The whole of one end: session, sender and receiver. Edge and PMS use the same one, each with its own stores."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog
from pydantic import ValidationError

from pms.link.messages import Ack, Envelope, Hello
from pms.link.receiver import Receiver
from pms.link.sender import Sender
from pms.link.skew import Skew
from pms.link.stores import Inbox, Outbox
from pms.link.transport import LinkDownError, LinkEnd, LinkSettings, Side

log = structlog.get_logger()


SIGN_OF_LIFE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How the link is. `peer_heard`: when the other end last said anything (None: not since the start).

    `peer_ahead`: seconds by which its clock is ahead of ours, negative when behind; None: not known yet.
    """

    connected: bool
    since: datetime
    cause: str
    peer_heard: datetime | None
    unacknowledged: int
    waiting: int
    resent: int
    duplicates: int
    applied: int
    rejected: int
    failing: str | None
    peer_ahead: float | None = None


class Link:
    """`side` is the direction in which this end speaks: "up" for the edge, "down" for the PMS.

    Give it a task: `await link.run()`. Call `wake()` after a commit that put something into the outbox. What arrives
    goes to `inbox.apply`, each message once and in order, and is acknowledged after that has returned.
    """

    def __init__(
        self,
        side: Side,
        property_id: str,
        settings: LinkSettings,
        stores: tuple[Outbox, Inbox],
        now: Callable[[], datetime],
    ) -> None:
        self._property = property_id
        self._now = now
        self._outbox = stores[0]
        self._end = LinkEnd(side, property_id, settings, self._take, self._changed)
        self._sender = Sender(property_id, stores[0], self._end, now)
        self._receiver = Receiver(stores[1], self._say)
        self._since, self._cause = now(), "starting"
        self._peer_heard: datetime | None = None
        self._skew = Skew()
        self._greet = asyncio.Event()
        self._latest: dict[str, bytes] = {}
        self._telling = asyncio.Event()

    def wake(self) -> None:
        """There may be something new in the outbox."""
        self._sender.wake()

    def tell(self, kind: str, body: bytes) -> None:
        """Say how we are: not stored, not acknowledged, only the latest of a kind counts.

        It goes out now, and again whenever a session begins or the other end greets. It needs no database of ours, so
        that a database in trouble can still be told of.
        """
        self._latest[kind] = body
        self._telling.set()

    @property
    def connected(self) -> bool:
        """A broker session is up and its subscription acknowledged."""
        return self._end.connected

    def status(self) -> LinkStatus:
        """How the link is now."""
        return LinkStatus(
            connected=self._end.connected,
            since=self._since,
            cause=self._cause,
            peer_heard=self._peer_heard,
            unacknowledged=self._sender.unacknowledged,
            waiting=self._receiver.waiting,
            resent=self._sender.resent,
            duplicates=self._receiver.duplicates,
            applied=self._receiver.applied,
            rejected=self._end.rejected,
            failing=self._receiver.failing,
            peer_ahead=self._skew.seconds,
        )

    async def run(self) -> None:
        """Speak and listen until cancelled."""
        await self._receiver.load()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._end.run(), name="link-session")
            tasks.create_task(self._sender.run(), name="link-sender")
            tasks.create_task(self._receiver.run(), name="link-receiver")
            tasks.create_task(self._greeter(), name="link-greeter")
            tasks.create_task(self._teller(), name="link-teller")

    def _changed(self, connected: bool, cause: str) -> None:
        self._since, self._cause = self._now(), cause
        if connected:
            self._greet.set()
            self._telling.set()
            self._sender.again()

    async def _greeter(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SIGN_OF_LIFE_SECONDS):
                    await self._greet.wait()
            except TimeoutError:
                await self._sign_of_life()
                continue
            self._greet.clear()
            epoch, through = self._receiver.current
            await self._say(Hello(epoch=epoch, through=through))

    async def _sign_of_life(self) -> None:
        """An acknowledgement that says nothing new: the other end sees that we are there."""
        epoch, through = self._receiver.current
        if self._end.connected:
            await self._say(Ack(epoch=epoch or "", through=through))

    async def _teller(self) -> None:
        while True:
            await self._telling.wait()
            self._telling.clear()
            for kind, body in list(self._latest.items()):
                with contextlib.suppress(LinkDownError):
                    await self._end.publish([(kind, self._envelope(kind, orjson.Fragment(body)))])

    def _envelope(self, kind: str, body: object) -> bytes:
        head = {"kind": kind, "property": self._property, "epoch": self._outbox.epoch, "seq": 0, "at": self._now()}
        return orjson.dumps(head | {"body": body})

    async def _say(self, message: Ack | Hello) -> None:
        kind = "ack" if isinstance(message, Ack) else "hello"
        try:
            await self._end.publish([(kind, self._envelope(kind, message.model_dump()))])
        except LinkDownError:
            log.debug("link.not_said", kind=kind)  # the other end sends again, and is answered then

    def _take(self, envelope: Envelope) -> None:
        if envelope.property != self._property:
            return
        self._peer_heard = now = self._now()
        self._skew.take(envelope.at, now)
        stranger = not self._receiver.knows(envelope.epoch)
        if stranger:
            self._receiver.meet(envelope.epoch)
            if envelope.kind != "hello":
                self._sender.take_hello(Hello(), stranger=True)
        if envelope.kind not in {"ack", "hello"}:
            self._receiver.take(envelope)
            return
        try:
            self._control(envelope, stranger=stranger)
        except ValidationError as error:
            log.debug("link.message_rejected", kind=envelope.kind, error=str(error)[:200])

    def _control(self, envelope: Envelope, *, stranger: bool) -> None:
        if envelope.kind == "ack":
            self._sender.take_ack(Ack.model_validate(envelope.body))
            return
        hello = Hello.model_validate(envelope.body)
        self._sender.take_hello(hello, stranger=stranger)
        self._telling.set()
        if hello.epoch != self._outbox.epoch:
            self._greet.set()  # it may have missed our own greeting
