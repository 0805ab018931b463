"""Where an application keeps what signs people in."""

from aiohttp import web

from pms.access.passwords import Passwords
from pms.access.sessions import Sessions

SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords", Passwords)
