"""Tables of access. People belong to properties through a table; sessions, invitations and failures to one property."""

from datetime import datetime
from functools import partial

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pms.access.permissions import ROLES
from pms.kernel.crypto import EncryptedText
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
    factors: Mapped[int | None]
    """2 when a second factor was shown; None in a session of an earlier release: 1."""


class LoginFailure(Base):
    """Failed sign-ins of one name from one place (an address, or `device:…`): the wait grows for that pair alone."""

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
    made_by: Mapped[str | None] = mapped_column(String(120))
    """Who made it; None: the service itself at the start of an empty house. That one ends with the first manager."""


class SecondFactor(Base):
    """What a person shows besides the password: the secret of the codes, and the last step that was used."""

    __tablename__ = "second_factor"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code for the day the phone is lost, as a keyed digest; the row goes when it is used."""

    __tablename__ = "recovery_code"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class SignInChallenge(Base):
    """A sign-in between password and code. With a `secret` it makes a new second factor, else it asks for the old."""

    __tablename__ = "sign_in_challenge"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    property_id: Mapped[PropertyId]
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), index=True)
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    failures: Mapped[int]
    ends_at: Mapped[datetime]


class KnownPlace(Base):
    """From where a person came in: `device:…` (a browser's cookie, hashed) or an address."""

    __tablename__ = "known_place"

    property_id: Mapped[PropertyId] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(String(80), primary_key=True)
    seen_at: Mapped[datetime]
