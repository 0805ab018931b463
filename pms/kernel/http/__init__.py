"""HTTP for every department: declared routes, problems, sessions, the event stream, the OpenAPI document.

    routes = Routes("property")

    @routes.read("/api/v1/rooms", permission=ROOMS_READ, response=Page[RoomView])
    async def rooms(call: ReadCall) -> Page[RoomView]: ...

    @routes.write("POST", "/api/v1/rooms/{number}/request", permission=ROOMS_REQUEST, body=Change, response=RoomView)
    async def request(call: WriteCall) -> RoomView:
        change = call.body(Change)
        ...

A read gets `call.session` (one consistent picture), a write `call.work` (one transaction, retried, remembered by its
`Idempotency-Key`). Refusals are raised (`pms.kernel.errors`) and become problem documents.
"""

from pms.kernel.http.calls import Call as Call
from pms.kernel.http.calls import Principal as Principal
from pms.kernel.http.calls import ReadCall as ReadCall
from pms.kernel.http.calls import Reply as Reply
from pms.kernel.http.calls import WriteCall as WriteCall
from pms.kernel.http.context import CONTEXT as CONTEXT
from pms.kernel.http.context import HttpContext as HttpContext
from pms.kernel.http.models import Action as Action
from pms.kernel.http.models import Body as Body
from pms.kernel.http.models import Nothing as Nothing
from pms.kernel.http.models import Page as Page
from pms.kernel.http.models import View as View
from pms.kernel.http.routes import PUBLIC as PUBLIC
from pms.kernel.http.routes import SIGNED_IN as SIGNED_IN
from pms.kernel.http.routes import Routes as Routes
