"""Lost, duplicated, late, wrong: the simulators' records against what the product holds. Pure."""

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulators.prove.records import Answered, Held, Ordered, Records, Row, Said, Span

LATE_S = 20.0
"""Seconds after the acknowledgement, and after the end of every fault meanwhile, by which a message has to be there."""
SNAPSHOT_S = 3.0
"""What the broker took so long before it was killed may be lost, or said again, by the broker itself: it writes its
store once a second, and takes a moment for it."""
ANSWER_S = 3.0
"""A unit's answer is received so long after its registers were read, at most: time-out and a busy machine."""
CLOCK_S = 5.0
"""By how much the journal's time of a message may differ from the device's own: a flood on a busy machine."""
SCREEN_S = 3.0
DEADLINE_S = 2.0
IMPOSSIBLE = 1000
"""Tenths of a degree that no room has: what a lying unit tells."""
EXAMPLES = 5
OPEN = ("accepted", "sent", "acknowledged")
"""States of an order that has not ended."""


@dataclass
class Verdict:
    """Counts, with the first few examples of each. `by_broker`: what the killed broker lost or repeated itself."""

    sent: int = 0
    lost: int = 0
    duplicated: int = 0
    late: int = 0
    wrong: int = 0
    by_broker: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, example: str) -> None:
        """One more."""
        setattr(self, what, getattr(self, what) + 1)
        kept = self.examples.setdefault(what, [])
        if len(kept) < EXAMPLES:
            kept.append(example)

    @property
    def good(self) -> bool:
        """Nothing of it happened."""
        return not (self.lost or self.duplicated or self.late or self.wrong)


def judge(records: Records, held: Held) -> Verdict:
    """The whole verdict."""
    verdict = Verdict(sent=sum(1 for said in records.said.values() if said.acknowledged is not None))
    _messages(verdict, records, held)
    _access(verdict, records, held)
    _alarms(verdict, records, held)
    _doors(verdict, records, held)
    _answers(verdict, records, held)
    _screens(verdict, records)
    _orders(verdict, records, held)
    return verdict


