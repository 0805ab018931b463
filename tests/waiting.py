"""Wait for a fact, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def until(predicate: Callable[[], Awaitable[T]], timeout: float = 10.0, every: float = 0.02) -> T: ...
@overload
async def until(predicate: Callable[[], T], timeout: float = 10.0, every: float = 0.02) -> T: ...
async def until(predicate: Callable[[], Any], timeout: float = 10.0, every: float = 0.02) -> Any:
    """Return the first truthy value of `predicate` (plain or awaitable); AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        result = await value if inspect.isawaitable(value) else value
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {inspect.getsource(predicate).strip()[:200]}")
        await asyncio.sleep(every)
