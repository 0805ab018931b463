"""`innkeeper reload` and the service it speaks to: a question left in DATA, a signal, an answer left in DATA."""

import asyncio
import json
import os
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from edge.folder import holder
from edge.reloading import Outcome

log = structlog.get_logger()

ASKED, ANSWERED = "reload.ask", "reload.answer"
PATIENCE_S = 60.0
LOOK_S = 0.1


class NobodyAnswersError(Exception):
    """No service runs over the folder, or it did not answer."""


class ReloadCalls:
    """The service's end. Give `run()` a task."""

    def __init__(self, data: Path, reload: Callable[[], Awaitable[Outcome]]) -> None:
        self._data = data
        self._reload = reload

    async def run(self, asked: asyncio.Event) -> None:
        """Reload whenever somebody has `asked`, until cancelled."""
        while True:
            await asked.wait()
            asked.clear()
            question = await asyncio.to_thread(_question, self._data)
            outcome = await self._reload()
            answer = json.dumps({"question": question, **outcome.told()})
            try:
                await asyncio.to_thread(_leave, self._data / ANSWERED, answer)
            except OSError as error:
                log.warning("reload.not_answered", error=str(error))


def call(data: Path) -> dict[str, Any]:
    """Ask the service that runs over the folder to reload; its answer (`Outcome.told`).

    Raises:
        NobodyAnswersError: there is none, or it says nothing.
        OSError: the folder cannot be written, or the service belongs to somebody else.
    """
    process = holder(data, "edge")
    if process is None:
        raise NobodyAnswersError(f"no edge runs over {data.absolute()}: the files are read when it starts")
    question = secrets.token_hex(8)
    try:
        _leave(data / ASKED, question)
        os.kill(process, signal.SIGHUP)
        return _awaited(data, question)
    finally:
        (data / ASKED).unlink(missing_ok=True)
        (data / ANSWERED).unlink(missing_ok=True)


def is_asked(data: Path) -> bool:
    """Whether somebody waits for an answer."""
    return (data / ASKED).exists()


def lines(answer: dict[str, Any]) -> list[str]:
    """The answer for a person."""
    if answer["reason"]:
        return [f"nothing was changed: {answer['reason']}", *(f"  {problem}" for problem in answer["problems"])]
    said = [f"{name.replace('_', ' ')}: {', '.join(ids)}" for name, ids in answer["changed"].items()]
    restart = [f"  {place}" for place in answer["restart"]]
    return [*(said or ["no line and no device has changed"]), *(["after a restart only:", *restart] if restart else [])]


def _awaited(data: Path, question: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        answer = _answer(data)
        if answer.pop("question", None) == question:
            return answer
    raise NobodyAnswersError(f"the service over {data.absolute()} did not answer within {PATIENCE_S:.0f} s")


def _answer(data: Path) -> dict[str, Any]:
    try:
        told = json.loads((data / ANSWERED).read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _question(data: Path) -> str | None:
    try:
        return (data / ASKED).read_text()
    except OSError:
        return None


def _leave(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text)
    draft.replace(path)
