"""Keys that end before the guest leaves: after an extension the card must be made anew."""

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pms.kernel.errors import Reason
from pms.keys.model import KeyCard
from pms.keys.rules import KeySettings, KeyType, Life, end_of_window
from pms.property import service as house
from pms.reservations.model import Reservation

WARNING = "keys_end_before_departure"


async def ends_too_early(session: AsyncSession, property_id: str, keys: Sequence[KeyCard]) -> dict[str, list[Reason]]:
    """By key id: the warning for those in force that end before their guest's departure."""
    inside = [key for key in keys if key.life == Life.ACTIVE and key.type != KeyType.ONE_SHOT]
    if not inside:
        return {}
    found = await house.the_property(session, property_id)
    settings, zone = KeySettings.of(found.key_settings), ZoneInfo(found.time_zone)
    query = select(Reservation.id, Reservation.departure).where(
        Reservation.property_id == property_id, Reservation.id.in_({key.stay_id for key in inside})
    )
    leaves = {row.id: end_of_window(row.departure, settings, zone) for row in await session.execute(query)}
    return {
        key.id: [Reason("keys_end_before_departure", {"until": key.valid_until.isoformat()})]
        for key in inside
        if key.stay_id in leaves and key.valid_until < leaves[key.stay_id]
    }


async def stay_warnings(session: AsyncSession, property_id: str, stays: Collection[str]) -> dict[str, list[Reason]]:
    """By stay id: the warning where a key in force ends before the departure; the first of them counts."""
    if not stays:
        return {}
    query = select(KeyCard).where(
        KeyCard.property_id == property_id, KeyCard.stay_id.in_(stays), KeyCard.life == Life.ACTIVE.value
    )
    keys = (await session.scalars(query.order_by(KeyCard.valid_until, KeyCard.id))).all()
    early = await ends_too_early(session, property_id, keys)
    return {key.stay_id: early[key.id] for key in reversed(keys) if key.id in early}
