"""The simulated clerk at a desk over HTTP."""

from datetime import date

import pytest

from simulators.clerk import ApiRefusedError, ApiUnreachableError, Clerk
from tests.simulators.desk import open_desk


async def test_a_clerk_signs_in_once_and_checks_in_and_out() -> None:
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk:
        stay = await clerk.walk_in("101", date(2026, 11, 24), 2, "王芳")
        await clerk.check_out(stay)
        assert desk.sign_ins == 1
        assert desk.stays[stay] == {
            "room": "101",
            "departure": "2026-11-24",
            "guests": 2,
            "guest": {"name": "王芳"},
        }
        assert [task["room"] for task in await clerk.tasks()] == ["101"]


async def test_a_refusal_carries_its_type() -> None:
    async with open_desk() as desk, Clerk(desk.url, "clerk", "demo") as clerk:
        desk.refuse.add("101")
        with pytest.raises(ApiRefusedError, match="room_not_vacant") as refused:
            await clerk.walk_in("101", date(2026, 11, 24), 2, "Anna")
        assert (refused.value.status, refused.value.type) == (409, "/problems/room_not_vacant")


async def test_a_wrong_password_is_a_refusal() -> None:
    async with open_desk() as desk, Clerk(desk.url, "clerk", "wrong") as clerk:
        with pytest.raises(ApiRefusedError, match="sign_in_failed"):
            await clerk.tasks()


async def test_nobody_there(free_port: int) -> None:
    async with Clerk(f"http://127.0.0.1:{free_port}", "clerk", "demo") as clerk:
        with pytest.raises(ApiUnreachableError):
            await clerk.tasks()
