"""An authenticator app, and somebody who sets it up."""

from dataclasses import dataclass
from typing import Any

from pms.access import totp
from tests.pms.conftest import TestClock
from tests.pms.serving import PASSWORD, Answer, Api


@dataclass
class App:
    """What a phone knows: the secret, and the time."""

    secret: str
    clock: TestClock

    def code(self, later: int = 0) -> str:
        """The code it shows now, or some steps later."""
        return totp.code_at(self.secret, totp.step_at(self.clock().timestamp()) + later)

    def next(self) -> str:
        """A code that was not used yet: the clock goes on by a step."""
        self.clock.forward(seconds=30)
        return self.code()


def need(api: Api, *roles: str) -> None:
    """From here on these roles need a second factor."""
    api.sessions.second_factor = frozenset(roles)


async def begin(api: Api, username: str, **headers: str) -> Answer:
    """Name and password; nothing is sent along afterwards."""
    api.token = ""
    return await api.post("/api/v1/session", {"username": username, "password": PASSWORD}, **headers)


async def answer(api: Api, challenge: str, code: str, **headers: str) -> Answer:
    """The code; from here on the token is sent, when there is one."""
    told = await api.post("/api/v1/session/second-factor", {"challenge": challenge, "code": code}, **headers)
    api.token = told.body.get("token", "")
    return told


async def enrol(api: Api, clock: TestClock, username: str) -> tuple[App, list[str]]:
    """Sign in for the first time with a role that needs a second factor: the app, and the recovery codes."""
    asked = await begin(api, username)
    assert asked.code == "second_factor_enrolment_required"
    challenge: str = asked.body["challenge"]
    made = await api.post("/api/v1/session/second-factor/enrolment", {"challenge": challenge})
    app = App(made.body["secret"], clock)
    told = await answer(api, challenge, app.code())
    assert told.status == 200
    codes: list[Any] = told.body["recovery_codes"]
    return app, codes
