"""What is measured as it happens: how long commits take, and how long messages wait for theirs."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Histogram

from devices.clock import Clock

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MESSAGES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Timings:
    """Observed by the hub at each commit: a few microseconds a commit, not a message."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._commit = Histogram(
            "innkeeper_commit_seconds", "Time of a commit of the journal.", buckets=SECONDS, registry=self.registry
        )
        self._waited = Histogram(
            "innkeeper_receive_to_commit_seconds",
            "Time from receiving the oldest message of a commit to its being on disk.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._messages = Histogram(
            "innkeeper_commit_messages", "Messages in a commit.", buckets=MESSAGES, registry=self.registry
        )

    def committed(self, received: Sequence[int], seconds: float, clock: Clock) -> None:
        """A batch with messages of these instants (microseconds), the oldest first, is on disk after so long."""
        self._commit.observe(seconds)
        if received:
            self._messages.observe(len(received))
            waited = clock.now().timestamp() - received[0] / 1_000_000
            self._waited.observe(max(clock.real(waited), 0.0))
