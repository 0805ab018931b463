"""`[notifications]`: secrets from the environment or a file, mistakes named."""

from pathlib import Path

import pytest

from devices.problems import ConfigurationError
from edge.operate.notifications import notification_settings
from edge.settings import load_settings
from pms.maintenance.notify.settings import NotificationSettings


def written(folder: Path, text: str) -> Path:
    path = folder / "service.toml"
    path.write_text(text)
    return path


def test_without_the_table_nobody_is_called(tmp_path: Path) -> None:
    table = load_settings(written(tmp_path, ""), {}).notifications
    assert notification_settings(table, tmp_path, "", {}) == NotificationSettings()
    assert not (tmp_path / "secrets").exists()


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    text = '[notifications]\nsmtp_host = "mail"\nsender = "a@b"\nwebhooks = ["https://x.example/y"]\n'
    table = load_settings(written(tmp_path, text), {}).notifications
    secrets = {"INNKEEPER_SMTP_PASSWORD": "from outside", "INNKEEPER_WEBHOOK_SECRET": "too"}
    told = notification_settings(table, tmp_path, "https://h", secrets)
    assert told.mail is not None
    assert (told.mail.password, told.webhook_secret, told.page_url) == ("from outside", "too", "https://h")
    made = notification_settings(table, tmp_path, "", {})
    (tmp_path / "secrets" / "smtp_password").write_text("kept\n")
    again = notification_settings(table, tmp_path, "", {})
    assert again.mail is not None
    assert (again.mail.password, again.webhook_secret) == ("kept", made.webhook_secret)
    assert len(made.webhook_secret) >= 24
    assert (tmp_path / "secrets" / "webhook").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "word"),
    [('webhooks = ["ftp://x"]', "webhooks"), ('smtp_host = "mail"', "sender"), ('smtp_hosts = "mail"', "smtp_hosts")],
)
def test_a_mistake_is_named(tmp_path: Path, line: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        load_settings(written(tmp_path, f"[notifications]\n{line}\n"), {})
