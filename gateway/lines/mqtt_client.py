"""The paho client of one connection."""

from typing import TYPE_CHECKING

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.lines.buffered_socket import BufferedSocket
from gateway.lines.mqtt_settings import MqttSettings, Parcel

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'


class Client(mqtt.Client):
    """Takes over a socket which is connected already, and acknowledges nothing by itself."""

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
        self._version = version
        self.max_inflight_messages_set(0)  # nothing waits in the library, to go out after its deadline
        if settings.username is not None:
            self.username_pw_set(settings.username, settings.password)
        if settings.state_topic:
            self.will_set(settings.state_topic, OFFLINE, qos=1, retain=True)

    def order(self, parcel: Parcel) -> int:
        """Publish with QoS 1, and a time to live where the protocol has one; its packet id."""
        expiry = None
        if self._version == 5:
            expiry = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            expiry.MessageExpiryInterval = parcel.lasts_s
        return self.publish(parcel.topic, parcel.payload, qos=1, properties=expiry).mid

    def _create_socket(self) -> "SocketLike":
        return self._ready
