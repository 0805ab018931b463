"""An encoder that fails three of its last ten jobs is a fault, until it works again."""

import pytest

from tests.pms.keys.desk import Desk


async def _jobs(desk: Desk, stay: str, *ends: tuple[str, str | None]) -> None:
    for state, reason in ends:
        desk.clock.forward(minutes=1)
        made = await desk.api.post("/api/v1/keys", {"stay": stay, "type": "new", "encoder": "desk-1"})
        assert made.status == 202, made.body
        await desk.result(made.body["id"], "writing", state, reason=reason)


async def test_an_encoder_that_fails_is_told_and_comes_back(desk: Desk) -> None:
    stay = await desk.walk_in()
    await _jobs(desk, stay, ("failed", "no_answer_from_chip"), ("failed", "verify"), ("confirmed", None))
    assert await desk.alerts() == []
    await _jobs(desk, stay, ("failed", "verify"))
    [alert] = await desk.alerts()
    assert (alert.kind, alert.device, alert.present) == ("encoder_errors", "desk-1", True)
    assert alert.evidence[0]["params"] == {"failed": 3, "jobs": 4}
    await _jobs(desk, stay, *[("confirmed", None)] * 8)
    [alert] = await desk.alerts()
    assert not alert.present


@pytest.mark.parametrize("reason", ["cancelled", "deadline"])
async def test_what_people_do_is_no_fault_of_the_encoder(desk: Desk, reason: str) -> None:
    await _jobs(desk, await desk.walk_in(), *[("failed", reason)] * 4)
    assert await desk.alerts() == []
