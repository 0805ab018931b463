"""The edge's figures as Prometheus wants them, taken when they are asked for."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pms.link.link import LinkStatus

STATES = ("ok", "degraded", "down")

COUNTED: Mapping[str, tuple[str, str]] = {
    "messages": ("innkeeper_messages", "Messages of lines taken."),
    "readings": ("innkeeper_readings", "Readings and events in them."),
    "duplicates": ("innkeeper_duplicate_messages", "Messages delivered once more and recognised."),
    "dropped": ("innkeeper_dropped_messages", "Polled values dropped because too many waited; the next poll repeats."),
    "pauses": ("innkeeper_line_pauses", "Times lines were not read because the journal was behind."),
    "room_faults": ("innkeeper_room_faults", "Errors in the rooms' own logic."),
    "unknown_sources": ("innkeeper_unknown_source_messages", "Messages of topics and units no device has."),
    "commits": ("innkeeper_commits", "Commits of the journal."),
    "given_up": ("innkeeper_given_up_messages", "Messages for the PMS given up because too many waited."),
    "link_resent": ("innkeeper_link_resent_messages", "Messages for the PMS sent once more."),
    "link_duplicates": ("innkeeper_link_duplicate_messages", "Messages of the PMS that came once more."),
    "broker_restarts": ("innkeeper_broker_restarts", "Times the service's own broker was started again."),
}
HELD: Mapping[str, tuple[str, str]] = {
    "uncommitted": ("innkeeper_uncommitted_messages", "Messages taken and not on disk yet."),
    "journal_messages": ("innkeeper_journal_messages", "Messages in the journal."),
    "journal_bytes": ("innkeeper_journal_bytes", "Size of the journal's file."),
    "owed_to_pms": ("innkeeper_owed_to_pms_messages", "Messages the PMS has not acknowledged."),
    "waiting_commands": ("innkeeper_waiting_commands", "Commands not sent yet."),
    "locks_behind": ("innkeeper_locks_behind", "Locks that have not confirmed which keys still open."),
}
FAMILIES: Mapping[str, tuple[str, str, str]] = {
    "rejected_": ("innkeeper_rejected", "reason", "What nobody understood, by reason."),
    "commands_": ("innkeeper_commands", "state", "Commands that have ended, by how."),
    "key_jobs_": ("innkeeper_key_jobs", "state", "Key jobs that have ended, by how."),
    "lock_orders_": ("innkeeper_lock_orders", "state", "Orders to locks which keys still open, by how they ended."),
}
"""Counters whose name ends in what they are counted by."""


@dataclass(frozen=True, slots=True)
class EdgeSources:
    """Where the figures come from. `body`: the health report; `kinds`: kind and priority of each open condition."""

    body: Callable[[], dict[str, Any]]
    link: Callable[[], LinkStatus]
    kinds: Callable[[], Iterable[tuple[str, str]]]
    lag_s: Callable[[], float]


class EdgeFigures(Collector):
    """Registered once; `collect` runs on the event loop and waits for nothing."""

    def __init__(self, sources: EdgeSources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Everything, as it is now."""
        body = self._sources.body()
        yield parts_family(part for part in body["parts"])
        yield _gauge("innkeeper_ready", "Whether all devices on the service's own broker can be heard.", body["ready"])
        yield from counters(body["counters"])
        yield _devices(body["devices"])
        yield from _encoders(body["encoders"])
        yield _conditions(self._sources.kinds())
        yield from _link(self._sources.link())
        yield _gauge("innkeeper_event_loop_lag_seconds", "Longest lateness of the event loop.", self._sources.lag_s())

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked for before everything runs."""
        return ()


def parts_family(parts: Iterable[Mapping[str, Any]]) -> Metric:
    """State of each part: 1 for the state it is in, 0 for the others."""
    family = GaugeMetricFamily("innkeeper_part_state", "State of a part of the service.", labels=["part", "state"])
    for part in parts:
        for state in STATES:
            family.add_metric([str(part["part"]), state], float(part["state"] == state))
    return family


def counters(told: Mapping[str, float]) -> Iterable[Metric]:
    """What the edge counts: plain counters, what it holds now, and counters by reason or state."""
    for name, (metric, text) in COUNTED.items():
        yield CounterMetricFamily(metric, text, value=told.get(name, 0))
    for name, (metric, text) in HELD.items():
        yield GaugeMetricFamily(metric, text, value=told.get(name, 0))
    for prefix, (metric, label, text) in FAMILIES.items():
        family = CounterMetricFamily(metric, text, labels=[label])
        for name, value in told.items():
            if name.startswith(prefix):
                family.add_metric([name.removeprefix(prefix)], value)
        yield family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _devices(devices: Iterable[Mapping[str, Any]]) -> Metric:
    states = {True: "online", False: "offline", None: "unknown"}
    found = Counter((str(device["line"]), states[device["online"]]) for device in devices)
    family = GaugeMetricFamily("innkeeper_devices", "Devices of a line by what is known.", labels=["line", "state"])
    for line in sorted({line for line, _ in found}):
        for state in states.values():
            family.add_metric([line, state], found[line, state])
    return family


def _encoders(encoders: Iterable[Mapping[str, Any]]) -> Iterable[Metric]:
    busy = GaugeMetricFamily("innkeeper_encoder_busy", "Whether a card encoder works on a job.", labels=["encoder"])
    waiting = GaugeMetricFamily("innkeeper_encoder_waiting_jobs", "Jobs that wait for it.", labels=["encoder"])
    for encoder in encoders:
        busy.add_metric([encoder["id"]], float(encoder["busy"]))
        waiting.add_metric([encoder["id"]], encoder["waiting"])
    return busy, waiting


def _conditions(kinds: Iterable[tuple[str, str]]) -> Metric:
    family = GaugeMetricFamily("innkeeper_conditions", "Faults that stand.", labels=["kind", "priority"])
    for labels, count in sorted(Counter(kinds).items()):
        family.add_metric(list(labels), count)
    return family


def _link(status: LinkStatus) -> Iterable[Metric]:
    yield _gauge("innkeeper_link_connected", "Whether this end of the link has its broker.", status.connected)
    yield _gauge("innkeeper_link_unacknowledged_messages", "Sent and not acknowledged.", status.unacknowledged)
    yield _gauge("innkeeper_link_waiting_messages", "Messages that wait to be sent.", status.waiting)
