"""The sign of life of an edge that runs without pages: a small file that `innkeeper health` reads."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

HEARTBEAT = "edge.health"
BEAT_S = 10.0
STALE_S = 60.0


async def beat(data: Path, version: str, body: Callable[[], dict[str, Any]]) -> None:
    """Write it until cancelled; it is gone afterwards. `body`: of the edge's health (`HealthReport.body`)."""
    path = data / HEARTBEAT
    try:
        while True:
            await asyncio.to_thread(_write, path, _essence(body(), version))
            await asyncio.sleep(BEAT_S)
    finally:
        path.unlink(missing_ok=True)


def _essence(body: dict[str, Any], version: str) -> str:
    parts = [{name: part[name] for name in ("part", "state", "code")} for part in body["parts"]]
    return json.dumps({"ready": body["ready"], "version": version, "parts": parts})


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text)
        draft.replace(path)
    except OSError as error:
        log.debug("heartbeat.not_written", error=str(error))
