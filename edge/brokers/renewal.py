"""The certificate of the devices' listener while the service runs: renewed in time, and taken up by the broker."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from edge.broker_settings import BrokerTable
from edge.brokers.certificate import certificate_files, ensure_certificate
from edge.brokers.running import tell_to_reload
from edge.brokers.trouble import BrokerError

log = structlog.get_logger()

LOOK_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Renewal:
    """Looks at the certificate of a data folder."""

    settings: BrokerTable
    data: Path
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Until cancelled."""
        seen = self.seen()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            seen = await asyncio.to_thread(self.look, seen)

    def seen(self) -> int | None:
        """When the certificate's file was written last."""
        try:
            return certificate_files(self.settings, self.data).certificate.stat().st_mtime_ns
        except OSError:
            return None

    def look(self, seen: int | None) -> int | None:
        """Renew what ends soon; tell the broker of a file that has changed since `seen`. Returns what it now holds."""
        try:
            ensure_certificate(self.settings, self.data, self.now())
        except BrokerError as error:
            log.warning("broker.certificate_unfit", why=str(error))  # the broker keeps the one it has
            return seen
        found = self.seen()
        if found == seen or not tell_to_reload(self.data / "broker"):
            return seen
        log.info("broker.certificate_taken_up")
        return found
