"""From envelopes to typed bodies: what cannot be used is set aside with a reason, the rest goes on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from pms.link.kinds import UP
from pms.link.messages import AccessBody, CleaningBody, EnergyBody, Envelope, Message, OrderBody, RoomBody, VisitBody

OF_A_ROOM = RoomBody | AccessBody | CleaningBody | VisitBody | OrderBody | EnergyBody
LONGEST_REASON = 300
LONGEST_BODY = 2000
_TEXT_LIMITS = {
    "room": 20,
    "device": 120,
    "line": 120,
    "profile": 120,
    "key": 200,
    "kind": 40,
    "spell": 120,
    "visit": 120,
    "id": 64,
    "detail": 4000,
}
_LONGEST_TEXT = 120
LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that could not be used."""

    envelope: Envelope
    reason: str


@dataclass(slots=True)
class Sorted:
    """A batch of messages by what is to be done with them; facts keep their order."""

    rooms: dict[str, RoomBody] = field(default_factory=dict)
    facts: list[tuple[Envelope, Message]] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)


def sort(envelopes: Sequence[Envelope], known_rooms: Collection[str]) -> Sorted:
    """Validate each body. Of a room's states only the latest version is kept."""
    result = Sorted()
    for envelope in envelopes:
        body = _body(envelope, known_rooms)
        if isinstance(body, str):
            result.aside.append(Aside(envelope, body[:LONGEST_REASON]))
        elif isinstance(body, RoomBody):
            earlier = result.rooms.get(body.room)
            if earlier is None or body.version >= earlier.version:
                result.rooms[body.room] = body
        else:
            result.facts.append((envelope, body))
    return result


def _body(envelope: Envelope, known_rooms: Collection[str]) -> Message | str:
    """The body, or why there is none."""
    model = UP.get(envelope.kind)
    if model is None:
        return "unknown_kind"
    try:
        body = model.model_validate(envelope.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"invalid_body: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return _unfit(body, known_rooms) or body


def _unfit(body: Message, known_rooms: Collection[str]) -> str | None:
    """Why a well-formed body cannot be stored: an unknown room, a text or a number no column holds."""
    for name, value in body:
        if isinstance(value, str) and (len(value) > _TEXT_LIMITS.get(name, _LONGEST_TEXT) or "\x00" in value):
            return f"unfit_text: {name}"
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            return f"unfit_number: {name}"
    if isinstance(body, OF_A_ROOM) and body.room not in known_rooms:
        return "unknown_room"  # a fault is shown wherever it is
    return None
