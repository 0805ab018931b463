"""The Modbus line, TCP and RTU: pymodbus behind one adapter. The only file of the gateway that knows pymodbus.

One request at a time. Retries are not left to the library, and none of its calls is ever cancelled from outside while
the line lives: both are known to hand one request's answer to the next.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from devices.model import LineStatus
from gateway.lines.line import Backoff, LineAccount, LineDownError, LineError, LineUser, heed_cancellation
from gateway.lines.modbus_settings import ModbusSettings
from gateway.lines.network import connect_tcp

_Request = Callable[[ModbusBaseClient], Awaitable[ModbusPDU]]
_READS: dict[int, Callable[..., Awaitable[ModbusPDU]]] = {
    1: ModbusBaseClient.read_coils,
    2: ModbusBaseClient.read_discrete_inputs,
    3: ModbusBaseClient.read_holding_registers,
    4: ModbusBaseClient.read_input_registers,
}
_READ_BITS = (1, 2)
SILENT_REQUESTS = 6
"""So many requests in a row without any answer, to whichever unit: the TCP connection is made anew."""
NEVER = 1_000_000_000


class RequestError(Exception):
    """A request without the wished-for answer. `code`: timeout, exception_<n>, bad_frame."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code

    @property
    def unit_silent(self) -> bool:
        """The unit itself did not speak: nothing came, or its gateway said that it did not answer (10, 11)."""
        return self.code in ("timeout", "exception_10", "exception_11")


class TooLateError(Exception):
    """The line was not free before the deadline of what was to be written."""


def _never() -> bool:
    return False


