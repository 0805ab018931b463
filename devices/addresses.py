"""What an address looks like on each kind of line."""

from devices.model import Profile

LINE_KINDS: dict[str, tuple[str, ...]] = {
    "zigbee2mqtt": ("mqtt",),
    "tasmota": ("mqtt",),
    "shelly": ("mqtt",),
    "shelly_gen1": ("mqtt",),
    "esphome": ("mqtt",),
    "homie": ("mqtt",),
    "mapped": ("mqtt",),
    "modbus": ("modbus_tcp", "modbus_rtu"),
    "pn532": ("serial", "tcp"),
}  # a dialect that is not here is an extension's, which may use any line

CHANNELS = frozenset({"tasmota", "shelly", "shelly_gen1"})
PARTS = frozenset({"esphome", "homie"})
"""Dialects in which several devices share an address and stand behind its `#`: by number, or by name."""

_OURS = "innkeeper"  # the link's own topics: devices may not speak there


def wrong_address(address: str, kind: str, profile: Profile) -> str | None:
    """What is wrong with the address, in words for the person who wrote it; None when nothing is."""
    if kind == "mqtt":
        return _wrong_topic(address, profile)
    if kind in ("modbus_tcp", "modbus_rtu"):
        return _wrong_unit(address, 247 if kind == "modbus_rtu" else 255)
    if profile.dialect == "pn532" and address:
        return f"stays empty: the encoder has its line for itself (found {address!r})"
    return None


def _wrong_unit(address: str, highest: int) -> str | None:
    if address.isascii() and address.isdigit() and 1 <= int(address) <= highest:
        return None
    return f"is not a unit number from 1 to {highest} (found {address!r})"


def _wrong_topic(address: str, profile: Profile) -> str | None:
    topic, mark, node = address.partition("#")
    if mark and (wrong := _wrong_part(node, profile)):
        return wrong
    if profile.wire.get("identity") and not node:
        return "needs the node's name after the topic: TOPIC#NODE"
    if not topic or "+" in topic or "\0" in topic or any(not level for level in topic.split("/")):
        return f"is not a topic (found {address!r})"
    if topic.split("/")[0] in (_OURS, "$SYS"):
        return f"is a topic below {topic.split('/')[0]}/, where no device speaks"
    return _wrong_for_dialect(topic, profile.dialect)


def _wrong_part(part: str, profile: Profile) -> str | None:
    if profile.dialect == "tasmota" and profile.wire.get("identity"):
        good = bool(part) and not set(part) & set("/+#.")
        return None if good else f"has the device behind the bridge after #, such as #0x4773 (found {part!r})"
    if profile.dialect in CHANNELS:
        good = part.isascii() and part.isdigit()
        return None if good else f"has the number of a channel behind # (found {part!r})"
    if profile.dialect in PARTS:
        good = bool(part) and not set(part) & set("/+#*|{}")
        return None if good else f"has the name of one part of the device behind # (found {part!r})"
    if profile.wire.get("identity") and part:
        return None
    return "is a topic: # has no place in it"


def _wrong_for_dialect(topic: str, dialect: str) -> str | None:
    if dialect == "zigbee2mqtt" and "/" not in topic:
        return f'is the whole topic, such as "zigbee2mqtt/{topic}"'
    if dialect == "homie" and "/" not in topic:
        return f'is the device\'s whole topic, such as "homie/5/{topic}"'
    if dialect == "tasmota" and topic.startswith(("tele/", "stat/", "cmnd/")):
        return f'is the topic without its prefix: "{topic.split("/", 1)[1]}"'
    return None
