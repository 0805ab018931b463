"""The ways to people and other systems: e-mail, webhook, and adapters of others (entry points).

An adapter is a class without arguments in the entry-point group `innkeeper.notifications`; its name there is the name
of the channel:

    class Pager:
        async def send(self, notice: Notice) -> None: ...

`send` returns once the message was taken over, and raises anything where it was not: it is then called again later
with the same `notice.id`.
"""

import asyncio
import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from importlib.metadata import entry_points
from typing import Any, Protocol

import aiohttp
import orjson

from pms.maintenance.notify.settings import MailServer, NotificationSettings

ENTRY_POINTS = "innkeeper.notifications"
EMAIL, WEBHOOK = "email", "webhook"
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to be sent. `id` stays the same when it is sent again; `event`: for programs, empty for people."""

    id: str
    reason: str  # raised, escalated, digest, test; for a webhook the name of the event
    address: str
    subject: str
    text: str
    at: str  # ISO 8601
    event: dict[str, Any]


class Channel(Protocol):
    """A way to people."""

    async def send(self, notice: Notice) -> None:
        """Hand the message over; raise where that failed."""


class DeliveryFailed(Exception):  # noqa: N818
    """The other side did not take it."""


class Email:
    """Through the hotel's mail server, in a worker thread: the standard library knows SMTP."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, notice: Notice) -> None:
        """Hand it to the mail server. Raises smtplib.SMTPException or OSError."""
        await asyncio.to_thread(self._send, self.message(notice))

    def message(self, notice: Notice) -> EmailMessage:
        """The mail. The same notice has the same Message-ID, so that a mailbox may drop a second copy."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._server.sender, notice.address, notice.subject
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{notice.id}@{self._server.sender.rpartition('@')[2] or 'innkeeper'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.text)
        return mail

    def _send(self, mail: EmailMessage) -> None:
        server = self._server
        context = ssl.create_default_context()
        if server.tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        with connection:
            if server.tls == "starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(mail)


class Webhook:
    """POST of JSON, signed: `X-Innkeeper-Signature: sha256=<HMAC of "<timestamp>.<body>">`. Follows no redirect."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    async def send(self, notice: Notice) -> None:
        """Call it. Raises DeliveryFailed for an answer that is not 2xx, aiohttp.ClientError, TimeoutError."""
        body = orjson.dumps({"id": notice.id, "type": notice.reason, "at": notice.at, **notice.event})
        headers = {
            "Content-Type": "application/json",
            "X-Innkeeper-Notification": notice.id,
            "X-Innkeeper-Timestamp": notice.at,
            "X-Innkeeper-Signature": f"sha256={signature(self._secret, notice.at, body)}",
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(notice.address, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise DeliveryFailed(f"answered {answer.status}")


def signature(secret: bytes, at: str, body: bytes) -> str:
    """What a receiver computes to know that a call is ours and new."""
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Channels:
    """The ways there are."""

    by_name: Mapping[str, Channel] = field(default_factory=dict)


def channels(settings: NotificationSettings) -> Channels:
    """Every channel there is: what is configured, and the adapters that are installed."""
    found: dict[str, Channel] = {point.name: point.load()() for point in entry_points(group=ENTRY_POINTS)}
    if settings.mail is not None:
        found[EMAIL] = Email(settings.mail)
    if settings.webhooks:
        found[WEBHOOK] = Webhook(settings.webhook_secret)
    return Channels(found)
