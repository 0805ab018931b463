"""What the broker says again after a crash is known, however much it is; what only looks like it is not."""

from pathlib import Path

from edge.intake import Recent
from edge.journal_rows import RECENT_MESSAGES
from tests.edge.messages import batch_of, line_message
from tests.edge.test_journal import opened

PACKETS = 65_535


def test_a_broker_that_heard_no_acknowledgement_says_everything_again_and_all_of_it_is_known() -> None:
    recent = Recent({})
    assert not any(recent.seen(line_message(number)) for number in range(20_000))
    assert all(recent.seen(line_message(number, redelivered=True)) for number in range(20_000))


def test_what_was_never_taken_is_news_and_hides_nothing_of_what_was() -> None:
    recent = Recent({})
    assert not any(recent.seen(line_message(number)) for number in range(100, 8_000))
    assert not any(recent.seen(line_message(number, redelivered=True)) for number in range(8_000, 16_000))
    assert all(recent.seen(line_message(number, redelivered=True)) for number in range(100, 16_000))


def test_a_packet_id_that_comes_round_again_is_another_message() -> None:
    recent = Recent({})
    first = line_message(7)
    assert first.duplicate_key is not None
    assert not recent.seen(first)
    for number in range(8, RECENT_MESSAGES + 8):
        recent.seen(line_message(number))
    assert not recent.seen(line_message(7, redelivered=True))
    assert recent.seen(line_message(7, redelivered=True))
    assert RECENT_MESSAGES < PACKETS


def test_other_content_another_line_and_what_is_not_said_again_are_news() -> None:
    recent = Recent({})
    message = line_message(7)
    assert message.duplicate_key is not None
    packet, checksum = message.duplicate_key
    assert not recent.seen(message)
    assert not recent.seen(message)
    again = line_message(7, redelivered=True)
    assert not recent.seen(again._replace(duplicate_key=(packet, checksum ^ 1)))
    assert not recent.seen(again._replace(line="annex"))
    assert not recent.seen(again._replace(duplicate_key=None))


async def test_what_is_on_disk_is_known_after_a_start(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        await journal.commit(batch_of(messages=[line_message(number) for number in range(9_000)]))
    async with opened(tmp_path / "journal.db") as journal:
        recent = Recent(journal.loaded.keys)
        assert all(recent.seen(line_message(number, redelivered=True)) for number in range(9_000))
        assert not recent.seen(line_message(9_000, redelivered=True))


def test_the_count_of_years_begins_again_and_the_last_messages_stay_known() -> None:
    recent = Recent({})
    recent._of("field")._count = 2**32 - 500
    assert not any(recent.seen(line_message(number)) for number in range(1_000))
    assert all(recent.seen(line_message(number, redelivered=True)) for number in range(1_000))
