"""One scheduled backup, in a process of its own: `python -m edge.operate.nightly CONFIG DATA PART` prints one object.

It is made, restored as a proof, and only then are those deleted that are kept no longer.
"""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.archive import STAMP, Scope, backup
from edge.brokers.guard import end_with_parent
from edge.configuration import Configuration, load_configuration
from edge.console import books
from edge.operate.rehearsal import rehearse
from edge.operate.rules import Keep, kept
from edge.service import version

PARTS = ("all", "edge", "pms")
NICE = 10


def label(configuration: Configuration, part: str) -> str:
    """What stands in the names of this hotel's scheduled backups: others in the same folder are left alone."""
    return f"auto-{configuration.hotel.house.id}-{part}-"


async def make(configuration: Configuration, data: Path, part: str) -> dict[str, Any]:
    """Make it. Raises what `archive.backup` and `rehearse` raise."""
    begun, settings = time.monotonic(), configuration.settings.backup
    keys = Path(settings.secrets_path) if settings.secrets_path else None
    scope = Scope(part in {"all", "edge"}, part in {"all", "pms"}, label(configuration, part), keys, keys is not None)
    made = await backup(books(configuration, data), Path(settings.path), version(), scope)
    proof = await rehearse(made, data)
    forgotten = forget(configuration, part)
    return {
        "file": made.file,
        "bytes": made.file.stat().st_size,
        "rows": proof.rows,
        "events": proof.events,
        "decrypted": proof.decrypted,
        "keys_saved": made.secrets is not None,
        "seconds": round(time.monotonic() - begun, 1),
        "deleted": forgotten,
    }


def forget(configuration: Configuration, part: str) -> list[str]:
    """Delete the scheduled backups that are kept no longer; their names."""
    settings, prefix = configuration.settings.backup, f"innkeeper-{label(configuration, part)}"
    keep = Keep(settings.daily, settings.weekly, settings.monthly)
    zone, gone = ZoneInfo(configuration.hotel.house.time_zone), []
    for folder, ending in ((settings.path, ".tar"), (settings.secrets_path, ".secrets.tar")):
        made = _made(Path(folder), prefix, ending) if folder else {}
        staying = kept(made, keep, zone)
        for instant, path in sorted(made.items()):
            if instant not in staying:
                path.unlink(missing_ok=True)
                gone.append(path.name)
    return gone


def _made(folder: Path, prefix: str, ending: str) -> dict[datetime, Path]:
    found = {}
    for path in folder.glob(f"{prefix}*{ending}"):
        with suppress(ValueError):  # a file of another naming is not ours to delete
            stamp = path.name[len(prefix) : -len(ending)]
            found[datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)] = path
    return found


def main(words: list[str]) -> int:
    """The process: one JSON object on standard output, 0 when the backup is good."""
    config, data, part, parent = Path(words[0]), Path(words[1]), words[2], int(words[3])
    end_with_parent(parent)
    os.umask(0o077)
    with suppress(OSError):
        os.nice(NICE)
    try:
        answer = asyncio.run(make(load_configuration(config), data, part))
    except Exception as error:  # noqa: BLE001 - whatever it was, the service has to hear that there is no backup
        answer = {"error": type(error).__name__, "detail": str(error)[:300]}
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
    return 1 if "error" in answer else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
