"""`innkeeper explain ROOM`: the timeline of a room with the evidence, as text in the reader's language, or as JSON.

What tells it is imported by the command: a service runs without the weight of its languages.
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from edge.console import CONFIG, DATA, WRONG_INPUT, Config, Data, Json, answering, opened, refuse, tell

At = Annotated[
    str | None,
    typer.Option("--at", help="Up to when: an instant (ISO 8601) or HH:MM on the hotel's clock; now without."),
]
Hours = Annotated[float, typer.Option(min=0.1, max=24 * 31, help="How far back.")]
Language = Annotated[str | None, typer.Option(help="en or zh-CN; without, that of the environment (LANG).")]


def explain_room(
    room: Annotated[str, typer.Argument(metavar="ROOM")],
    at: At = None,
    hours: Hours = 24.0,
    language: Language = None,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What a room was, when, and why: with the evidence of the time. Works beside a running service."""
    from edge.explain import NothingToExplainError, explain
    from edge.telling import Teller, translator

    with answering():
        zone = ZoneInfo(opened(config).hotel.house.time_zone)
        now = datetime.now(UTC)
        try:
            found = explain(data, room, instant(at, zone, now), timedelta(hours=hours))
        except (NothingToExplainError, ValueError) as error:
            refuse(str(error), WRONG_INPUT)
        words = translator()
        teller = Teller(words, words.negotiate(language, _environment()), zone)
        tell(found.as_dict(), "\n".join(teller.lines(found)), as_json=as_json)


def instant(text: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    """What `--at` means; a time of day is the last one that has been. Raises ValueError."""
    if text is None:
        return now
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return _time_of_day(text, zone, now)
    return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)


def _time_of_day(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        clock = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time on the hotel's clock, the zone follows
    except ValueError:
        raise ValueError(f"--at {text}: an instant like 2026-11-26T09:30 or a time like 09:30") from None
    here = now.astimezone(zone)
    told = here.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return (told if told <= here else told - timedelta(days=1)).astimezone(UTC)


def _environment() -> str:
    """`zh_CN.UTF-8` as a language tag."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return told.partition(".")[0].replace("_", "-")
