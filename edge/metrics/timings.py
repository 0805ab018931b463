"""What is measured as it happens: how long commits take, and how long messages wait for theirs."""

from prometheus_client import CollectorRegistry, Histogram

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

    def committed(self, seconds: float, messages: int, oldest_s: float) -> None:
        """A batch is on disk: after so long, with so many messages, the oldest of which had waited so long."""
        self._commit.observe(seconds)
        if messages:
            self._messages.observe(messages)
            self._waited.observe(max(oldest_s, 0.0))
