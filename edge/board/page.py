"""The board as a page: one document without any other file, its style and script named by their hash. Pure."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta
from html import escape
from pathlib import Path

from edge.board.picture import Alarm, Picture, RoomTile
from edge.board.texts import Words

HERE = Path(__file__).parent
STYLE = (HERE / "board.css").read_text("utf-8")
SCRIPT = (HERE / "board.js").read_text("utf-8")
MOST_ALARMS = 40
REFRESH_SECONDS = 5
_GLYPHS = {"occupied": "●", "vacant": "○", "unknown": "?"}


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


CONTENT_SECURITY = (
    f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def board(picture: Picture, words: Words, languages: dict[str, Words]) -> str:
    """The whole page. Its script fetches it again and takes over what is in <main>."""
    others = "".join(
        f'<a href="?language={name}" lang="{name}" hreflang="{name}">{escape(other("language.name"))}</a>'
        for name, other in languages.items()
        if name != words.language
    )
    lost = escape(words("board.lost", time="\0")).replace("\0", "<time></time>")
    head = f"<header><h1>{escape(picture.house)}</h1><nav>{others}</nav></header>"
    head += f'<p id="lost" role="alert" hidden>{lost}</p>'
    foot = f"<footer><p>{escape(words('foot.advisory'))}</p><p>{escape(words('foot.read_only'))}</p></footer>"
    return _document(words, f"{picture.house}: {words('board.title')}", head + _main(picture, words) + foot, live=True)


def shut(words: Words) -> str:
    """What somebody sees who has not opened the link."""
    text = f"<h1>{escape(words('door_shut.title'))}</h1><p>{escape(words('door_shut.text'))}</p>"
    return _document(words, words("door_shut.title"), f'<main class="shut">{text}</main>', live=False)


def _document(words: Words, title: str, body: str, *, live: bool) -> str:
    refresh = f'<noscript><meta http-equiv="refresh" content="{REFRESH_SECONDS}"></noscript>' if live else ""
    script = f"<script>{SCRIPT}</script>" if live else ""
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title>{refresh}<style>{STYLE}</style></head><body>{body}{script}</body></html>"
    )


def _main(picture: Picture, words: Words) -> str:
    time = f'<p class="clock">{escape(words("board.now", time=picture.now.strftime("%H:%M")))}</p>'
    return (
        f'<main data-now="{picture.now:%H:%M:%S}"><div class="top">{_pms(picture, words)}{time}</div>'
        f"{_troubles(picture, words)}{_alarms(picture.alarms, words)}{_rooms(picture.rooms, words)}</main>"
    )


def _pms(picture: Picture, words: Words) -> str:
    pms = picture.pms
    if pms.up:
        said = words("pms.up")
    elif pms.since is None:
        said = words("pms.never", age=age(pms.age, words))
    else:
        said = words("pms.down", age=age(pms.age, words), time=f"{pms.since:%m-%d %H:%M}")
    owed = f"<span>{escape(words('pms.owed', count=pms.owed))}</span>" if pms.owed and not pms.up else ""
    return f'<p class="pms" data-state="{"up" if pms.up else "down"}"><span>{escape(said)}</span>{owed}</p>'


def _troubles(picture: Picture, words: Words) -> str:
    return "".join(
        f'<p class="trouble" role="alert">{escape(words.code("trouble", trouble))}</p>' for trouble in picture.troubles
    )


def _alarms(alarms: tuple[Alarm, ...], words: Words) -> str:
    if not alarms:
        return f'<section class="alarms"><p class="calm">{escape(words("board.no_alarms"))}</p></section>'
    items = "".join(_alarm(alarm, words) for alarm in alarms[:MOST_ALARMS])
    left = len(alarms) - MOST_ALARMS
    more = f'<p class="more">{escape(words("board.more", count=left))}</p>' if left > 0 else ""
    title = f"{escape(words('board.alarms'))} <span>{len(alarms)}</span>"
    return f'<section class="alarms"><h2>{title}</h2><ul>{items}</ul>{more}</section>'


def _alarm(alarm: Alarm, words: Words) -> str:
    where = alarm.where or words("board.house")
    what = f"<small>{escape(alarm.what)}</small>" if alarm.what else ""
    when = f"{words.code('priority', alarm.priority)} · {age(alarm.age, words)}"
    return (
        f'<li data-priority="{escape(alarm.priority)}"><b class="where">{escape(where)}</b>'
        f'<span class="kind">{escape(words.code("kind", alarm.kind))}{what}</span>'
        f'<span class="when">{escape(when)}</span></li>'
    )


def _rooms(rooms: tuple[RoomTile, ...], words: Words) -> str:
    title = f"<h2>{escape(words('board.rooms'))} <span>{len(rooms)}</span></h2>"
    if not rooms:
        return f'<section class="rooms">{title}<p>{escape(words("board.no_rooms"))}</p></section>'
    return f'<section class="rooms">{title}<ul>{"".join(_room(room, words) for room in rooms)}</ul></section>'


def _room(room: RoomTile, words: Words) -> str:
    alarm = f' data-alarm="{escape(room.priority)}"' if room.priority else ""
    stale = " data-stale" if room.stale else ""
    badges = "".join(f'<li class="{name}">{escape(text)}</li>' for name, text in _badges(room, words))
    return (
        f'<li class="room" data-occupancy="{escape(room.occupancy)}"{stale}{alarm}>'
        f'<b class="number">{escape(room.number)}</b>'
        f'<span class="answer"><i aria-hidden="true">{_GLYPHS.get(room.occupancy, "?")}</i>'
        f"{escape(words.code('occupancy', room.occupancy))}</span>"
        f'<span class="age">{escape(_room_age(room, words))}</span><ul class="badges">{badges}</ul></li>'
    )


def _room_age(room: RoomTile, words: Words) -> str:
    if room.age is None:
        return words("board.by_hand") if room.manual else words("board.never")
    if room.stale:
        return words("board.old", age=age(room.age, words))
    said = [words("board.by_hand")] if room.manual else []
    said += [words("board.since", age=age(room.since, words))] if room.since is not None else []
    return " · ".join([*said, words("board.heard", age=age(room.age, words))])


def _badges(room: RoomTile, words: Words) -> Iterable[tuple[str, str]]:
    for group, code in (("request", room.request), ("cleaning", room.cleaning), ("door", room.door)):
        if f"{group}.{code}" in words.keys:
            yield code, words.code(group, code)


def age(span: timedelta, words: Words) -> str:
    """How long, in the one unit that matters."""
    seconds = span.total_seconds()
    if seconds < 60:
        return words("age.now")
    if seconds < 3600:
        return words("age.minutes", n=int(seconds // 60))
    if seconds < 48 * 3600:
        return words("age.hours", n=int(seconds // 3600))
    return words("age.days", n=int(seconds // 86_400))
