"""The small broker of trial and demo: amqtt in a process of its own. It forgets what is on its way when it ends.

`python -m edge.brokers.embedded PARENT HOST PORT DATA`
"""

import asyncio
import hmac
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from edge.brokers.guard import end_with_parent
from edge.secret_files import secret

OWN = "innkeeper"


class KnownUsers(BaseAuthPlugin):  # type: ignore[misc]
    """Only users with their password come in."""

    @dataclass
    class Config:
        """Passwords by user name."""

        passwords: dict[str, str]

    async def authenticate(self, *, session: Any) -> bool:
        """Whether the password is the user's."""
        wanted = self.config.passwords.get(session.username or "")
        return wanted is not None and hmac.compare_digest(wanted, session.password or "")


class OwnTopics(BaseTopicPlugin):  # type: ignore[misc]
    """The service's own topics are the service's alone."""

    @dataclass
    class Config:
        """Nothing to set."""

    async def topic_filtering(self, *, session: Any = None, topic: str | None = None, action: Any = None) -> bool:
        """Whether this user may use this topic."""
        del action
        if session is not None and session.username == OWN:
            return True
        return topic is not None and topic.split("/", 1)[0] != OWN


async def serve(host: str, port: int, passwords: dict[str, str]) -> None:
    """Run the broker until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    here = f"{__name__ if __name__ != '__main__' else 'edge.brokers.embedded'}"
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
            "plugins": {f"{here}.KnownUsers": {"passwords": passwords}, f"{here}.OwnTopics": {}},
        }
    )
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def main() -> None:
    """The process."""
    end_with_parent(int(sys.argv[1]))
    logging.basicConfig(level=logging.ERROR)
    data = Path(sys.argv[4])
    users = {name: secret(data, f"broker_{name}") for name in ("field", OWN)}
    asyncio.run(serve(sys.argv[2], int(sys.argv[3]), users))


if __name__ == "__main__":
    main()
