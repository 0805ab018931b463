"""Which topics are a device's own: what it may say and hear on the broker, and nothing else. Pure.

A device is known by the topic it is allowed to write, never by what its payload claims: so the two must agree. What
shares a connection shares its topics: devices with one address (a relay and an input of one Shelly) are one client,
and devices behind a bridge (Zigbee2MQTT, nodes that name themselves in a shared topic) are the bridge's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devices.errors import NotSupported
from devices.model import Device, Profile
from devices.mqtt.mapped import topic_of as mapped_topic
from devices.mqtt.patterns import stem_of
from devices.mqtt.tasmota import topic_of as tasmota_topic

TASMOTA_STATES = ("tele", "stat")
SHELLY_STATES = ("events/#", "status/#", "online", "announce")
SHELLY_ORDERS = ("rpc", "command")
LARGEST_TOPIC = 400


@dataclass(frozen=True, slots=True)
class OwnTopics:
    """Topic filters: `says` may be published, `hears` may be received."""

    says: tuple[str, ...]
    hears: tuple[str, ...]


def topics_of_device(device: Device, profile: Profile) -> OwnTopics:
    """The topics of the client that this device is.

    Raises:
        NotSupported: it is no client itself (`behind_bridge`), or nobody knows its topics (`unknown_dialect`).
    """
    if profile.dialect == "zigbee2mqtt" or (profile.dialect == "mapped" and profile.wire.get("identity")):
        raise NotSupported("behind_bridge", f"{device.id} speaks through a bridge: make a user for the bridge")
    if profile.dialect == "tasmota":
        says = tuple(tasmota_topic(device.address, prefix, "#") for prefix in TASMOTA_STATES)
        return OwnTopics(says, (tasmota_topic(device.address, "cmnd", "#"),))
    if profile.dialect == "mapped":
        return _mapped(device, profile)
    return _below(device, profile)


def _below(device: Device, profile: Profile) -> OwnTopics:
    stem = stem_of(device.address)
    if profile.dialect == "shelly":
        says, hears = SHELLY_STATES, SHELLY_ORDERS
        return OwnTopics(tuple(f"{stem}/{rest}" for rest in says), tuple(f"{stem}/{rest}" for rest in hears))
    if profile.dialect == "shelly_gen1":
        return OwnTopics((f"{stem}/#",), (f"{stem}/#",))
    if profile.dialect == "esphome":
        hears = (f"{stem}/+/+/command", f"{stem}/+/+/+/command")
        return OwnTopics((f"{stem}/#",), hears)
    if profile.dialect == "homie":
        root = stem.rpartition("/")[0]
        return OwnTopics((f"{stem}/#",), (f"{stem}/+/+/set", f"{root}/$broadcast/#"))
    raise NotSupported("unknown_dialect", f"the topics of {profile.dialect} are not known: name them with a bridge")


def _mapped(device: Device, profile: Profile) -> OwnTopics:
    says = {mapped_topic(device.address, spec.wire["topic"]) for spec in profile.points.values()}
    told = [spec.wire["command"]["topic"] for spec in profile.points.values() if spec.wire["command"]]
    return OwnTopics(tuple(sorted(says)), tuple(sorted({mapped_topic(device.address, suffix) for suffix in told})))


def topics_of_bridge(base: str) -> OwnTopics:
    """A bridge: everything below its base topic, in both directions. Raises NotSupported for what is no topic."""
    levels = base.split("/")
    wrong = not base or len(base) > LARGEST_TOPIC or not all(levels) or levels[0].startswith("$")
    if wrong or any(sign in base for sign in "+#") or any(not sign.isprintable() or sign.isspace() for sign in base):
        raise NotSupported("wrong_topic", f"{base!r} is no base topic: words with / between them, no + # or spaces")
    return OwnTopics((f"{base}/#",), (f"{base}/#",))


def meet(one: str, other: str) -> bool:
    """Whether some topic is matched by both filters."""
    for left, right in zip(first := one.split("/"), second := other.split("/"), strict=False):
        if "#" in (left, right):
            return True
        if "+" not in (left, right) and left != right:
            return False
    longer = max(first, second, key=len)
    rest = longer[min(len(first), len(second)) :]
    return not rest or rest == ["#"]


def shared(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, str] | None:
    """Two filters that meet, one of each side; None: they have nothing in common."""
    theirs = list(theirs)
    return next(((one, other) for one in ours for other in theirs if meet(one, other)), None)
