"""Tables of access. People belong to properties through a table; sessions, invitations and failures to one property."""

from datetime import datetime
from functools import partial

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pms.access.permissions import ROLES
from pms.kernel.ids import new_id
from pms.kernel.tables import Base, Code, Key, PropertyId

_ROLES = ", ".join(repr(role) for role in sorted(ROLES))


class User(Base):
    """A person who signs in. `password_hash` is argon2id."""

    __tablename__ = "user"

    id: Mapped[Key] = mapped_column(default=partial(new_id, "user"))
    username: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(20))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Membership(Base):
    """What a person is in a property."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"),)

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Code]


class Session(Base):
    """A sign-in. Only the token's hash is kept; times are of the wall clock, not of a simulated hotel's."""

    __tablename__ = "session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    property_id: Mapped[PropertyId]
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    ends_at: Mapped[datetime]


class LoginFailure(Base):
    """Failed sign-ins of one name from one address: the wait grows for that pair alone."""

    __tablename__ = "login_failure"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), primary_key=True)
    address: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]


class Invitation(Base):
    """A one-time link that makes a person; only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    property_id: Mapped[PropertyId]
    role: Mapped[Code]
    ends_at: Mapped[datetime]
