"""The web application: declared routes become handlers that authenticate, permit, validate, run and answer."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from pms.kernel import errors
from pms.kernel.http import idempotency, problems, security
from pms.kernel.http.calls import Call, Principal, ReadCall, Reply, WriteCall
from pms.kernel.http.context import CONTEXT, HttpContext
from pms.kernel.http.idempotency import Rendered
from pms.kernel.http.routes import PUBLIC, SIGNED_IN, Answer, Route, Routes
from pms.kernel.work import Actor, UnitOfWork

log = structlog.get_logger()

LARGEST_BODY = 256 * 1024
SIGN_IN_PAGE = "/sign-in"


def build(context: HttpContext, departments: Iterable[Routes]) -> web.Application:
    """An application with every route of the departments."""
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_measured, _guard])
    app[CONTEXT] = context
    app.on_response_prepare.append(security.add_headers)
    app.on_shutdown.append(_close_streams)
    for routes in departments:
        for route in routes:
            app.router.add_route(route.method, route.path, _handler(route), name=None)
        for prefix, folder in routes.statics:
            app.router.add_static(prefix, folder)
    return app


async def _close_streams(app: web.Application) -> None:
    context = app[CONTEXT]
    context.closing = True
    context.database.listeners.wake()


@web.middleware
async def _measured(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    return await request.config_dict[CONTEXT].measures.request(request, handler)


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        security.check_path(request)
        security.check_host(request)
        request.config_dict[CONTEXT].throttle.from_address(security.address_of(request))
        security.check_origin(request)
        return await handler(request)
    except errors.Refusal as refusal:
        return problems.response(request, problems.of_refusal(refusal))
    except errors.StorageFailed as error:
        request.config_dict[CONTEXT].health.report("database", "down", code="storage_failed", detail=str(error)[:200])
        return problems.response(request, problems.Problem(503, "storage_failed"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problems.response(request, problems.of_http(error))
    except Exception as error:  # the edge of every request: one failure must not end the service
        log.exception("request_failed", method=request.method, path=request.path, kind=type(error).__name__)
        return problems.response(request, problems.Problem(500, "internal"))


def _handler(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        principal = await _principal(request)
        if route.kind == "page" and principal is None and route.permission != PUBLIC:
            raise web.HTTPSeeOther(f"{SIGN_IN_PAGE}?next={quote(str(request.rel_url))}")
        if principal is not None:
            request.config_dict[CONTEXT].throttle.of_person(principal.user_id)
        elif route.door:
            request.config_dict[CONTEXT].throttle.at_the_door(security.address_of(request))
        try:
            permit(route, principal)
        except errors.Forbidden as refusal:
            await _say_refused(route, request, principal, refusal)
            raise
        content = await request.read() if route.method != "GET" else b""
        parsed = {"body": _body(route, request, content), "query": _query(route, request)}
        if route.kind == "write":
            return await _write(route, request, principal, parsed, content)
        if route.kind == "own":
            return _respond(request, route, await route.handler(Call(request, principal, parsed)))
        async with request.config_dict[CONTEXT].database.read() as session:
            answer = await route.handler(ReadCall(request, principal, parsed, session))
        return _respond(request, route, answer)

    return handle


async def _principal(request: web.Request) -> Principal | None:
    token = security.token_of(request)
    return await request.config_dict[CONTEXT].authenticator.authenticate(token) if token else None


def permit(route: Route, principal: Principal | None) -> None:
    """Raise Unauthenticated or Forbidden unless this person may use this route."""
    if route.permission == PUBLIC:
        return
    if principal is None:
        raise errors.Unauthenticated("sign in first")
    if route.permission != SIGNED_IN and not principal.may(route.permission):
        raise errors.Forbidden(f"needs {route.permission}")


def _body(route: Route, request: web.Request, content: bytes) -> BaseModel | None:
    if route.body is None:
        return None
    if content and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="a body is application/json")
    try:
        value = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError as error:
        raise errors.Malformed(f"not JSON: {error}", code="not_json") from error
    return _validated(route.body, value)


def _query(route: Route, request: web.Request) -> BaseModel | None:
    return None if route.query is None else _validated(route.query, dict(request.query))


def _validated(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise errors.Invalid(
            [
                errors.FieldError(".".join(str(part) for part in item["loc"]) or "(body)", item["type"], item["msg"])
                for item in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        ) from error


async def _write(
    route: Route, request: web.Request, principal: Principal | None, parsed: dict[str, Any], content: bytes
) -> web.StreamResponse:
    context = request.config_dict[CONTEXT]
    actor = principal.actor if principal else Actor(context.property_id, "visitor")
    claim = idempotency.claim_of(request, principal.user_id, content) if principal else None

    async def use_case(work: UnitOfWork) -> Rendered:
        before = await idempotency.replay(work, claim) if claim else None
        if before is not None:
            return before
        rendered = _rendered(route, await route.handler(WriteCall(request, principal, parsed, work)))
        if claim:
            await idempotency.keep(work, claim, rendered)
        return rendered

    try:
        return _response(await context.database.run(actor, context.now(), use_case))
    except errors.Refusal as refusal:
        await _say_refused(route, request, principal, refusal)
        raise


async def _say_refused(
    route: Route, request: web.Request, principal: Principal | None, refusal: errors.Refusal
) -> None:
    """Keep that somebody we know was refused, where the route wants that and the request could be read."""
    refused = route.refused
    if refused is None or principal is None:
        return
    try:
        parsed = {"body": _body(route, request, await request.read()), "query": None}
    except (errors.Refusal, web.HTTPException):
        return  # nobody can say what was wanted

    async def keep(work: UnitOfWork) -> None:
        refused(WriteCall(request, principal, parsed, work), refusal)

    context = request.config_dict[CONTEXT]
    await context.database.run(principal.actor, context.now(), keep)


def _respond(request: web.Request, route: Route, answer: Answer | web.StreamResponse) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    rendered = _rendered(route, answer)
    if rendered.etag and request.headers.get("If-None-Match") == rendered.etag:
        return web.Response(status=304, headers={"ETag": rendered.etag})
    return _response(rendered)


def _rendered(route: Route, answer: Answer) -> Rendered:
    reply = answer if isinstance(answer, Reply) else Reply(answer, route.status)
    if reply.body is None:
        body = b""
    elif isinstance(reply.body, BaseModel):
        body = reply.body.model_dump_json().encode()
    else:
        body = orjson.dumps(reply.body, default=str, option=orjson.OPT_UTC_Z)
    etag = None if reply.version is None else f'"{reply.version}"'
    return Rendered(reply.status if body else 204, body, etag, tuple(reply.headers.items()))


def _response(rendered: Rendered) -> web.Response:
    headers = dict(rendered.headers)
    if rendered.etag:
        headers["ETag"] = rendered.etag
    if rendered.body:
        headers["Content-Type"] = "application/json"
    return web.Response(status=rendered.status, body=rendered.body or None, headers=headers)
