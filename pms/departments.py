"""Which departments there are: their routes, what they do when something happened, what they do now and then."""

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from pms import healthz
from pms.access import account_api
from pms.access import api as access
from pms.access.api import PASSWORDS, SESSIONS
from pms.access.passwords import Passwords
from pms.access.sessions import Sessions
from pms.energy import api as energy
from pms.frontdesk import api as frontdesk
from pms.frontdesk.sources import STAY_SOURCES, StaySources
from pms.housekeeping import api as housekeeping
from pms.housekeeping import cases_api, visits_api
from pms.housekeeping import reactions as housekeeping_reactions
from pms.housekeeping.cases import discrepancies, look_at_rooms
from pms.housekeeping.signs import follow_rooms
from pms.kernel.http import HttpContext, Routes, stream
from pms.kernel.http.application import build
from pms.kernel.jobs import Jobs
from pms.kernel.reactions import Reactions
from pms.keys import api as keys
from pms.keys import reactions as keys_reactions
from pms.keys.departures import stay_warnings
from pms.keys.sources import KEY_SOURCES, KeySources
from pms.link.retention import DEFAULTS, Periods
from pms.maintenance import api as maintenance
from pms.maintenance import load_api, orders_api
from pms.maintenance import reactions as maintenance_reactions
from pms.maintenance.notify import api as notifications
from pms.maintenance.notify import planning
from pms.maintenance.service import end_shelves
from pms.onboarding import api as onboarding
from pms.onboarding.service import give_up
from pms.onboarding.sources import DEVICE_SOURCES, DeviceSources
from pms.property import api as property_api
from pms.property.house import move_business_date
from pms.property.service import end_maintenances, end_overrides
from pms.property.sources import ROOM_SOURCES, MoreActions, RoomSources
from pms.room_feed import api as room_feed
from pms.room_feed.configured import configured
from pms.room_feed.encoders import encoders_of
from pms.room_feed.sensed import sensed_of
from pms.web import about
from pms.web import assembly as web_pages

ROUTES: tuple[Routes, ...] = (
    healthz.routes,
    stream.routes,
    access.routes,
    account_api.routes,
    property_api.routes,
    frontdesk.routes,
    keys.routes,
    housekeeping.routes,
    cases_api.routes,
    visits_api.routes,
    maintenance.routes,
    orders_api.routes,
    load_api.routes,
    notifications.routes,
    onboarding.routes,
    energy.routes,
    room_feed.routes,
    *web_pages.ROUTES,
)
"""Every route of the house."""


def application(
    context: HttpContext, sessions: Sessions, passwords: Passwords, periods: Periods = DEFAULTS
) -> web.Application:
    """The web application with every department in it. `periods`: days that data is kept, by class, to be shown."""
    app = build(context, ROUTES)
    app[SESSIONS], app[PASSWORDS], app[about.PERIODS] = sessions, passwords, dict(periods)
    offers: list[MoreActions] = [frontdesk.room_actions, keys.room_actions, room_feed.room_actions]
    app[ROOM_SOURCES] = RoomSources(sensed=sensed_of, discrepancies=discrepancies, actions=offers)
    app[STAY_SOURCES] = StaySources([stay_warnings])
    app[KEY_SOURCES] = KeySources(encoders_of)
    app[DEVICE_SOURCES] = DeviceSources(configured)
    app[healthz.DECLARED] = [route for routes in ROUTES for route in routes]
    web_pages.install(app)
    return app


def register_reactions(reactions: Reactions, webhooks: Sequence[str] = ()) -> None:
    """What follows from events. `webhooks`: addresses that are called for everything that happens to alerts."""
    housekeeping_reactions.register(reactions)
    keys_reactions.register(reactions)
    maintenance_reactions.register(reactions)
    reactions.on("maintenance.people", planning.TOLD, planning.people_of_event)
    if webhooks:
        reactions.on("maintenance.webhooks", planning.WEBHOOK_EVENTS, planning.WebhookPlan(webhooks))


def register_jobs(jobs: Jobs, sessions: Sessions) -> None:
    """What is done by the clock of the hotel."""
    jobs.every(timedelta(minutes=1), "business_date", move_business_date)
    jobs.every(timedelta(seconds=20), "overrides", end_overrides)
    jobs.every(timedelta(seconds=20), "maintenances", end_maintenances)
    jobs.every(timedelta(seconds=20), "shelves", end_shelves)
    jobs.every(timedelta(seconds=20), "signs", lambda work: follow_rooms(work, sensed_of))
    jobs.every(timedelta(seconds=60), "cases", lambda work: look_at_rooms(work, sensed_of))
    jobs.every(timedelta(seconds=20), "escalation", planning.escalate)
    keys_reactions.register_jobs(jobs)
    jobs.every(timedelta(seconds=20), "inventory.unanswered", give_up)
    jobs.every(timedelta(hours=1), "sessions", sessions.forget_old)
