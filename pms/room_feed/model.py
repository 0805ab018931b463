"""Tables of the room feed: what the edge said, how far, and what it has yet to be told."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Float, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pms.kernel.columns import JsonText
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId


class LinkPeer(Base):
    """An epoch of the edge: in which order it was first heard, how far it is committed, what of it was unusable."""

    __tablename__ = "link_peer"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(80), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer)
    through: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    first_heard: Mapped[datetime]


class LinkRejected(Base):
    """A message that could not be used, kept to look at; only the last few are."""

    __tablename__ = "link_rejected"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)


class RoomSensed(Base):
    """The latest sensed state of a room. `told` is what of it was last said in an event."""

    __tablename__ = "room_sensed"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)  # the ordinal of the edge's epoch
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
    told_temperature: Mapped[float | None] = mapped_column(Float)


class AccessRecord(Base):
    """A card or code used at a door, as the lock told it."""

    __tablename__ = "access_record"
    __table_args__ = (Index("ix_access_record_room", "property_id", "room", "at"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    room: Mapped[str] = mapped_column(String(20))
    device: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    result: Mapped[Code]
    credential_class: Mapped[Code]
    credential: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str | None] = mapped_column(String(120))


class DeviceSeen(Base):
    """A device of the edge's inventory as it was last told."""

    __tablename__ = "device_seen"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(120), primary_key=True)
    room: Mapped[str | None] = mapped_column(String(20))
    line: Mapped[str] = mapped_column(String(120))
    profile: Mapped[str] = mapped_column(String(120))
    online: Mapped[bool | None]
    heard: Mapped[datetime | None]
    battery: Mapped[float | None] = mapped_column(Float)


class EdgeSystem(Base):
    """The edge's account of its own health, the latest."""

    __tablename__ = "edge_system"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    heard: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)


class LinkOutbox(Base):
    """What the edge has yet to be told. `merge_key`: a later row of the same key takes its place."""

    __tablename__ = "link_outbox"
    __table_args__ = (Index("ix_link_outbox_merge", "property_id", "merge_key"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[Code]
    merge_key: Mapped[str | None] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class LinkHead(Base):
    """Our own epoch and last sequence. Whoever adds to the outbox locks the row, so that order is commit order."""

    __tablename__ = "link_head"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    epoch: Mapped[str] = mapped_column(String(80))
    last: Mapped[int] = mapped_column(BigInteger)


class CommandJob(Base):
    """An order to a device, from a person, until it has ended in exactly one way."""

    __tablename__ = "command_job"
    __table_args__ = (
        CheckConstraint(
            "state IN ('accepted', 'sent', 'acknowledged', 'done', 'failed', 'expired', 'unknown')", name="state"
        ),
        Index("ix_command_job_room", "property_id", "room", "created_at"),
    )

    id: Mapped[Key] = mapped_column(default=partial(new_id, "command"))
    property_id: Mapped[PropertyId]
    room: Mapped[str] = mapped_column(String(20))
    device: Mapped[str | None] = mapped_column(String(120))
    point: Mapped[Code]
    value: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[Code]
    step: Mapped[Code]  # how far it came: accepted, sent, acknowledged, verified
    reason: Mapped[str | None] = mapped_column(String(120))
    by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    deadline: Mapped[datetime]
    ended_at: Mapped[datetime | None]
