"""`innkeeper bench NAME`: run measurements and print them."""

import json
from collections.abc import Callable, Mapping

from simulators.bench.beside.measures import memory, peer
from simulators.bench.codecs import codecs
from simulators.bench.flood import flood
from simulators.bench.keys import keys
from simulators.bench.latency import latency
from simulators.bench.load import idle_demo, thousand_rooms
from simulators.bench.modbus import modbus
from simulators.bench.report import Report

BENCHES: dict[str, Callable[[Report], None]] = {
    "codecs": codecs,
    "flood": flood,
    "latency": latency,
    "keys": keys,
    "modbus": modbus,
    "rooms": thousand_rooms,
    "demo": idle_demo,
    "memory": memory,
    "peer": peer,
}


def run(
    name: str, as_json: bool = False, more: Mapping[str, Callable[[Report], None]] | None = None
) -> tuple[str, bool]:
    """What to print, and whether every wanted value was met; `more`: measurements of what the simulators do not know.

    ValueError when there is no such measurement.
    """
    benches = BENCHES | dict(more or {})
    if name != "all" and name not in benches:
        raise ValueError(f"no measurement {name!r}: all, {', '.join(benches)}")
    report = Report()
    for measure in benches.values() if name == "all" else [benches[name]]:
        measure(report)
    met = all(figure.met is not False for figure in report.figures)
    return (json.dumps(report.as_json(), indent=2) if as_json else report.text()), met
