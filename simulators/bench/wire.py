"""A publisher that costs next to nothing: QoS 1 packets encoded beforehand, sent over a plain socket (MQTT 3.1.1).

A client library could not send as fast as the consumers under test can receive (reference gateway section 4).
"""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

ACK_BYTES = 4
WINDOW = 4000
"""Unacknowledged messages at most."""


def remaining_length(n: int) -> bytes:
    """The length of what follows, as a packet's head tells it (MQTT 3.1.1 section 2.2.3)."""
    out = b""
    while True:
        n, low = divmod(n, 128)
        out += bytes([low | (0x80 if n else 0)])
        if not n:
            return out


def text(value: str) -> bytes:
    """A string of the protocol: its length, then UTF-8."""
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def publish_packet(topic: str, payload: bytes, packet_id: int) -> bytes:
    """One PUBLISH packet, QoS 1 (MQTT 3.1.1 section 3.3)."""
    body = text(topic) + struct.pack("!H", 1 + packet_id % 60000) + payload
    return b"\x32" + remaining_length(len(body)) + body


@dataclass
class Publisher:
    """A connected MQTT client that only publishes."""

    port: int
    user: str
    password: str
    name: str = "bench"
    host: str = "127.0.0.1"
    acknowledged: int = 0
    _socket: socket.socket = field(init=False, repr=False)
    _reader: threading.Thread = field(init=False, repr=False)

    def __enter__(self) -> Self:
        self._socket = socket.create_connection((self.host, self.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 0) + text(self.name)
        body += text(self.user) + text(self.password)
        self._socket.sendall(b"\x10" + remaining_length(len(body)) + body)
        answer = self._socket.recv(4)
        if answer[3:4] != b"\x00":
            raise ConnectionRefusedError(f"the broker refused the publisher: {answer.hex()}")
        self._reader = threading.Thread(target=self._count, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()

    def _count(self) -> None:
        received = 0
        try:
            while data := self._socket.recv(65536):
                received += len(data)
                self.acknowledged = received // ACK_BYTES
        except OSError:
            return

    def flood(self, packets: Sequence[bytes], batch: int = 100) -> None:
        """Send all as fast as the window lets; returns when the broker has acknowledged every one."""
        before = self.acknowledged
        for at in range(0, len(packets), batch):
            while at - (self.acknowledged - before) > WINDOW:
                time.sleep(0.0005)
            self._socket.sendall(b"".join(packets[at : at + batch]))
        while self.acknowledged - before < len(packets):
            time.sleep(0.0005)

    def pace(self, packets: Sequence[bytes], per_second: float) -> list[float]:
        """Send one by one at a steady rate; the wall-clock time of each send."""
        begun, sent = time.perf_counter(), []
        for number, packet in enumerate(packets):
            wait = begun + number / per_second - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            sent.append(time.time())
            self._socket.sendall(packet)
        return sent
