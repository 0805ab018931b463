"""What the house must be told to reach people: its mail server, its webhooks."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over. `sender`: the From address."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "off"]
    user: str
    password: str
    sender: str


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """Without a mail server there is no channel `email`; without webhooks none is called. `page_url`: for links."""

    mail: MailServer | None = None
    webhooks: tuple[str, ...] = ()
    webhook_secret: str = ""
    page_url: str = ""
