"""Password hashing: argon2id in two threads of its own, so that a flood of sign-ins takes neither memory nor loop."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

A = TypeVarTuple("A")
R = TypeVar("R")

AT_ONCE = 2
WAITING = 50
"""Sign-ins that may queue; each costs 64 MiB while it runs."""


class Busy(Exception):  # noqa: N818
    """Too many sign-ins at once. Try again in a moment."""


class Passwords:
    """Hashes and verifies. `close` when done."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._queued = 0
        self._nobody: str | None = None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await self._run(self._hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. Takes as long for somebody who does not exist (None). Raises Busy."""
        return await self._run(self._verify, password_hash, password)

    async def _run(self, function: Callable[[Unpack[A]], R], *arguments: *A) -> R:
        if self._queued >= WAITING:
            raise Busy
        self._queued += 1
        try:
            async with self._turn:
                return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._queued -= 1

    def _hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if password_hash is None:
            self._nobody = self._nobody or self._hasher.hash(secrets.token_hex())
        try:
            verified = self._hasher.verify(password_hash or str(self._nobody), password)
        except (VerificationError, InvalidHashError):
            return False
        return verified and password_hash is not None
