"""What a room was: however cheaply most changes are told apart, none that counts is missed."""

from datetime import timedelta

from hypothesis import given

from edge.chronicle import Chronicle
from edge.journal_energy import HistoryRow
from edge.rooms.signals import Signal
from tests.edge.rooms.play import DAY, Play, reading
from tests.edge.rooms.test_properties import KINDS, QUIET, senseless, steps


@QUIET
@given(steps(senseless()))
def test_the_story_of_a_room_goes_on_with_everything_its_history_keeps(given_steps: list[tuple[float, Signal]]) -> None:
    play, chronicle, thorough = Play(*KINDS), Chronicle(()), Chronicle(())
    for gap, signal in given_steps:
        play.take(signal, play.now + timedelta(seconds=gap))
        told: list[HistoryRow] = []
        if chronicle.anew("101", play.room.story):
            told = chronicle.note(play.view(), play.room.facts, play.now)
        assert told == thorough.note(play.view(), play.room.facts, play.now)


def test_a_figure_is_no_history() -> None:
    play, chronicle = Play(*KINDS), Chronicle(())
    play.take(reading("temperature", 20.5, DAY), DAY)
    assert chronicle.anew("101", play.room.story)
    play.take(reading("temperature", 21.0, DAY), DAY + timedelta(seconds=30))
    assert not chronicle.anew("101", play.room.story)
    chronicle.beside("101")
    assert chronicle.anew("101", play.room.story)