def numbers(journal: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    """The numbered messages among the journal's."""
    for row in journal:
        number = number_of(row.payload)
        if number is not None:
            yield number, row


def number_of(payload: bytes) -> int | None:
    """The number in a message of ours."""
    if not payload.startswith(b"{"):
        return None
    try:
        body: Any = json.loads(payload)
    except ValueError:
        return None
    number = body.get("number") if isinstance(body, dict) else None
    return number if isinstance(number, int) else None


def _messages(verdict: Verdict, records: Records, held: Held) -> None:
    """Every acknowledged message is in the journal once, at its true time and soon."""
    counts = Counter(number for number, row in numbers(held.journal) if not row.retained)
    for said in records.said.values():
        count, name = counts.get(said.number, 0), f"{said.device} number {said.number}"
        if said.acknowledged is not None and not count:
            verdict.add("by_broker" if _broker_may(said, records) else "lost", f"{name}: not in the journal")
        elif count > said.times:
            what = "by_broker" if _broker_may(said, records) else "duplicated"
            verdict.add(what, f"{name}: {count} times in the journal, said {said.times} times")
        elif said.acknowledged is not None and _late(said, held.seen.get(said.number), records.spans):
            verdict.add("late", f"{name}: not in the journal {LATE_S:.0f} s after the last fault")
    for number, row in numbers(held.journal):
        told = records.said.get(number)
        if told is None:
            verdict.add("wrong", f"{row.source}: number {number} was never said")
        elif row.source != f"field zigbee2mqtt/{told.device}":
            verdict.add("wrong", f"{row.source}: number {number} is of {told.device}")
        elif not row.retained and told.times == 1 and not _time_is_right(told, row, records.spans):
            verdict.add("wrong", f"{row.source}: number {number} received {row.received - told.sent:+.1f} s after")


def _time_is_right(said: Said, row: Row, spans: Sequence[Span]) -> bool:
    """Received after it was sent, and not later than the last fault that was in its way allowed."""
    return said.sent - 1 <= row.received <= _calm(said.sent, spans) + CLOCK_S


def _late(said: Said, seen: float | None, spans: Sequence[Span]) -> bool:
    return seen is not None and seen > _calm(said.acknowledged or said.sent, spans) + LATE_S


def _calm(at: float, spans: Sequence[Span]) -> float:
    """The first moment from `at` on in which no fault of the house is under way."""
    for span in sorted(spans, key=lambda one: one.begin):
        if not span.whom and span.begin - 1 <= at <= span.end:
            at = span.end
    return at


def _broker_may(said: Said, records: Records) -> bool:
    """Was the broker killed shortly after it took this? Its store was older then."""
    at = said.acknowledged or said.sent
    return any(span.kind == "broker_killed" and at <= span.begin + 0.5 <= at + SNAPSHOT_S for span in records.spans)


def _access(verdict: Verdict, records: Records, held: Held) -> None:
    """Every lock event that the journal holds is in the PMS as often."""
    there = Counter(number for number, row in numbers(held.journal) if not row.retained)
    counts = Counter(held.access)
    for said in records.said.values():
        if said.kind != "access" or not there.get(said.number):
            continue
        count, name = counts.get(said.value, 0), f"{said.device} number {said.number}"
        if not count:
            verdict.add("lost", f"{name}: its lock event is not in the PMS")
        elif count > there[said.number]:
            verdict.add("duplicated", f"{name}: {count} lock events in the PMS for {there[said.number]} messages")
        elif _late(said, held.seen_in_pms.get(said.number), records.spans):
            verdict.add("late", f"{name}: its lock event came late")


def _alarms(verdict: Verdict, records: Records, held: Held) -> None:
    """Every detector spoke of one leak: one alert, raised once."""
    there = {number for number, _ in numbers(held.journal)}
    spoken = {said.device for said in records.said.values() if said.kind == "alarm" and said.number in there}
    for device in spoken | held.alarms.keys():
        count = held.alarms.get(device, 0)
        if device not in spoken:
            verdict.add("wrong", f"{device}: an alarm that never was")
        elif count != 1:
            verdict.add("duplicated" if count else "lost", f"{device}: raised {count} times in the PMS")


def _doors(verdict: Verdict, records: Records, held: Held) -> None:
    """The last word of each door is what the PMS shows."""
    for said in records.last("door"):
        room = said.device.partition("_")[0]
        if held.doors.get(room) != said.value:
            verdict.add("wrong", f"{room}: the door is {said.value}, the PMS shows {held.doors.get(room)}")


def _answers(verdict: Verdict, records: Records, held: Held) -> None:
    """What the journal holds of a unit is what this unit said, shortly before."""
    index = {room: _Spoken(answers) for room, answers in records.answered.items()}
    for row in held.journal:
        line, _, source = row.source.partition(" ")
        if line == "field" or not row.payload:
            continue
        room = room_of(line, source)
        spoken = index.get(room)
        if spoken is None or not spoken.said(row.payload, row.received):
            verdict.add("wrong", f"{row.source}: {row.payload.hex()} is not what it said then")


def room_of(line: str, source: str) -> str:
    """Where a unit is: units 1 to 4 of the socket in 101 to 104, units 5 to 8 of the bus in 105 to 108."""
    del line
    return f"1{int(source.removeprefix('unit ')):02d}"


class _Spoken:
    """The answers of one unit, to be looked up by content and time."""

    def __init__(self, answers: Sequence[Answered]) -> None:
        self._times: dict[bytes, list[float]] = {}
        for answer in answers:
            self._times.setdefault(answer.words, []).append(answer.at)

    def said(self, words: bytes, received: float) -> bool:
        times = self._times.get(words, [])
        at = bisect_right(times, received + 1)
        return bisect_left(times, received - ANSWER_S) < at


def _screens(verdict: Verdict, records: Records) -> None:
    """A temperature on a screen is one that the room's unit told, and no younger than it says."""
    true: dict[str, dict[int, list[float]]] = {}
    for room, answers in records.answered.items():
        for answer in answers:
            told = temperature_in(answer.words)
            if told is not None:
                true.setdefault(room, {}).setdefault(told, []).append(answer.at)
    for shown in records.shown:
        times = true.get(shown.room, {}).get(round(shown.temperature * 10), [])
        before = [at for at in times if at <= shown.at + 0.1]
        if not before:
            verdict.add("wrong", f"{shown.room}: {shown.temperature} on the screen, its unit never told that")
            continue
        age = shown.asked - max(before)
        if shown.age is not None and age > shown.age + SCREEN_S + _blind(shown.at, records.spans):
            verdict.add("wrong", f"{shown.room}: {shown.temperature} is {age:.1f} s old, shown as {shown.age} s")


def _blind(at: float, spans: Sequence[Span]) -> float:
    """A clock that is an hour behind tells ages that are wrong until it is set; that is said by an alert."""
    return 4000.0 if any(span.kind == "clock_jump" and span.begin <= at <= span.end + 10 for span in spans) else 0.0


def temperature_in(words: bytes) -> int | None:
    """Tenths of a degree in an answer that begins with the temperature (known by the next register); a lie is none."""
    told = int.from_bytes(words[:2], "big", signed=True)
    return told if len(words) == 8 and words[2:4] == b"\0\0" and told < IMPOSSIBLE else None


def _orders(verdict: Verdict, records: Records, held: Held) -> None:
    """No order twice, none after its deadline, none without an end, none called done that was not."""
    orders = {(one.room, one.value): one for one in records.ordered}
    counts = Counter((one.room, one.value) for one in records.written)
    for written in records.written:
        order = orders.get((written.room, written.value))
        if order is None:
            verdict.add("wrong", f"{written.room}: was told {written.value}, nobody had ordered it")
        elif written.at > order.deadline + DEADLINE_S:
            verdict.add("wrong", f"{written.room}: {written.value} came {written.at - order.deadline:.1f} s too late")
    for key, order in orders.items():
        _order(verdict, order, counts.get(key, 0), held)


def _order(verdict: Verdict, order: Ordered, count: int, held: Held) -> None:
    name = f"{order.room}: the order of {order.value}"
    if count > 1:
        verdict.add("wrong", f"{name} was carried out {count} times")
    if order.id is None:
        return
    state = held.commands.get(order.id, "absent")
    if state in ("absent", *OPEN):
        verdict.add("lost", f"{name} never ended: {state}")
    elif (state == "done" and not count) or (state == "expired" and count):
        verdict.add("wrong", f"{name} is called {state} and was carried out {count} times")
