"""One end of the link on the wire: a broker session that comes back by itself. The only file here that knows MQTT."""

import asyncio
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import aiomqtt
import structlog
from pydantic import ValidationError

from pms.link.messages import Envelope

log = structlog.get_logger()

Side = Literal["up", "down"]
Outgoing = tuple[str, bytes]
"""Kind and encoded envelope."""

KEEPALIVE_SECONDS = 10
TIMEOUT_SECONDS = 10.0
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.1, 5.0
FIRST_FAILURES = 5
"""So many are normal while the broker and we start together; the last of them is told."""
LARGEST_MESSAGE = 4 * 1024 * 1024
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux alone


class LinkDownError(ConnectionError):
    """The link has no broker session now; what was to be sent stays in the outbox."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where the link's broker is, and who we are there. `client` tells two processes of one side apart."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: bool = False
    client: str = ""


class LinkEnd:
    """Publishes in the direction `side` ("up": the edge, "down": the PMS) and listens to the other one.

    `handler` gets each envelope, on the loop, and must not block; `changed` is told when the session begins (its
    subscription acknowledged) and ends, with the cause.
    """

    def __init__(
        self,
        side: Side,
        property_id: str,
        settings: LinkSettings,
        handler: Callable[[Envelope], None],
        changed: Callable[[bool, str], None] = lambda _connected, _cause: None,
    ) -> None:
        self._said = f"innkeeper/{property_id}/{side}/"
        self._heard = f"innkeeper/{property_id}/{'down' if side == 'up' else 'up'}/+"
        self._settings = settings
        self._identifier = f"innkeeper-{property_id}-link-{side}{settings.client and '-' + settings.client}"
        self._handler = handler
        self._changed = changed
        self._client: aiomqtt.Client | None = None
        self._told = False
        self._grace = FIRST_FAILURES
        self.rejected = 0

    @property
    def connected(self) -> bool:
        """A session is up and its subscription acknowledged."""
        return self._client is not None

    async def run(self) -> None:
        """Keep a session up until cancelled."""
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                await self._session()
                cause = "closed"
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                cause = str(error) or type(error).__name__
            finally:
                was_up, self._client = self.connected, None
                obey_cancellation()
            if was_up:
                backoff = FIRST_BACKOFF_SECONDS
                self._changed(False, cause)  # noqa: FBT003 - a callback's one argument
            self._tell(cause)
            await asyncio.sleep(backoff * random.uniform(0.5, 1.5))
            backoff = min(backoff * 2, LAST_BACKOFF_SECONDS)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Send these in order; returns when the broker has taken all of them.

        Raises:
            LinkDownError: there is no session, or it broke; some of the messages may have arrived.
        """
        client = self._client
        if client is None:
            raise LinkDownError("no broker session")
        sends = [_send(client, self._said + kind, payload) for kind, payload in messages]
        try:
            if len(sends) == 1:
                await sends[0]
            else:
                await _all(sends)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkDownError(str(error)) from error
        finally:
            obey_cancellation()

    async def _session(self) -> None:
        settings = self._settings
        async with aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=self._identifier,
            clean_session=True,  # the outboxes keep what is owed: a broker's queue would only add old duplicates
            keepalive=KEEPALIVE_SECONDS,
            timeout=TIMEOUT_SECONDS,
            max_inflight_messages=200,
            max_concurrent_outgoing_calls=100_000,
            tls_context=ssl.create_default_context() if settings.tls else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as client:
            client.pending_calls_threshold = 10_000  # a window on its way is normal, not worth a warning each
            granted = await client.subscribe(self._heard, qos=1)
            if any((code if isinstance(code, int) else code.value) >= 0x80 for code in granted):
                raise aiomqtt.MqttError(f"the broker refused the subscription {self._heard}")
            self._client = client
            if self._told:
                log.info("link.up", heard=self._heard)
            self._told, self._grace = False, 0
            self._changed(True, "")  # noqa: FBT003 - a callback's one argument
            async for message in client.messages:
                self._take(message)

    def _take(self, message: aiomqtt.Message) -> None:
        payload = message.payload
        if message.retain or not isinstance(payload, bytes) or len(payload) > LARGEST_MESSAGE:
            self.rejected += 1
            return
        try:
            envelope = Envelope.model_validate_json(payload)
        except ValidationError as error:
            self.rejected += 1
            log.debug("link.message_rejected", topic=str(message.topic), error=str(error)[:200])
            return
        self._handler(envelope)

    def _tell(self, cause: str) -> None:
        self._grace -= 1
        if self._told or self._grace > 0:
            log.debug("link.still_down", cause=cause)
            return
        self._told = True
        log.warning("link.down", cause=cause)


async def _all(sends: Sequence[Awaitable[None]]) -> None:
    results = await asyncio.gather(*sends, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _send(client: aiomqtt.Client, topic: str, payload: bytes) -> None:
    """Publish one, and acknowledge the broker's answer to it on TCP's level too, now.

    Nothing of ours would carry that for up to 40 ms, and a broker without `set_tcp_nodelay` (Mosquitto as it comes)
    keeps its next small packet back until then.
    """
    await client.publish(topic, payload, qos=1)
    connection = client._client.socket()  # noqa: SLF001 - aiomqtt shows it nowhere
    if _QUICK_ACK is not None and isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)


def obey_cancellation() -> None:
    """Raise the cancellation that the MQTT library may have swallowed (`asyncio.wait_for` of Python 3.11 does)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
