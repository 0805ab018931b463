"""A payload's bytes to JSON, strictly: what cannot be read is refused with a reason code, never raised past a codec."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from devices.model import Rejected

LARGEST = 64 * 1024  # bytes
DEEPEST = 32  # nested objects and lists


class Unfit(ValueError):  # noqa: N818  it is a verdict on a value, turned into Rejected
    """A payload or value that cannot be used. `reason` is a code of `Rejected`, `value` an absurd number."""

    def __init__(self, reason: str, detail: object = "", value: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = str(detail)[:120]
        self.value = value

    def rejected(self, source: str, device: str | None) -> Rejected:
        """This refusal as the hub counts it."""
        return Rejected(source, self.reason, device, self.detail)


def parse(payload: bytes) -> Any:
    """The JSON value; raises Unfit(too_large, empty, too_deep, not_json)."""
    if len(payload) > LARGEST:
        raise Unfit("too_large", len(payload))
    try:
        if payload.count(b"{") + payload.count(b"[") > DEEPEST and depth(payload) > DEEPEST:
            raise Unfit("too_deep")
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Unfit("not_json" if payload else "empty", error) from None


def parse_object(payload: bytes) -> dict[str, Any]:
    """The JSON object; raises Unfit as `parse` does, and for anything that is not an object (wrong_type)."""
    body = parse(payload)
    if type(body) is not dict:
        raise Unfit("wrong_type", f"{type(body).__name__} where an object is expected")
    return body


def parse_text(payload: bytes) -> str:
    """A short plain text; raises Unfit(too_large, empty, not_text)."""
    if len(payload) > LARGEST:
        raise Unfit("too_large", len(payload))
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise Unfit("not_text") from None
    if not text:
        raise Unfit("empty")
    return text


def depth(payload: bytes) -> int:
    """How deep brackets nest, those inside of strings left out."""
    deepest = level = 0
    quoted = escaped = False
    for byte in payload:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = byte == 0x5C, byte != 0x22
        elif byte == 0x22:
            quoted = True
        elif byte in b"{[":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"}]":
            level -= 1
    return deepest


_EARLIEST, _LATEST = 1_000_000_000, 4_102_444_800  # 2001 to 2100: a device without a set clock counts from 1970


def instant(value: object, form: str = "unix") -> datetime | None:
    """A device's own time as a UTC instant; None when it has none, its clock was never set, or its zone is not told."""
    if form == "iso":
        return _from_text(value) if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = value / 1000 if form == "unix_ms" else value
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST < seconds < _LATEST else None


def _from_text(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or not _EARLIEST < moment.timestamp() < _LATEST:
        return None
    return moment.astimezone(UTC)


def online(payload: bytes, words: Mapping[str, bool]) -> bool:
    """An availability message, plain or as {"state": …}; raises Unfit(unknown_value) for any other word."""
    text = parse_text(payload)
    if text.startswith("{"):
        text = str(parse_object(payload).get("state"))
    try:
        return words[text.lower()]
    except KeyError:
        raise Unfit("unknown_value", text) from None
