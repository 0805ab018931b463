"""Refusals as problem documents (RFC 9457) with stable types."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from pms.kernel import errors
from pms.kernel.errors import FieldError, Reason
from pms.kernel.http.calls import language_of
from pms.kernel.http.context import CONTEXT

URN = "urn:innkeeper:problem:"

STATUSES: dict[type[errors.Refusal], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.VersionMismatch: 412,
    errors.UnknownHost: 421,
    errors.Invalid: 422,
    errors.TooManyAttempts: 429,
    errors.Refusal: 400,
}
_PLAIN_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media_type"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, for a program (`code`, `reasons`, `errors`) and for a person (`detail`)."""

    status: int
    code: str
    detail: str = ""
    reasons: tuple[Reason, ...] = ()
    errors: tuple[FieldError, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)


def of_refusal(refusal: errors.Refusal) -> Problem:
    """The problem a refusal is."""
    status = next(STATUSES[kind] for kind in type(refusal).__mro__ if kind in STATUSES)
    fields = refusal.errors if isinstance(refusal, errors.Invalid) else ()
    headers = {}
    if isinstance(refusal, errors.TooManyAttempts):
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after)))
    if isinstance(refusal, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Problem(status, refusal.code, str(refusal), refusal.reasons, fields, headers, refusal.members)


def of_http(error: web.HTTPException) -> Problem:
    """The problem one of aiohttp's own answers is (unknown path, wrong method, too large)."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Problem(error.status, _PLAIN_CODES.get(error.status, "http"), error.reason or "", headers=headers)


def document(request: web.Request, problem: Problem) -> dict[str, Any]:
    """The JSON of a problem, its sentences in the reader's language."""
    translator, language = request.config_dict[CONTEXT].translator, language_of(request)
    key = f"problem.{problem.code}"
    title = translator.text(language, key) if translator.has(language, key) else problem.code.replace("_", " ")
    content: dict[str, Any] = {
        "type": URN + problem.code,
        "title": title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.members,
    }
    if problem.reasons:
        content["reasons"] = [
            {
                "code": reason.code,
                "params": dict(reason.params),
                "text": translator.text(language, f"reason.{reason.code}", **reason.params),
            }
            for reason in problem.reasons
        ]
    if problem.errors:
        content["errors"] = [
            {"field": error.field, "code": error.code, "message": error.message} for error in problem.errors
        ]
    return content


def response(request: web.Request, problem: Problem) -> web.Response:
    """A problem as the client wants it: a page for a person, JSON for everybody else."""
    page = request.config_dict[CONTEXT].error_page
    wants_page = not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
    if page is not None and wants_page:
        return page(request, problem)
    return web.Response(
        status=problem.status,
        body=orjson.dumps(document(request, problem), default=str),
        content_type="application/problem+json",
        headers=problem.headers,
    )
