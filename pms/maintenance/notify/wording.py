"""What a message to a person says, in their language."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pms.kernel.i18n import Translator
from pms.maintenance.catalog import kind_of
from pms.maintenance.model import Alert
from pms.maintenance.rules import thing_of

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one reader. `page_url`: how browsers reach the pages, or "" where that is not known."""

    translator: Translator
    language: str
    zone: ZoneInfo
    house: str
    page_url: str = ""

    def subject(self, reason: str, alerts: Sequence[Alert]) -> str:
        """A line that says the most urgent thing first."""
        if reason == "test":
            return self._text("notify.test_subject", house=self.house)
        if len(alerts) > 1:
            return self._text("notify.digest_subject", count=len(alerts), house=self.house)
        return self._text(f"notify.{reason}_subject", line=self._line(alerts[0]), house=self.house)

    def text(self, reason: str, alerts: Sequence[Alert]) -> str:
        """All of it."""
        if reason == "test":
            return self._text("notify.test_text", house=self.house) + "\n"
        blocks = [self._block(alert) for alert in alerts[:MOST_LISTED]]
        if self.page_url:
            blocks.append(f"{self.page_url}/maintenance")
        return "\n\n".join(blocks) + "\n"

    def _block(self, alert: Alert) -> str:
        kind = kind_of(alert.kind)
        why = [self.translator.evidence(self.language, item, self.zone) for item in alert.evidence]
        lines = [self._line(alert), *(f"- {sentence}" for sentence in why)]
        for label, code in (("cause", kind.cause), ("consequence", kind.consequence), ("response", kind.response)):
            lines.append(f"{self._text(f'maintenance.{label}')}: {self._text(f'{label}.{code}')}")
        return "\n".join(lines)

    def _line(self, alert: Alert) -> str:
        key = f"kind.{alert.kind}"
        known = self.translator.has(self.language, key)
        what = self._text(key) if known else alert.kind
        thing = thing_of(alert.key, alert.room, alert.device)
        priority = f"[{self._text(f'priority.{alert.priority}')}]"
        return " ".join(part for part in (priority, alert.room or "", what, thing or "") if part)

    def _text(self, key: str, **params: object) -> str:
        return self.translator.text(self.language, key, **params)
