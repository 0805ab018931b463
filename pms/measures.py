"""The PMS's figures for Prometheus, taken when they are asked for. None names a room, a guest or a user."""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

STATES = ("starting", "ok", "degraded", "down")
OF_EDGE = "edge/"


class PmsFigures(Collector):
    """`health`: `kernel.health.Health.summary`. Parts the edge tells of are among its own figures."""

    def __init__(self, health: Callable[[], dict[str, Any]]) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """Everything, as it is now."""
        told = self._health()
        family = GaugeMetricFamily("innkeeper_pms_part_state", "State of a part of the PMS.", labels=["part", "state"])
        for part in told["parts"]:
            if not part["part"].startswith(OF_EDGE):
                for state in STATES:
                    family.add_metric([part["part"], state], float(part["state"] == state))
        yield family
        yield GaugeMetricFamily("innkeeper_pms_ready", "Whether the house may be used.", value=float(told["ready"]))

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked for before everything runs."""
        return ()
