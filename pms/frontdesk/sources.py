"""What higher floors know of stays, handed in by `pms.departments`: this department may not import them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import Reason

StayWarnings = Callable[[AsyncSession, str, Collection[str]], Awaitable[Mapping[str, list[Reason]]]]
"""(session, property, stay ids) -> by stay id, what is worth knowing of it."""


@dataclass
class StaySources:
    """`warnings`: what other departments have to say of a stay; never a reason to refuse anything."""

    warnings: list[StayWarnings] = field(default_factory=list)


STAY_SOURCES: web.AppKey[StaySources] = web.AppKey("stay_sources", StaySources)
