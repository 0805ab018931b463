"""A mail server that takes one message after another, and a receiver of webhooks: what delivery is tested against."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


class MailBox:
    """What came in; `refuse` answers each message with an error."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much SMTP as is needed."""
        writer.write(b"220 box\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                writer.write(await self._take(reader))
            elif word == b"EHLO":
                writer.write(b"250-box\r\n250 SMTPUTF8\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 well\r\n")
            await writer.drain()
        writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> bytes:
        content = await reader.readuntil(b"\r\n.\r\n")
        if self.refuse:
            return b"451 later\r\n"
        message = message_from_bytes(content[:-5], policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return b"250 taken\r\n"


@asynccontextmanager
async def mail_box() -> AsyncIterator[MailBox]:
    """A mail server on loopback."""
    box = MailBox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


class Receiver:
    """What was posted to it; `status` is what it answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""

    def body(self, place: int) -> dict[str, Any]:
        """The JSON of a call."""
        found: dict[str, Any] = json.loads(self.calls[place][1])
        return found

    async def take(self, request: web.Request) -> web.Response:
        """A call."""
        self.calls.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of webhooks on loopback."""
    found = Receiver()
    app = web.Application()
    app.router.add_post("/alerts", found.take)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.2)
    found.url = str(server.make_url("/alerts"))
    try:
        yield found
    finally:
        await server.close()


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    content: Any = message.get_content()
    return str(content)
