"""How much anybody may ask for: buckets as values, then over HTTP."""

from pms.kernel.buckets import Buckets
from pms.kernel.http.limits import Limits, Throttle
from tests.pms.conftest import TestClock
from tests.pms.serving import PASSWORD, Api


def test_a_burst_then_a_rate() -> None:
    buckets = Buckets(rate=2, burst=3)
    assert [buckets.take("a", 0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 0) == 0.5
    assert buckets.take("b", 0) == 0
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5) > 0
    buckets.give_back("a", 0.5)
    assert buckets.take("a", 0.5) == 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = Buckets(rate=1, burst=1)
    buckets.take("a", 100)
    assert buckets.take("a", 50) > 0


def test_memory_is_bounded_and_no_rate_is_no_limit() -> None:
    buckets = Buckets(rate=1, burst=1, most=10)
    for number in range(100):
        buckets.take(number, 0)
    assert len(buckets) == 10
    free = Buckets(rate=0, burst=0)
    assert {free.take("a", 0) for _ in range(100)} == {0.0}


def _limit(api: Api, clock: TestClock, limits: Limits) -> None:
    api.context.throttle = Throttle(limits, lambda: clock().timestamp())


async def test_a_person_who_asks_too_much_is_told_when_to_come_back(api: Api, clock: TestClock) -> None:
    await api.sign_in("frontdesk")
    _limit(api, clock, Limits(per_person=1))
    answers = [await api.get("/api/v1/session") for _ in range(11)]
    assert {answer.status for answer in answers[:-1]} == {200}
    assert (answers[-1].status, answers[-1].code) == (429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == "1"
    frontdesk = api.token
    await api.sign_in("manager")
    assert (await api.get("/api/v1/session")).status == 200
    api.token = frontdesk
    clock.forward(seconds=1)
    assert (await api.get("/api/v1/session")).status == 200


async def test_an_address_that_asks_too_much_is_slowed_and_no_other(api: Api, clock: TestClock) -> None:
    _limit(api, clock, Limits(per_address=1))
    answers = [await api.get("/healthz", X_Forwarded_For="203.0.113.7") for _ in range(11)]
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert (await api.get("/healthz", X_Forwarded_For="198.51.100.9")).status != 429


async def test_the_door_is_slower(api: Api, clock: TestClock) -> None:
    _limit(api, clock, Limits(sign_ins_per_minute=3))
    body = {"username": "manager", "password": PASSWORD}
    statuses = [(await api.post("/api/v1/session", body)).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    clock.forward(seconds=20)
    assert (await api.post("/api/v1/session", body)).status == 200


async def test_one_person_cannot_take_every_stream(api: Api, clock: TestClock) -> None:
    await api.sign_in("frontdesk")
    _limit(api, clock, Limits(streams=3, streams_per_session=1))
    sent = {"Authorization": f"Bearer {api.token}"}
    async with api.client.get(f"{api.url}/api/v1/events", headers=sent) as first:
        assert first.status == 200
        assert (await api.get("/api/v1/events")).status == 429
        await api.sign_in("manager")
        sent = {"Authorization": f"Bearer {api.token}"}
        async with api.client.get(f"{api.url}/api/v1/events", headers=sent) as second:
            assert second.status == 200