class ModbusLine:
    """A bus with its units: `read` and `write`, reconnecting by itself in `run`."""

    def __init__(self, line: str, settings: ModbusSettings, user: LineUser) -> None:
        self.id = line
        self.settings = settings
        self.requests = 0
        self.sessions = 0
        """How often it was connected: who asks may have missed that it was down for a moment."""
        self.dropped = 0
        """Pieces that came when nobody had asked: late or wrong answers."""
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it shouts at every time-out; we count them
        self._account = LineAccount(line, user.line_changed, user.now)
        self._client: ModbusBaseClient | None = None
        self._lock = asyncio.Lock()
        self._broken = asyncio.Event()
        self.silence = 0
        """Requests in a row that nobody answered."""
        self._asking = False
        self._not_before = 0.0
        self._heard = 0.0
        """When something last went over a serial line."""

    @property
    def status(self) -> LineStatus:
        """The line's present state."""
        return self._account.status

    @property
    def up(self) -> bool:
        """Connected: requests may be sent."""
        return self._account.up

    @property
    def serial(self) -> bool:
        """An RTU bus, where an answer does not say which request it belongs to."""
        return self.settings.path is not None

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        backoff = Backoff()
        try:
            while True:
                try:
                    await self._connect()
                    backoff.reset()
                    await self._broken.wait()
                    if self.silence < SILENT_REQUESTS:
                        self._account.went_down(LineDownError("unplugged" if self.serial else "closed"))
                except LineError as trouble:
                    self._account.went_down(trouble)
                finally:
                    self._close()
                await asyncio.sleep(backoff.delay())
        finally:
            self._account.stopped()

    async def read(
        self, unit: int, function: int, address: int, count: int, *, patience_s: float | None = None
    ) -> list[int]:
        """Registers, or bits as 0 and 1, of functions 1 to 4. Raises RequestError or LineDownError.

        `patience_s`: how long to wait for the answer, in place of the line's `timeout_s`.
        """
        ask = _READS[function]
        answer = await self._ask(lambda client: ask(client, address, count=count, device_id=unit), patience_s)
        values = [int(bit) for bit in answer.bits[:count]] if function in _READ_BITS else list(answer.registers)
        if answer.function_code != function or len(values) != count:
            raise self._wrong(f"{len(values)} for {count}, function {answer.function_code}")
        return values

    async def write(
        self, unit: int, function: int, address: int, words: Sequence[int], *, late: Callable[[], bool] = _never
    ) -> None:
        """Write bits (functions 5, 15) or words (6, 16). Raises RequestError, LineDownError or TooLateError.

        `late` is asked when the line is free: nothing goes out when it is too late.
        """
        answer = await self._ask(_writing(unit, function, address, words), late=late)
        if answer.function_code != function or answer.address != address:
            raise self._wrong(f"function {answer.function_code} address {answer.address}")

    async def _ask(
        self, request: _Request, patience_s: float | None = None, late: Callable[[], bool] = _never
    ) -> ModbusPDU:
        async with self._lock:
            await self._keep_quiet()
            if late():
                raise TooLateError
            client = self._client
            if client is None or not self.up:
                raise LineDownError("not_sent", self.status.cause or "")
            self.requests += 1
            self._asking = True
            client.ctx.comm_params.timeout_connect = patience_s or self.settings.timeout_s
            try:
                answer = await request(client)
                heed_cancellation()
            except ModbusException as error:
                heed_cancellation()
                raise self._unanswered(client, error) from error
            finally:
                self._asking = False
                self._not_before = max(self._not_before, self._heard + (self.settings.silence_s if self.serial else 0))
            self.silence = 0
        if isinstance(answer, ExceptionResponse):
            raise RequestError(f"exception_{answer.exception_code}")
        return answer

    def _unanswered(self, client: ModbusBaseClient, error: ModbusException) -> Exception:
        if client is not self._client:
            return LineDownError("closed", str(error))  # a connection that is gone: the new one is not to blame
        if not client.connected:
            self._broken.set()
            return LineDownError("closed", str(error))
        self.silence += 1
        if self.serial:
            self._not_before = self._time() + self.settings.quiet_s
        elif self.silence >= SILENT_REQUESTS:
            self._broken.set()
        return RequestError("timeout")

    def _wrong(self, detail: str) -> RequestError:
        """The answer to something else: on a serial bus another one may be on its way."""
        if self.serial:
            self._not_before = self._time() + self.settings.quiet_s
        return RequestError("bad_frame", detail)

    async def _keep_quiet(self) -> None:
        if (wait := self._not_before - self._time()) > 0:
            await asyncio.sleep(wait)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()

    async def _connect(self) -> None:
        self._check_port()
        self._broken.clear()
        self._client = client = self._make_client()
        client.set_max_no_responses(NEVER)
        connected = await client.connect()
        heed_cancellation()
        if not connected:
            raise await self._why_not()
        await asyncio.sleep(0)  # a serial port begins to listen at the loop's next turn
        self.silence = 0
        self.sessions += 1
        self._not_before = self._time()
        self._account.went_up()

    def _check_port(self) -> None:
        path = self.settings.path
        if path is None:
            return
        if not path.exists():
            raise LineDownError("no_such_port", str(path))
        if not os.access(path, os.R_OK | os.W_OK):
            raise LineDownError("permission", str(path))

    async def _why_not(self) -> LineDownError:
        """The library only says no; asking once more names the cause."""
        if self.serial:
            return LineDownError("open_failed", str(self.settings.path))
        try:
            probe = await connect_tcp(self.settings.host or "", self.settings.port, self.settings.connect_timeout_s)
        except LineDownError as trouble:
            return trouble
        probe.close()
        return LineDownError("connect_failed", f"{self.settings.host}:{self.settings.port}")

    def _make_client(self) -> ModbusBaseClient:
        settings = self.settings
        if settings.path:
            return AsyncModbusSerialClient(
                str(settings.path),
                baudrate=settings.baud,
                parity=settings.parity,
                stopbits=settings.stop_bits,
                timeout=settings.timeout_s,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._passing,
                trace_connect=self._connection,
            )
        return AsyncModbusTcpClient(
            settings.host or "",
            port=settings.port,
            timeout=settings.timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._connection,
        )

    def _connection(self, made: bool) -> None:
        if not made:
            self._broken.set()

    def _passing(self, sending: bool, data: bytes) -> bytes:
        """Only what comes while a request is open may be taken for its answer."""
        if sending or self._asking:
            self._heard = self._time()
            return data
        self.dropped += 1
        return b""

    def _close(self) -> None:
        client, self._client = self._client, None
        if client:
            client.close()


def _writing(unit: int, function: int, address: int, words: Sequence[int]) -> _Request:
    writes: dict[int, _Request] = {
        5: lambda client: client.write_coil(address, bool(words[0]), device_id=unit),
        6: lambda client: client.write_register(address, words[0], device_id=unit),
        15: lambda client: client.write_coils(address, [bool(word) for word in words], device_id=unit),
        16: lambda client: client.write_registers(address, list(words), device_id=unit),
    }
    return writes[function]
