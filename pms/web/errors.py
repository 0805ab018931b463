"""Problems as pages: what happened and what to do, in the reader's language, without a word of the machinery."""

from aiohttp import web

from pms.kernel.html import visitor_page
from pms.kernel.http.problems import Problem

KINDS = {401: "forbidden", 403: "forbidden", 404: "not_found", 503: "storage"}


def error_page(request: web.Request, problem: Problem) -> web.Response:
    """The page of a problem."""
    kind = KINDS.get(problem.status, "failed")
    response = visitor_page(request, "web/error.html", problem.status, kind=kind, code=problem.code)
    response.headers.update(problem.headers)
    return response
