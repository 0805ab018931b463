"""Pages for people, in their language and on the hotel's clock. Departments render, `pms.web` owns the frame."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from pms.kernel import formats
from pms.kernel.events import head
from pms.kernel.http import HttpContext, ReadCall
from pms.kernel.http.calls import language_of
from pms.kernel.http.context import CONTEXT
from pms.kernel.i18n import Translator
from pms.kernel.i18n.translator import local_params
from pms.kernel.work import ReadSession

THEME_COOKIE = "innkeeper_theme"
THEMES = ("system", "light", "dark")
TIME_HEADER = "X-Hotel-Time"
TONES = {"VC": "ready", "VI": "ready", "VD": "todo", "OC": "stay", "OD": "stay-todo", "OOO": "away", "OOS": "away"}
"""The colour of a display code; the code and its word say the same without it."""

SCRIPT_TEXTS = ("age.", "live.", "problem.", "common.", "reason.")
"""The texts that the scripts of a page say by themselves."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation, shown to who holds `permission`."""

    name: str
    path: str
    icon: str
    permission: str


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is drawn."""

    translator: Translator
    language: str
    zone: ZoneInfo
    now: datetime


_READER: ContextVar[Reader] = ContextVar("innkeeper_reader")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page that another department contributes: a template of its own and what it needs."""

    template: str
    context: Mapping[str, Any]


Contribute = Callable[[ReadCall, str], Awaitable[Section | None]]
"""Makes a section about a subject (a room's number, say), or nothing for this reader."""

Today = Callable[[ReadSession, str], Awaitable[date]]
"""The business date of a property."""


class Pages:
    """Renders templates: names are `<department>/<file>`. The reader's language reaches every macro by itself.

    `sections` is what departments contribute to a page of another one below them, by the page's name.
    """

    def __init__(self, folders: Mapping[str, Path], places: tuple[Place, ...], today: Today) -> None:
        loader = PrefixLoader({name: FileSystemLoader(folder) for name, folder in folders.items()})
        self.environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self.environment.globals.update(t=_text, code=_code)
        self.environment.filters.update(_filters())
        self.places = places
        self.today = today
        self.sections: dict[str, list[Contribute]] = {}

    def render(self, template: str, reader: Reader, context: Mapping[str, Any]) -> str:
        """The HTML of a template. Raises jinja2.UndefinedError for a name the page was not given."""
        with _reading(reader):
            return self.environment.get_template(template).render(context)


PAGES: web.AppKey[Pages] = web.AppKey("innkeeper_pages", Pages)


async def page(call: ReadCall, template: str, section: str = "", /, **context: Any) -> web.Response:
    """A page, or a part of one that the browser asks for. `section` is the place of the navigation it belongs to."""
    return _answer(call.request, call.now, template, {"page": await _page_frame(call, section)} | context, 200)


async def sections(call: ReadCall, name: str, subject: str) -> list[Markup]:
    """What other departments contribute to the page `name` about `subject`, drawn."""
    pages = call.request.config_dict[PAGES]
    frame = await _page_frame(call, "")
    reader = Reader(call.context.translator, call.language, call.context.zone, call.now)
    made = [await contribute(call, subject) for contribute in pages.sections.get(name, ())]
    return [
        Markup(pages.render(one.template, reader, {"page": frame, **one.context}))  # noqa: S704 - drawn with autoescape
        for one in made
        if one is not None
    ]


async def _page_frame(call: ReadCall, section: str) -> dict[str, Any]:
    pages = call.request.config_dict[PAGES]
    return _frame(call.request, call.context, call.language, call.now) | {
        "section": section,
        "user": {"name": call.principal.username, "role": call.principal.role},
        "may": call.may,
        "offset": await head(call.session, call.property_id),
        "business_date": await pages.today(call.session, call.property_id),
        "notices": await sections(call, "frame", "") if section else [],
        "navigation": [place for place in pages.places if call.may(place.permission)],
    }


def visitor_page(request: web.Request, template: str, /, status: int = 200, **context: Any) -> web.Response:
    """A page for whoever asks: sign-in, errors."""
    house = request.config_dict[CONTEXT]
    frame = _frame(request, house, language_of(request), house.now())
    return _answer(request, house.now(), template, {"page": frame} | context, status)


def _frame(request: web.Request, house: HttpContext, language: str, now: datetime) -> dict[str, Any]:
    translator = house.translator
    keys = [key for key in translator.keys(house.translator.default) if key.startswith(SCRIPT_TEXTS)]
    return {
        "language": language,
        "languages": [(code, translator.text(code, "language.name")) for code in translator.languages],
        "theme": theme_of(request),
        "hotel": house.name or "Innkeeper",
        "time_zone": str(house.zone),
        "now": now,
        "path": request.rel_url.path_qs,
        "demo": house.demo,
        "texts": {key: translator.text(language, key) for key in sorted(keys)},
    }


def _answer(
    request: web.Request, now: datetime, template: str, context: Mapping[str, Any], status: int
) -> web.Response:
    house: HttpContext = request.config_dict[CONTEXT]
    reader = Reader(house.translator, context["page"]["language"], house.zone, now)
    html = request.config_dict[PAGES].render(template, reader, context)
    headers = {TIME_HEADER: formats.instant(now)}
    return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=headers)


def theme_of(request: web.Request) -> str:
    """The appearance the reader chose in this browser."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


@contextmanager
def _reading(reader: Reader) -> Iterator[None]:
    token = _READER.set(reader)
    try:
        yield
    finally:
        _READER.reset(token)


def _text(key: str, **params: Any) -> str:
    reader = _READER.get()
    return reader.translator.text(reader.language, key, **params)


def _code(group: str, code: str | None, params: Mapping[str, Any] | None = None) -> str:
    """The text of a code from elsewhere; a code this release has not heard of shows as itself."""
    reader = _READER.get()
    key = f"{group}.{code}"
    if code is None or not reader.translator.has(reader.language, key):
        return str(code or "").replace("_", " ")
    told = {name: _word(name, value) for name, value in (params or {}).items()}
    return reader.translator.text(
        reader.language, key, **local_params({"at": None, "params": told} | told, reader.zone)
    )


def _word(name: str, value: Any) -> Any:
    """A parameter that is itself a code, in the reader's language: `{"class": "guest"}`, `{"point": "motion"}`."""
    reader = _READER.get()
    key = f"{name}.{value}"
    return reader.translator.text(reader.language, key) if reader.translator.has(reader.language, key) else value


def _filters() -> dict[str, Any]:
    return {
        "instant": formats.instant,
        "moment": lambda value: formats.moment(value, _READER.get().now, _READER.get().zone, _READER.get().language),
        "clock": lambda value: formats.clock(value, _READER.get().zone),
        "day": lambda value: formats.day(value, _READER.get().language),
        "number": lambda value, digits=0: formats.number(value, digits, _READER.get().language),
        "percent": lambda value: formats.percent(value, _READER.get().language),
        "age": lambda seconds: _age(seconds),
        "since": lambda value: _age((_READER.get().now - formats.parsed(value)).total_seconds()),
        "floor": _floor,
        "merged": lambda first, second: {**first, **(second or {})},
        "tone": lambda display: TONES.get(display, "away"),
        "online": lambda value: {True: "yes", False: "no"}.get(value, "unknown"),
    }


def _floor(name: str) -> str:
    """A floor as people say it; one that only has a number is said in the reader's language."""
    number = name.removeprefix("Floor ")
    return _text("rooms.floor", floor=number) if number.isdigit() else name


def _age(seconds: float) -> str:
    key, params = formats.age(seconds)
    return _text(key, **params)
