"""How the running service is, asked from outside: `/healthz` of the pages, or the sign of life of an edge alone."""

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.brokers.place import reachable
from edge.folder import in_use
from edge.http_settings import HttpTable
from edge.operate.heartbeat import HEARTBEAT, STALE_S

PATIENCE_S = 5.0
PART_WORDS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """`ready`: the house may be used. `state`: ok, degraded, starting, down; `silent` when nobody answers."""

    state: str
    ready: bool
    version: str | None
    parts: tuple[dict[str, str | None], ...] = ()
    detail: str = ""

    def answer(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For a person: the state, what is not well, the release."""
        ill = [part for part in self.parts if part["state"] != "ok"]
        said = [f"{self.state}{' (the house may be used)' if self.ready else ''}"]
        said += [f"  {part['part']}: {part['state']}{' ' + part['code'] if part['code'] else ''}" for part in ill]
        said += [f"  {self.detail}"] if self.detail else []
        return [*said, f"  version {self.version}"] if self.version else said


def ask(http: HttpTable, data: Path) -> Answer:
    """The answer of whatever runs over the data folder."""
    if not in_use(data, "pms"):
        if in_use(data, "edge"):
            return _edge_alone(data)
        return Answer("silent", ready=False, version=None, detail=f"nothing runs over {data}")
    if http.port == 0:
        return Answer("silent", ready=False, version=None, detail="[http] port is 0: nobody knows where it listens")
    host = reachable(http.host)
    address = f"[{host}]" if ":" in host else host
    detail = ""
    for scheme in ("http", "https"):
        try:
            return read(_get(f"{scheme}://{address}:{http.port}/healthz"))
        except (OSError, ValueError) as error:
            detail = str(error)
    return Answer("silent", ready=False, version=None, detail=detail)


def read(text: str) -> Answer:
    """The body of /healthz. Raises ValueError when it is another page."""
    first, *rest = text.splitlines() or [""]
    if first not in {"ok", "degraded", "starting", "down"}:
        raise ValueError("what answers there is not Innkeeper")
    version, parts = None, []
    for line in rest:
        words = line.split()
        if words[:1] == ["version"]:
            version = " ".join(words[1:])
        elif len(words) >= PART_WORDS:
            code = words[PART_WORDS] if len(words) > PART_WORDS else None
            parts.append({"part": words[0], "state": words[1], "code": code})
    return Answer(first, first in {"ok", "degraded"}, version, tuple(parts))


def _get(url: str) -> str:
    context = ssl.create_default_context()
    context.check_hostname = False  # asked on this machine, nothing secret is said
    context.verify_mode = ssl.CERT_NONE
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S, context=context) as response:  # noqa: S310 - our own address
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode(errors="replace"))


def _edge_alone(data: Path) -> Answer:
    """What it wrote last, as long as that is fresh."""
    try:
        told = json.loads((data / HEARTBEAT).read_text())
        age = time.time() - (data / HEARTBEAT).stat().st_mtime
        parts, ready, version = tuple(told["parts"]), bool(told["ready"]), str(told["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Answer("starting", ready=False, version=None, detail=f"no sign of life yet: {error}")
    if age > STALE_S:
        return Answer("down", ready=False, version=version, detail=f"no sign of life for {age:.0f} s")
    ill = any(part["state"] != "ok" for part in parts)
    return Answer("starting" if not ready else "degraded" if ill else "ok", ready, version, parts)
