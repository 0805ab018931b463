"""`[notifications]`: how people and other systems hear of alerts. Who they are is kept on a page, not here."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from edge.table import Port, Table

TLS = "starttls: encrypted after the greeting (port 587). tls: from the start (465). off: within this machine only."


class NotificationsTable(Table):
    """The mail server and the webhooks of alerts. INNKEEPER_SMTP_PASSWORD or DATA/secrets/smtp_password, and
    INNKEEPER_WEBHOOK_SECRET or DATA/secrets/webhook (made at the first start), are their secrets."""

    smtp_host: str = Field("", description="The hotel's mail server; empty: no e-mail.")
    smtp_port: Port = Field(587, description="Its port.")
    smtp_tls: Literal["starttls", "tls", "off"] = Field("starttls", description=TLS)
    smtp_user: str = Field("", description="To sign in as; empty: without.")
    sender: str = Field("", description="The From address of what is sent.")
    webhooks: tuple[str, ...] = Field((), description="Addresses called for everything that happens to an alert.")

    @field_validator("webhooks")
    @classmethod
    def _are_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
                raise ValueError(f"{url!r} is not http(s)://host/path")
        return value

    @model_validator(mode="after")
    def _sender_for_mail(self) -> Self:
        if self.smtp_host and "@" not in self.sender:
            raise ValueError("smtp_host needs sender, the address that messages come from")
        return self
