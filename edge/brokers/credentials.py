"""Making, rotating and revoking the broker's users: beside a running service, which then holds it at once.

Mosquitto reads users and topics again on SIGHUP, and closes the connection of everybody whose password is no longer
good.
"""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from devices.errors import NotSupported
from devices.mqtt.own_topics import OwnTopics, shared, topics_of_bridge, topics_of_device
from edge.brokers.mosquitto import hashed
from edge.brokers.passwords import OWN, write_all_users
from edge.brokers.running import tell_to_reload
from edge.brokers.users import BrokerUser, load_users, save_users, stamp
from edge.configuration import Configuration, over_own_broker
from edge.folder import FolderLock
from edge.secret_files import secret_path, write_secret

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
RESERVED = frozenset({*OWN, "session"})
SERVICE = "innkeeper"
"""Client ids of the service begin so: no user name may, for it becomes a client id."""
NO_PORT = "devices have no port of their own yet: set [broker] tls_port (or device_port) in service.toml"


class CredentialError(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a user is for. `kind`: device, bridge, home_assistant, pms; `target`: the device's id or the base topic."""

    kind: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A user with its new password, which is kept nowhere; `told`: a running broker holds it already."""

    user: BrokerUser
    password: str
    told: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """The users of a hotel's own broker."""

    configuration: Configuration
    data: Path
    now: datetime

    def add(self, name: str, wanted: Wanted) -> Given:
        """Make a user. Raises CredentialError, UsersDamagedError, FolderInUseError."""
        self._check_name(name)
        topics = self.topics(wanted)
        with self._lock():
            users = load_users(self.data)
            if name in users and users[name].may_enter:
                raise CredentialError(f"there is a user {name} already: rotate gives a new password")
            self._check_overlap(wanted, topics, users)
            password, now = secrets.token_urlsafe(24), stamp(self.now)
            lists = (topics.says, topics.hears)
            user = BrokerUser(name, wanted.kind, wanted.target, *lists, hashed(password), now, now)
            return Given(user, password, self._keep(users | {name: user}))

    def rotate(self, name: str) -> Given:
        """A new password, and the topics as the configuration has them now; whoever has the old one is out."""
        with self._lock():
            users = load_users(self.data)
            user = _present(users, name)
            wanted = Wanted(user.kind, user.target)
            topics, others = self.topics(wanted), {key: one for key, one in users.items() if key != name}
            self._check_overlap(wanted, topics, others)
            password = secrets.token_urlsafe(24)
            user = replace(user, says=topics.says, hears=topics.hears)
            user = replace(user, password_hash=hashed(password), changed=stamp(self.now))
            return Given(user, password, self._keep(users | {name: user}))

    def revoke(self, name: str) -> bool:
        """Out at once and for good; returns whether a running broker was told."""
        if name in OWN:
            raise CredentialError(f"{name} belongs to the service: rotate it, and give the new password to nobody")
        with self._lock():
            users = load_users(self.data)
            now = stamp(self.now)
            gone = replace(_present(users, name), password_hash="", changed=now, revoked=now)
            return self._keep(users | {name: gone})

    def rotate_own(self, name: str) -> bool:
        """A new password of the service's own user or of `field`; returns whether a running broker was told.

        Raises FolderInUseError: the service runs, and its own connections hold the old password.
        """
        if name not in OWN:
            raise CredentialError(f"{name} is no user of the service")
        if name != SERVICE:
            return self._renewed(name)
        with FolderLock(self.data, "edge"):
            return self._renewed(name)

    def _renewed(self, name: str) -> bool:
        with self._lock():
            write_secret(secret_path(self.data, f"broker_{name}"), secrets.token_urlsafe(24))
            write_all_users(self.data)
            return tell_to_reload(self.data / "broker")

    def topics(self, wanted: Wanted) -> OwnTopics:
        """What such a user may say and hear. Raises CredentialError."""
        house, shown = self.configuration.hotel.house.id, self.configuration.settings.home_assistant
        if wanted.kind == "home_assistant":
            prefix = shown.discovery_prefix
            return OwnTopics((f"{prefix}/status",), (f"{prefix}/#", f"{shown.topic}/{house}/#"))
        if wanted.kind == "pms":
            return OwnTopics((f"{SERVICE}/{house}/down/#",), (f"{SERVICE}/{house}/up/#",))
        try:
            found = topics_of_bridge(wanted.target) if wanted.kind == "bridge" else self._of_device(wanted.target)
        except NotSupported as error:
            raise CredentialError(error.detail) from error
        self._check_not_ours(found)
        return found

    def is_stale(self, user: BrokerUser) -> bool:
        """Whether the configuration would give it other topics now."""
        try:
            topics = self.topics(Wanted(user.kind, user.target))
        except CredentialError:
            return user.may_enter
        return user.may_enter and (topics.says, topics.hears) != (user.says, user.hears)

    def _of_device(self, device_id: str) -> OwnTopics:
        inventory = self.configuration.inventory
        device = inventory.devices.get(device_id)
        if device is None:
            raise CredentialError(f"devices.toml has no device {device_id}")
        if device.line not in over_own_broker(inventory):
            raise CredentialError(f"{device_id} is on line {device.line}, which is not over the service's own broker")
        return topics_of_device(device, self.configuration.catalog.get(device.profile))

    def _check_not_ours(self, topics: OwnTopics) -> None:
        shown = self.configuration.settings.home_assistant
        ours = [f"{root}/#" for root in (SERVICE, shown.topic, shown.discovery_prefix)]
        met = shared((*topics.says, *topics.hears), ours)
        if met:
            raise CredentialError(f"{met[0]} meets {met[1]}, where no device may speak")
        if any(not sign.isprintable() for topic in (*topics.says, *topics.hears) for sign in topic):
            raise CredentialError("a topic with signs that cannot be printed")

    def _check_overlap(self, wanted: Wanted, topics: OwnTopics, users: dict[str, BrokerUser]) -> None:
        for user in users.values():
            met = shared(topics.says, user.says) if user.may_enter else None
            if met:
                raise CredentialError(f"{met[0]} ({wanted.kind}) meets {met[1]} of user {user.name}: revoke that first")

    def _check_name(self, name: str) -> None:
        broker, lines = self.configuration.settings.broker, self.configuration.inventory.lines.values()
        if not broker.for_devices:
            raise CredentialError(NO_PORT)
        if not NAME.fullmatch(name):
            raise CredentialError(f"{name!r} is no user name: letters, digits, and _ . - after the first")
        taken = name in RESERVED or name in {line.settings.client_id for line in lines}
        if taken or name.lower().startswith(SERVICE):
            raise CredentialError(f"{name} is a name of the service: as a client id it would take its session over")

    def _keep(self, users: dict[str, BrokerUser]) -> bool:
        save_users(self.data, users)
        if not (self.data / "broker").exists():
            return False
        write_all_users(self.data)
        return tell_to_reload(self.data / "broker")

    def _lock(self) -> FolderLock:
        return FolderLock(self.data, "broker-users")


def _present(users: dict[str, BrokerUser], name: str) -> BrokerUser:
    user = users.get(name)
    if user is None or not user.may_enter:
        raise CredentialError(f"there is no user {name}: `innkeeper broker credentials list` names them")
    return user
