"""What keys must know of the rooms' side, handed in by `pms.departments`: this department may not import it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import Conflict, Reason


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder as the edge last told. `state`: up, down, starting, or unknown while the edge is silent."""

    id: str
    line: str
    state: str
    code: str | None = None
    firmware: str | None = None
    busy: bool = False
    waiting: int = 0
    since: datetime | None = None
    heard: datetime | None = None


Encoders = Callable[[AsyncSession, str], Awaitable[Sequence[Encoder]]]


async def _no_encoders(_session: AsyncSession, _property_id: str) -> Sequence[Encoder]:
    return ()


@dataclass
class KeySources:
    """`encoders`: the encoders of a property, as the edge last told."""

    encoders: Encoders = _no_encoders


KEY_SOURCES: web.AppKey[KeySources] = web.AppKey("key_sources", KeySources)


def chosen(encoders: Sequence[Encoder], wanted: str | None) -> Encoder:
    """The encoder to use: the one named by its id or its line's, or the only one. Raises Conflict with the reason."""
    if wanted is not None:
        encoders = named(encoders, wanted)
        if not encoders:
            raise Conflict(f"no encoder {wanted}", reasons=[Reason("encoder_unknown", {"encoder": wanted})])
    if len(encoders) != 1:
        raise Conflict("which encoder?", reasons=[Reason("encoder_needed" if encoders else "no_encoder")])
    if refused := encoder_refusals(encoders[0]):
        raise Conflict(f"encoder {encoders[0].id} cannot be used now", reasons=refused)
    return encoders[0]


def named(encoders: Sequence[Encoder], wanted: str) -> Sequence[Encoder]:
    """The encoders of this id, or where there is none those on the line of this id."""
    return [one for one in encoders if one.id == wanted] or [one for one in encoders if one.line == wanted]


def encoder_refusals(encoder: Encoder) -> list[Reason]:
    """Why nothing can be encoded there now; a busy one takes another job."""
    if encoder.state == "unknown":
        return [Reason("edge_silent", {"encoder": encoder.id})]
    if encoder.state == "down":
        return [Reason("encoder_down", {"encoder": encoder.id, "code": encoder.code or ""})]
    return []
