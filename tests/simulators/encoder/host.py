"""A host of the tests' own, in frames written by hand: what it sends is in the reference, what it hears is bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from simulators.encoder.encoder import SimulatedEncoder, SocketPort
from tests.waiting import until

WAKE = bytes(10)
ACK = bytes.fromhex("0000ff00ff00")
NACK = bytes.fromhex("0000ffff0000")
ERROR = bytes.fromhex("0000ff01ff7f8100")
SAM = bytes.fromhex("0000ff05fbd4140100001700")
SAM_DONE = bytes.fromhex("0000ff02fed5151600")
FIRMWARE = bytes.fromhex("0000ff02fed4022a00")
FIRMWARE_TOLD = bytes.fromhex("0000ff06fad50332010607e800")
ONE_TRY = bytes.fromhex("0000ff06fad43205000101f300")
LIST = bytes.fromhex("0000ff04fcd44a0100e100")
NONE_LISTED = bytes.fromhex("0000ff03fdd54b00e000")


def command(*content: int) -> bytes:
    """A frame of the host."""
    body = bytes([0xD4, *content])
    return b"\x00\x00\xff" + bytes([len(body), -len(body) & 0xFF]) + body + bytes([-sum(body) & 0xFF, 0])


class Host:
    """Speaks to an encoder over its socket and keeps everything it hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Bytes to the chip."""
        self._writer.write(data)

    async def exactly(self, count: int) -> bytes:
        """So many bytes of the chip."""
        async with asyncio.timeout(5):
            return await self._reader.readexactly(count)

    async def hear(self) -> bytes:
        """One frame, with whatever comes before its start."""
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\x00\xff")
            length = await self._reader.readexactly(2)
            rest = 1 if length in {b"\x00\xff", b"\xff\x00"} else length[0] + 2
            return head + length + await self._reader.readexactly(rest)

    async def ask(self, frame: bytes) -> bytes:
        """The answer to a command, after its acknowledgement."""
        self.send(frame)
        assert await self.hear() == ACK
        return await self.hear()

    async def said(self, *content: int) -> bytes:
        """What follows `D5 code+1` in the answer to a command."""
        answer = await self.ask(command(*content))
        start = answer.index(b"\xd5")
        assert answer[start + 1] == content[0] + 1
        return answer[start + 2 : -2]

    async def quiet(self, seconds: float = 0.05) -> bool:
        """Does it hear nothing for so long? The one place where a test lets time pass: silence has no other proof."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return not await self._reader.read(1)
        return True

    async def at_work(self) -> "Host":
        """Wake the chip and configure it."""
        self.send(WAKE)
        assert await self.ask(SAM) == SAM_DONE
        assert await self.said(0x32, 5, 0, 1, 1) == b""
        return self


@contextlib.asynccontextmanager
async def plugged() -> AsyncIterator[tuple[SimulatedEncoder, Host]]:
    """An encoder on a free port of loopback, and who speaks to it."""
    port = SocketPort("127.0.0.1", 0)
    encoder = SimulatedEncoder(port)
    await encoder.plug()
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    await until(lambda: port.transport is not None)
    try:
        yield encoder, Host(reader, writer)
    finally:
        writer.close()
        encoder.unplug()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        await until(lambda: port.transport is None)
