"""What an address looks like on each kind of line."""

from devices.model import Profile

LINE_KINDS: dict[str, tuple[str, ...]] = {
    "zigbee2mqtt": ("mqtt",),
    "tasmota": ("mqtt",),
    "shelly": ("mqtt",),
    "mapped": ("mqtt",),
    "modbus": ("modbus_tcp", "modbus_rtu"),
    "pn532": ("serial", "tcp"),
}  # a dialect that is not here is an extension's, which may use any line

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
    if mark and not (profile.wire.get("identity") and node):
        return "is a topic: # has no place in it"
    if profile.wire.get("identity") and not node:
        return "needs the node's name after the topic: TOPIC#NODE"
    if not topic or "+" in topic or "\0" in topic or any(not level for level in topic.split("/")):
        return f"is not a topic (found {address!r})"
    if topic.split("/")[0] in (_OURS, "$SYS"):
        return f"is a topic below {topic.split('/')[0]}/, where no device speaks"
    return _wrong_for_dialect(topic, profile.dialect)


def _wrong_for_dialect(topic: str, dialect: str) -> str | None:
    if dialect == "zigbee2mqtt" and "/" not in topic:
        return f'is the whole topic, such as "zigbee2mqtt/{topic}"'
    if dialect == "tasmota" and topic.startswith(("tele/", "stat/", "cmnd/")):
        return f'is the topic without its prefix: "{topic.split("/", 1)[1]}"'
    return None
