"""Connecting over TCP without ever holding up the loop, and naming what went wrong."""

import asyncio
import contextlib
import errno
import socket
import ssl
from pathlib import Path
from typing import Any

from gateway.lines.line import LineDownError

_CAUSES = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ECONNRESET: "closed",
    errno.EPIPE: "closed",
    errno.ENOENT: "no_such_port",
    errno.ENXIO: "no_such_port",
    errno.ENODEV: "no_such_port",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EBUSY: "busy",
    errno.EAGAIN: "busy",
    errno.EIO: "unplugged",
}


def cause_of(error: OSError) -> str:
    """The code of a failed connection or a broken one."""
    if isinstance(error, socket.gaierror):
        return "unknown_host"
    if isinstance(error, TimeoutError):
        return "timeout"
    return _CAUSES.get(error.errno or 0, "connect_failed")


async def _addresses(host: str, port: int) -> list[tuple[Any, ...]]:
    with contextlib.suppress(socket.gaierror):
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))


async def _connect_to(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, target = address
    plain = socket.socket(family, kind, protocol)
    try:
        plain.settimeout(0)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(plain, target)
    except BaseException:
        plain.close()
        raise
    return plain


async def connect_tcp(host: str, port: int, timeout: float) -> socket.socket:
    """A connected, non-blocking socket with TCP_NODELAY; every address of `host` is tried. Raises LineDownError."""
    trouble: OSError = ConnectionRefusedError(errno.ECONNREFUSED, "no address")
    try:
        async with asyncio.timeout(timeout):
            for address in await _addresses(host, port):
                try:
                    return await _connect_to(address)
                except OSError as error:
                    trouble = error
    except OSError as error:
        trouble = error
    raise LineDownError(cause_of(trouble), f"{host}:{port} {trouble}".strip())


async def secured(plain: socket.socket, host: str, ca_file: Path | None, timeout: float) -> socket.socket:
    """The same connection under TLS, the server's certificate checked against `ca_file` or the system's authorities.

    Raises LineDownError with cause `certificate` or the network's.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        plain.settimeout(timeout)
        return await asyncio.to_thread(context.wrap_socket, plain, server_hostname=host)
    except ssl.SSLError as error:
        plain.close()
        raise LineDownError("certificate", str(error)) from error
    except OSError as error:
        plain.close()
        raise LineDownError(cause_of(error), str(error)) from error
