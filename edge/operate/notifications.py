"""`[notifications]` with its secrets, as the PMS takes it."""

import os
from collections.abc import Mapping
from pathlib import Path

from edge.notifications_table import NotificationsTable
from edge.secret_files import secret, secret_path
from pms.maintenance.notify.settings import MailServer, NotificationSettings


def notification_settings(
    table: NotificationsTable, data: Path, page_url: str, environment: Mapping[str, str] = os.environ
) -> NotificationSettings:
    """The settings. The secret of webhooks is made where there is none. Raises OSError when it cannot be kept."""
    mail = None
    if table.smtp_host:
        path = secret_path(data, "smtp_password")
        kept = path.read_text("utf-8").strip() if path.exists() else ""
        password = environment.get("INNKEEPER_SMTP_PASSWORD") or kept
        mail = MailServer(table.smtp_host, table.smtp_port, table.smtp_tls, table.smtp_user, password, table.sender)
    signed = ""
    if table.webhooks:
        signed = environment.get("INNKEEPER_WEBHOOK_SECRET") or secret(data, "webhook")
    return NotificationSettings(mail, table.webhooks, signed, page_url)
