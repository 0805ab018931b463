"""What `pms.app` needs of the pages: their routes, the languages, and the wiring of an application."""

from pathlib import Path

from aiohttp import web

from pms.access.permissions import ALERTS_READ, HOUSEKEEPING_READ, KEYS_READ, ROOMS_READ, SYSTEM_READ
from pms.frontdesk import pages as frontdesk
from pms.housekeeping import pages as housekeeping
from pms.kernel.html import PAGES, Pages, Place
from pms.kernel.http import CONTEXT, Routes
from pms.keys import pages as keys
from pms.maintenance import pages as maintenance
from pms.property.service import business_date
from pms.web import about, account, controls, devices, door, health, invitation, people, second_factor, trust
from pms.web.errors import error_page

CATALOGUES = Path(__file__).parent / "catalogues"
"""The languages: `Translator.load(CATALOGUES)`."""

PLACES = (
    Place("rooms", "/rooms", "rooms", ROOMS_READ),
    Place("keys", "/keys", "key", KEYS_READ),
    Place("housekeeping", "/housekeeping", "broom", HOUSEKEEPING_READ),
    Place("maintenance", "/maintenance", "tool", ALERTS_READ),
    Place("system", "/system", "pulse", SYSTEM_READ),
)

ROUTES: tuple[Routes, ...] = (
    door.routes,
    second_factor.routes,
    invitation.routes,
    trust.routes,
    account.routes,
    people.routes,
    health.routes,
    about.routes,
    frontdesk.routes,
    keys.routes,
    housekeeping.routes,
    maintenance.routes,
)
"""Every page of the house."""

_PMS = Path(__file__).parent.parent
_FOLDERS = {name: _PMS / name / "templates" for name in ("web", "frontdesk", "keys", "housekeeping", "maintenance")}


def install(app: web.Application) -> None:
    """Give an application its pages. Its context must be there already."""
    pages = Pages(_FOLDERS, PLACES, business_date)
    pages.sections["room"] = [
        controls.room_section,
        keys.room_section,
        housekeeping.room_section,
        maintenance.room_section,
        devices.room_section,
    ]
    pages.sections["frame"] = [maintenance.frame_section]
    app[PAGES] = pages
    app[CONTEXT].error_page = error_page
