"""A room as everybody sees it: what the house believes, what the devices say, and how old each of it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from pms.kernel.http.models import Action, View
from pms.kernel.i18n import Translator
from pms.link.messages import EvidenceItem, RoomBody, Sensed, SensedOccupancy
from pms.property.model import Room
from pms.property.rules import display, is_in_force


class HousekeepingView(View):
    """The housekeeping state, and whether a person or the room said so."""

    state: str
    source: str


class EvidenceView(View):
    """One reason, as a code and as a sentence."""

    code: str
    at: datetime
    params: dict[str, Any]
    text: str


class OccupancyView(View):
    """Whether somebody is in the room. When set by hand, `detected` is what the devices say meanwhile."""

    occupancy: str
    confidence: float
    since: datetime | None
    age_s: int | None
    stale: bool
    source: str
    until: datetime | None
    detected: str
    evidence: list[EvidenceView]


class CleaningView(View):
    """An attendant's work as the devices see it."""

    phase: str
    by: str | None
    since: datetime | None


class StateView(View):
    """A door's or lock's state."""

    state: str
    age_s: int | None
    stale: bool


class ClimateView(View):
    """The climate."""

    temperature_c: float | None
    setpoint_c: float | None
    mode: str | None
    age_s: int | None
    stale: bool


class MaintenanceView(View):
    """People work on the room: it raises nothing until then, or until somebody ends it."""

    reason: str
    since: datetime
    until: datetime


class RoomView(View):
    """One room. Every key is always there."""

    number: str
    type: str
    floor: str
    front_office: str
    stay: str | None
    housekeeping: HousekeepingView
    sellability: str
    sellability_reason: str | None
    request: str
    display: str
    version: int
    sensed: OccupancyView
    cleaning: CleaningView
    door: StateView
    lock: StateView
    climate: ClimateView
    conditions: list[str]
    discrepancy: dict[str, Any] | None
    maintenance: MaintenanceView | None
    actions: list[Action]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom and when a room is shown. `link_up` False makes everything sensed stale."""

    now: datetime
    language: str
    translator: Translator
    zone: ZoneInfo
    link_up: bool

    def age(self, heard: datetime | None) -> int | None:
        """Whole seconds since something was heard; None when it never was."""
        return None if heard is None else max(0, int((self.now - heard).total_seconds()))

    def is_stale(self, heard: datetime | None, fresh_until: datetime | None, *, said: bool = False) -> bool:
        """Whether a value may no longer be believed. What was never heard is unknown, not stale."""
        if heard is None:
            return False
        return said or not self.link_up or (fresh_until is not None and self.now > fresh_until)


def room_view(
    room: Room,
    body: Mapping[str, Any] | None,
    reader: Reader,
    discrepancy: Mapping[str, Any] | None = None,
    actions: list[Action] | None = None,
) -> RoomView:
    """A room for `reader`. `body`: what the room last said, None when it never did."""
    sensed = _body(room, body)
    return RoomView(
        number=room.number,
        type=room.type_code,
        floor=room.floor_code,
        front_office=room.front_office,
        stay=room.stay_id,
        housekeeping=HousekeepingView(state=room.housekeeping, source=room.housekeeping_source),
        sellability=room.sellability,
        sellability_reason=room.sellability_reason,
        request=room.request or _text(sensed.request.value, "none"),
        display=display(room.front_office, room.housekeeping, room.sellability),
        version=room.version,
        sensed=_occupancy(room, sensed.occupancy, reader),
        cleaning=CleaningView(**sensed.cleaning.model_dump()),
        door=_state(sensed.door, reader),
        lock=_state(sensed.lock, reader),
        climate=_climate(sensed, reader),
        conditions=sensed.conditions,
        discrepancy=dict(discrepancy) if discrepancy and room.maintenance_reason is None else None,
        maintenance=_maintenance(room),
        actions=actions or [],
    )


def _maintenance(room: Room) -> MaintenanceView | None:
    reason, since, until = room.maintenance_reason, room.maintenance_since, room.maintenance_until
    if reason is None or since is None or until is None:
        return None
    return MaintenanceView(reason=reason, since=since, until=until)


def _body(room: Room, body: Mapping[str, Any] | None) -> RoomBody:
    if body is not None:
        try:
            return RoomBody.model_validate(body)
        except ValidationError:  # written by another release: as good as never heard
            pass
    return RoomBody(room=room.number, version=0, at=room.housekeeping_at)


def _occupancy(room: Room, sensed: SensedOccupancy, reader: Reader) -> OccupancyView:
    detected = _detected(sensed)
    evidence = [_evidence(item, reader) for item in sensed.evidence]
    if room.occupancy_set is not None and is_in_force(room.occupancy_set, room.occupancy_until, reader.now):
        return OccupancyView(
            occupancy=room.occupancy_set,
            confidence=1.0,
            since=room.occupancy_at,
            age_s=reader.age(room.occupancy_at),
            stale=False,
            source="manual",
            until=room.occupancy_until,
            detected=detected,
            evidence=_by_hand(room, evidence, reader),
        )
    return OccupancyView(
        occupancy=detected,
        confidence=sensed.confidence if detected == sensed.value else 0.0,
        since=sensed.since,
        age_s=reader.age(sensed.heard),
        stale=reader.is_stale(sensed.heard, sensed.fresh_until, said=sensed.stale),
        source="detected",
        until=None,
        detected=detected,
        evidence=evidence,
    )


def _detected(sensed: SensedOccupancy) -> str:
    """What the devices say; while the edge still shows an answer set by hand, it tells theirs beside it."""
    return sensed.value if sensed.source == "detected" else sensed.detected or "unknown"


def _by_hand(room: Room, evidence: list[EvidenceView], reader: Reader) -> list[EvidenceView]:
    if any(item.code == "set_by_hand" for item in evidence) or room.occupancy_at is None:
        return evidence
    item = EvidenceItem(code="set_by_hand", at=room.occupancy_at, params={"by": room.occupancy_by})
    return [_evidence(item, reader), *evidence]


def _evidence(item: EvidenceItem, reader: Reader) -> EvidenceView:
    text = reader.translator.evidence(reader.language, item.model_dump(), reader.zone)
    return EvidenceView(code=item.code, at=item.at, params=item.params, text=text)


def _state(sensed: Sensed, reader: Reader) -> StateView:
    return StateView(
        state=_text(sensed.value, "unknown"),
        age_s=reader.age(sensed.heard),
        stale=reader.is_stale(sensed.heard, sensed.fresh_until, said=sensed.stale),
    )


def _climate(sensed: RoomBody, reader: Reader) -> ClimateView:
    climate = sensed.climate
    return ClimateView(
        temperature_c=climate.temperature_c,
        setpoint_c=climate.setpoint_c,
        mode=climate.mode,
        age_s=reader.age(climate.heard),
        stale=reader.is_stale(climate.heard, climate.fresh_until),
    )


def _text(value: Any, unknown: str) -> str:
    return value if isinstance(value, str) else unknown
