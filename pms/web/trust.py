"""How to trust the house's own certificate authority: for everybody, in their language, before they can sign in."""

from aiohttp import web

from pms.kernel.errors import NotFound
from pms.kernel.html import visitor_page
from pms.kernel.http import PUBLIC, Call, Routes
from pms.kernel.http.context import TrustAnchor

routes = Routes("trust")

SYSTEMS = ("windows", "macos", "ios", "android", "linux", "firefox")
FILE = "innkeeper-ca.crt"


@routes.own("GET", "/trust", permission=PUBLIC)
async def trust(call: Call) -> web.StreamResponse:
    """Why the browser warns, the certificate to download, and the steps for each system."""
    anchor = _anchor(call)
    return visitor_page(call.request, "web/trust.html", anchor=anchor, systems=SYSTEMS, file=FILE)


@routes.own("GET", f"/trust/{FILE}", permission=PUBLIC)
async def certificate(call: Call) -> web.StreamResponse:
    """The certificate of the authority, never its key."""
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return web.Response(body=_anchor(call).pem, content_type="application/x-x509-ca-cert", headers=headers)


def _anchor(call: Call) -> TrustAnchor:
    if call.context.trust is None:
        raise NotFound(call.request.path)
    return call.context.trust
