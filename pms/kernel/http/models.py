"""Bases of what comes in and goes out, the page of a list, and the actions a resource publishes."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

from pms.kernel.errors import Malformed, Reason

T = TypeVar("T")

PAGE_SIZE = 100
LARGEST_PAGE = 500


class Body(BaseModel):
    """What a client sends. An unknown key is an error that names it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class View(BaseModel):
    """What a client gets. Every key is always present."""

    model_config = ConfigDict(frozen=True)


class Nothing(Body):
    """A body without fields: none, or `{}`."""


class ReasonView(View):
    """Why not, as a code with parameters, and the sentence in the reader's language."""

    code: str
    params: dict[str, Any] = {}
    text: str = ""


class Action(View):
    """Something that can be done to a resource, whether it may be done now by this reader, and why not."""

    action: str
    allowed: bool
    reasons: list[ReasonView] = []


def action(name: str, reasons: Iterable[Reason] = ()) -> Action:
    """An action without the sentences of its reasons; `Call.action` says them in the reader's language."""
    views = [ReasonView(code=reason.code, params=dict(reason.params)) for reason in reasons]
    return Action(action=name, allowed=not views, reasons=views)


class Page(View, Generic[T]):
    """A part of a list; `next` asks for the following part with `?cursor=`, null at the end."""

    items: list[T]
    next: str | None = None


class PageQuery(Body):
    """`?limit=&cursor=` of every list."""

    limit: int = Field(PAGE_SIZE, ge=1, le=LARGEST_PAGE)
    cursor: str | None = Field(None, max_length=500)


def encode_cursor(property_id: str, position: Sequence[Any]) -> str:
    """Where a list was left off: the sort values of its last item. Belongs to one property."""
    return base64.urlsafe_b64encode(orjson.dumps([property_id, *position])).decode().rstrip("=")


def decode_cursor(property_id: str, cursor: str) -> list[Any]:
    """The sort values of a cursor. Raises Malformed for one that is broken or of another property."""
    try:
        content = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Malformed("the cursor cannot be read", code="bad_cursor") from error
    if not isinstance(content, list) or not content or content[0] != property_id:
        raise Malformed("the cursor is not of this property", code="bad_cursor")
    return content[1:]
