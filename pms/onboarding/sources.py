"""What higher floors know of the devices that are configured, handed in by `pms.departments`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device of the inventory as the edge last told it. `room` None: a spare, or one of the house itself."""

    id: str
    room: str | None
    line: str
    profile: str
    online: bool | None
    heard: datetime | None


Devices = Callable[[AsyncSession, str], Awaitable[Sequence[KnownDevice]]]


async def _nobody(_session: AsyncSession, _property_id: str) -> Sequence[KnownDevice]:
    return ()


@dataclass(frozen=True, slots=True)
class DeviceSources:
    """`devices`: everything configured, by id."""

    devices: Devices = _nobody


DEVICE_SOURCES: web.AppKey[DeviceSources] = web.AppKey("device_sources", DeviceSources)
