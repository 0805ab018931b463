"""`GET /healthz` and `GET /api/openapi.json`: for supervisors and programs, without a session and without secrets."""

from aiohttp import web

from pms.kernel.health import Health
from pms.kernel.http import PUBLIC, Call, Routes
from pms.kernel.http.openapi import document
from pms.kernel.http.routes import Route

routes = Routes("service")

DECLARED: web.AppKey[list[Route]] = web.AppKey("declared_routes", list[Route])


def lines(health: Health, version: str) -> str:
    """The state of the whole, a line a part, the release. Details are for who has signed in."""
    parts = [f"{part.name} {part.state}" + (f" {part.code}" if part.code else "") for part in health.parts()]
    return "\n".join([health.state, *parts, f"version {version}"]) + "\n"


@routes.own("GET", "/healthz", permission=PUBLIC)
async def healthz(call: Call) -> web.StreamResponse:
    """200 once the house may be used (its first line says ok or degraded), else 503; the last line is the release."""
    health = call.context.health
    return web.Response(status=200 if health.ready else 503, text=lines(health, call.context.version))


@routes.own("GET", "/api/openapi.json", permission=PUBLIC)
async def openapi(call: Call) -> web.StreamResponse:
    """This document."""
    declared = call.request.config_dict[DECLARED]
    return web.json_response(document(declared, call.context.version))
