"""The MQTT line: paho on the asyncio loop. The only file of the gateway that knows the MQTT library.

A message is acknowledged to the broker only when its taker says so; the session is persistent, so that the broker keeps
what arrives while nobody is connected. Each connection has a client of its own: nothing leaks from one to the next.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from zlib import crc32

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.model import Decoded, LineStatus, Rejected
from gateway.lines.buffered_socket import BufferedSocket
from gateway.lines.line import Backoff, LineAccount, LineDownError, LineError, LineUser
from gateway.lines.mqtt_codes import KEEPALIVE_TIMEOUT, REFUSALS, Speech, order_refusal
from gateway.lines.mqtt_settings import MqttSettings, Parcel, Router
from gateway.lines.network import connect_tcp, secured
from gateway.lines.pump import Pump
from gateway.ports import LineMessage, nothing_to_acknowledge

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike
    from paho.mqtt.reasoncodes import ReasonCode

log = structlog.get_logger()

WATCH_S = 1.0
ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'


class MqttLine:
    """A broker session: decodes what arrives and gives it to `user.take`, publishes, reconnects for ever."""

    def __init__(self, line: str, settings: MqttSettings, router: Router, user: LineUser) -> None:
        self.id = line
        self.settings = settings
        self.router = router
        self.user = user
        self.sequence = 0
        self.paused = False
        self.speech = Speech(settings.version)
        self._account = LineAccount(line, user.line_changed, user.now)
        self._session: _Session | None = None

    @property
    def status(self) -> LineStatus:
        """The line's present state."""
        return self._account.status

    @property
    def subscribed(self) -> bool:
        """Connected, and every subscription was granted."""
        return self._account.up and self._session is not None and self._session.alive

    async def run(self) -> None:
        """Keep the session until cancelled."""
        backoff = Backoff()
        try:
            while True:
                try:
                    await self._connected(backoff)
                except LineError as trouble:
                    self._account.went_down(trouble)
                await asyncio.sleep(backoff.delay())
        finally:
            self._account.stopped()

    async def _connected(self, backoff: Backoff) -> None:
        told = self.settings
        plain = await connect_tcp(told.host, told.port, told.connect_timeout_s)
        if told.tls:
            plain = await secured(plain, told.host, told.ca_file, told.connect_timeout_s)
        self._session = session = _Session(self, BufferedSocket(plain))
        try:
            await session.subscribe()
            backoff.reset()
            self._account.went_up()
            session.watch_reader()
            await session.watch()
        except LineDownError as trouble:
            self.speech.ended() if session.granted else self.speech.failed(trouble.cause)
            raise
        finally:
            self._session = None
            session.close()

    def pause(self) -> None:
        """Read nothing more until `resume()`; a connection being made still hands over what comes with it."""
        self.paused = True
        if self._session and self.subscribed:
            self._session.watch_reader()

    def resume(self) -> None:
        """Read on."""
        self.paused = False
        if self._session:
            self._session.watch_reader()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message (QoS 1) to the connection, which never sends it again after a reconnect.

        The broker's acknowledgement is not waited for: a paused reader would not see it, and it proves nothing of the
        device. Raises LineDownError (cause `not_sent`): nothing went out.
        """
        if not self._session or not self.subscribed:
            raise LineDownError("not_sent", self.status.cause or "")
        self._session.publish(topic, payload, retain=retain)

    def order(self, parcel: Parcel) -> None:
        """Hand an order to the connection: never retained, never sent again. Raises LineDownError (`not_sent`)."""
        if not self._session or not self.subscribed:
            raise LineDownError("not_sent", self.status.cause or "")
        self._session.order(parcel)


class _Client(mqtt.Client):
    """A paho client that takes over a socket which is connected already."""

    def __init__(self, settings: MqttSettings, ready: BufferedSocket, version: int) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if version == 5 else not settings.persistent,
            protocol=MQTTProtocolVersion(version),
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._ready = ready
        self.max_inflight_messages_set(0)  # nothing waits in the library, to go out after its deadline
        if settings.username is not None:
            self.username_pw_set(settings.username, settings.password)
        if settings.state_topic:
            self.will_set(settings.state_topic, OFFLINE, qos=1, retain=True)

    def _create_socket(self) -> "SocketLike":
        return self._ready


class _Session:
    """One connection, from CONNECT to its end. `_ended` holds why it ended."""

    def __init__(self, line: MqttLine, sock: BufferedSocket) -> None:
        self._line = line
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[BaseException] = self._loop.create_future()
        self._granted: asyncio.Future[None] = self._loop.create_future()
        self._refreshed = self._loop.time()
        self.version = line.speech.version
        self._taken: dict[int, Callable[[str | None], None]] = {}
        self._client = client = _Client(line.settings, sock, self.version)
        self._pump = pump = Pump(sock, client.loop_read, client.loop_write, self._end)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = lambda *_: pump.stop()
        client.on_socket_register_write = lambda *_: pump.write()

    @property
    def alive(self) -> bool:
        """The connection has not ended."""
        return not self._ended.done()

    @property
    def granted(self) -> bool:
        """The broker has granted everything."""
        return self._granted.done()

    async def subscribe(self) -> None:
        """Connect and subscribe; returns when the broker has granted everything. Raises LineDownError."""
        settings = self._line.settings
        fresh = not settings.persistent if self.version == 5 else MQTT_CLEAN_START_FIRST_ONLY
        self._client.connect(settings.host, settings.port, settings.keepalive_s, clean_start=fresh)
        self._pump.read(wanted=True)
        await self._first_of(self._granted, settings.connect_timeout_s)
        if not self._granted.done():
            raise LineDownError("timeout", "no answer to CONNECT or SUBSCRIBE")
        self._say(ONLINE, qos=1)

    def watch_reader(self) -> None:
        """Read, or not, as the line says."""
        self._pump.read(wanted=not self._line.paused)

    async def watch(self) -> None:
        """Stay until the connection ends, then raise why."""
        while True:
            await self._first_of(self._ended, min(WATCH_S, self._line.settings.keepalive_s / 4))
            if self._line.paused:
                self._stay_known()
            elif self._socket.drained:  # with unread input the answer to a ping may be in it: no verdict yet
                self._client.loop_misc()

    async def _first_of(self, wanted: asyncio.Future[Any], timeout: float) -> None:
        await asyncio.wait({wanted, self._ended}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            raise self._ended.result()

    def _stay_known(self) -> None:
        """A paused reader sees no answer to a ping: any packet, said in time, keeps the broker content."""
        settings = self._line.settings
        if self._loop.time() - self._refreshed >= settings.keepalive_s / 2:
            self._refreshed = self._loop.time()
            self._say(ONLINE, qos=0)

    def _say(self, state: bytes, qos: int) -> None:
        topic = self._line.settings.state_topic
        if topic:
            self._client.publish(topic, state, qos, retain=True)

    def close(self) -> None:
        """Say goodbye if the connection still stands, and let go of the loop."""
        if not self._ended.done():
            if self._granted.done():
                self._say(OFFLINE, qos=0)
            self._end(LineDownError("closed", "by ourselves"))
            self._client.disconnect()
            self._client.loop_write()
        self._pump.stop()
        self._socket.close()

    def _end(self, reason: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish with QoS 1."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def order(self, parcel: Parcel) -> None:
        """Publish with QoS 1 and a time to live."""
        expiry = None
        if self.version == 5:
            expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            expiry.MessageExpiryInterval = parcel.lasts_s
        sent = self._client.publish(parcel.topic, parcel.payload, qos=1, properties=expiry)
        if parcel.taken is not None:
            self._taken[sent.mid] = parcel.taken

    # What paho tells

    def _on_publish(self, _client: object, _data: object, mid: int, reason: "ReasonCode", _: object) -> None:
        taken = self._taken.pop(mid, None)
        if taken is not None:
            taken(order_refusal(reason.value))

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        line = self._line
        line.sequence += 1
        try:
            line.user.take(self._told(message))
        except Exception as error:  # noqa: BLE001  a bug above: it must end the process and not confuse paho's parser
            self._end(error)

    def _told(self, message: mqtt.MQTTMessage) -> LineMessage:
        line, payload, retained = self._line, bytes(message.payload), message.retain
        received, topic = line.user.now(), ""
        try:
            topic = message.topic
            decoded = line.router.decode(topic, payload, received, line.sequence, retained)
        except Exception as error:  # a message that hurts a decoder is kept to look at, and not sent to us for ever
            log.exception("decoder failed", line=line.id, topic=topic)
            decoded = Decoded(rejected=(Rejected(topic, "decoder_failed", detail=repr(error)[:200]),))
        key: tuple[int, int] | None = None
        acknowledge: Callable[[], object] = nothing_to_acknowledge
        if message.qos:
            key = (message.mid, crc32(payload, crc32(topic.encode())))
            acknowledge = partial(self._client.ack, message.mid, message.qos)
        return LineMessage(
            line.id, topic, payload, decoded, received, line.sequence, key, message.dup, retained, acknowledge
        )

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, reason: "ReasonCode", _: object) -> None:
        if reason.is_failure:
            self._end(LineDownError(REFUSALS.get(reason.value, "refused"), str(reason)))
        elif self._line.router.filters:
            client.subscribe([(topic, 1) for topic in self._line.router.filters])
        else:
            self._granted.set_result(None)

    def _on_subscribe(self, _client: object, _data: object, _mid: int, codes: list["ReasonCode"], _: object) -> None:
        filters = self._line.router.filters
        refused = [topic for topic, code in zip(filters, codes, strict=False) if code.is_failure]
        if refused or len(codes) != len(filters):
            self._end(LineDownError("subscription_refused", ", ".join(refused)))
        elif not self._granted.done():
            self._granted.set_result(None)

    def _on_disconnect(self, _client: object, _data: object, _flags: object, reason: "ReasonCode", _: object) -> None:
        self._end(LineDownError("timeout" if reason.value == KEEPALIVE_TIMEOUT else "closed", str(reason)))
