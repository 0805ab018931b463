"""Key cards at the desk, on a real pseudo-terminal: written, read, erased, refused; and everything that goes wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from devices.encoders.jobs import CardState, CardStep, CardTask
from devices.encoders.payload import PayloadError, encode
from simulators.encoder.card import Card
from simulators.encoder.classic import ClassicCard
from simulators.encoder.deck import Deck
from simulators.encoder.type2 import Type2Card
from tests.gateway.desk import CONTENT, KEYS, OTHER_HOUSE, Desk, content_of, memory_of, serving
from tests.waiting import until

CONFIRMED, FAILED, EXPIRED, UNKNOWN = CardState.CONFIRMED, CardState.FAILED, CardState.EXPIRED, CardState.UNKNOWN
KINDS = ["ntag213", "ntag215", "ntag216", "ultralight", "ultralight_ev1", "ultralight_c"]
NEXT = replace(CONTENT, credential=8, sequence=4, valid_until=CONTENT.valid_until + timedelta(days=3))


@pytest.fixture
def soon_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that was taken away is not waited for as long as in life."""
    monkeypatch.setattr("gateway.encoders.run.RETURN_S", 0.3)


def pages_to_write(card: Card) -> int:
    before, wanted = memory_of(card), encode(CONTENT, KEYS, card.uid)
    return sum(before[at : at + 4] != wanted[at : at + 4] for at in range(0, 48, 4))


def opens(card: Card) -> bool:
    try:
        return content_of(card) == CONTENT
    except PayloadError:
        return False


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_is_written_read_back_and_read(kind: str, tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        card = Deck().blank(kind)
        desk.encoder.place(card)
        result = await desk.done()
        assert (result.state, result.reason) == (CONFIRMED, None)
        assert content_of(card) == CONTENT
        assert desk.steps() == ["waiting", "writing", "checking"]
        read = await desk.done("j2", CardTask.READ)
        assert read.card == result.card
        assert read.card
        assert (read.card.kind, read.card.content) == (kind, CONTENT)
        assert read.card.serial == KEYS.serial(card.uid)
        await until(lambda: not desk.encoder.chip.core.radio.powered)  # the field is off, and the card was let go
        assert desk.encoder.chip.commands[-2:] == [0x52, 0x32]


async def test_an_encoder_behind_a_serial_server(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, tcp=True)) as desk:
        desk.encoder.place(card := Deck().blank())
        desk.encoder.field.after_writes(3, desk.encoder.unplug)
        desk.order()
        await until(lambda: desk.figures().code == "line_down")
        await desk.encoder.plug()
        assert (await desk.result()).state is CONFIRMED
        assert content_of(card) == CONTENT


async def test_a_card_as_the_factory_delivers_it_is_blank(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        for number, kind in enumerate(("ntag213", "ntag215")):
            desk.encoder.field.swap(Deck().delivered(kind))
            read = await desk.done(f"r{number}", CardTask.READ)
            assert read.card
            assert read.card.problem == "empty"
            assert (await desk.done(f"w{number}")).state is CONFIRMED


async def test_a_key_waits_for_its_card(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.order()
        await desk.waiting()
        assert desk.figures().busy
        card = Deck().blank()
        desk.encoder.place(card)
        assert (await desk.result()).state is CONFIRMED
        assert content_of(card) == CONTENT
        await until(lambda: not desk.figures().busy)


async def test_the_same_key_again_writes_nothing_and_is_checked(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(Deck().blank())
        await desk.done()
        writes = desk.encoder.field.writes
        assert (await desk.done("j2")).state is CONFIRMED
        assert desk.encoder.field.writes == writes
        assert desk.steps("j2") == ["waiting", "checking"]


async def test_a_card_of_ours_is_written_over_and_erased(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        card = Deck().blank()
        desk.encoder.place(card)
        await desk.done()
        assert (await desk.done("j2", content=NEXT)).state is CONFIRMED
        assert content_of(card) == NEXT
        erased = await desk.done("j3", CardTask.ERASE)
        assert (erased.state, erased.card and erased.card.problem) == (CONFIRMED, "empty")
        assert memory_of(card) == bytes(48)
        assert (await desk.done("j4", CardTask.ERASE)).state is CONFIRMED, "a blank card is erased already"


# Cards that are refused


async def test_another_systems_card_is_read_and_never_written(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        foreign, neighbour = Deck().foreign(), Deck().blank()
        assert isinstance(neighbour, Type2Card)
        neighbour.put(encode(CONTENT, OTHER_HOUSE, neighbour.uid))
        for number, (card, problem) in enumerate(((foreign, "foreign"), (neighbour, "other_property"))):
            before = memory_of(card)
            desk.encoder.field.swap(card)
            read = await desk.done(f"r{number}", CardTask.READ)
            assert (read.state, read.card and read.card.problem) == (CONFIRMED, problem)
            for task in (CardTask.WRITE, CardTask.ERASE):
                result = await desk.done(f"{task}{number}", task)
                assert (result.state, result.reason) == (FAILED, "foreign_card")
            assert memory_of(card) == before


async def test_a_copy_of_a_key_on_another_card_does_not_read(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        deck = Deck()
        card, copy = deck.blank(), deck.blank()
        desk.encoder.place(card)
        await desk.done()
        assert isinstance(copy, Type2Card)
        copy.put(memory_of(card))
        desk.encoder.field.swap(copy)
        read = await desk.done("j2", CardTask.READ)
        assert (read.card and read.card.content, read.card and read.card.problem) == (None, "not_authentic")
        assert (await desk.done("j3")).state is CONFIRMED, "it is ours, and may be written"


@pytest.mark.parametrize(("kind", "reason"), [("mifare_classic", "unsafe_card"), ("desfire", "unsupported_card")])
@pytest.mark.parametrize("task", CardTask)
async def test_an_unfit_card_is_refused_with_its_kind(kind: str, reason: str, task: CardTask, tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(Deck().blank(kind))
        result = await desk.done(task=task)
        assert (result.state, result.reason) == (FAILED, reason)
        assert result.card
        assert (result.card.kind, result.card.problem) == (kind, "unreadable")
        assert desk.encoder.field.writes == 0


async def test_a_locked_page_fails_the_write(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        card = Deck().blank()
        assert isinstance(card, Type2Card)
        card.memory[11] = 0x80  # page 15, the last of the MAC
        desk.encoder.place(card)
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "write_failed")
        with pytest.raises(PayloadError, match="not_authentic"):
            content_of(card)


async def test_what_does_not_fit_on_a_card_is_refused_at_once(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        result = await desk.done(content=replace(CONTENT, room="the presidential suite"))
        assert (result.state, result.reason) == (FAILED, "room_too_long")
        result = await desk.done("j2", content=replace(CONTENT, sequence=-1))
        assert (result.state, result.reason) == (FAILED, "write_failed")
        assert (await desk.done("j3", encoder="desk-9")).reason == "unknown_encoder"
        assert (await desk.done("j4", seconds=0)).state is EXPIRED


# MIFARE Classic, switched on


@pytest.mark.parametrize("long_uid", [False, True])
async def test_a_classic_gets_keys_of_its_own(long_uid: bool, tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, classic=True)) as desk:
        card = ClassicCard(bytes(range(1, 8)) if long_uid else b"\xde\xad\xbe\xef")
        desk.encoder.place(card)
        assert (await desk.done()).state is CONFIRMED
        assert content_of(card) == CONTENT
        key_a, key_b = KEYS.sector_keys(card.uid)
        assert card.memory[112:128] == key_a + bytes.fromhex("ff078069") + key_b
        assert b"\xff" * 6 not in card.memory[64:128]
        assert (await desk.done("j2", content=NEXT)).state is CONFIRMED
        read = await desk.done("j3", CardTask.READ)
        assert read.card
        assert (read.card.kind, read.card.content) == ("mifare_classic", NEXT)


async def test_a_classic_whose_sector_has_another_key_is_foreign(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, classic=True)) as desk:
        card = ClassicCard(b"\xde\xad\xbe\xef")
        card.set_keys(1, b"\xa0" * 6, b"\xb0" * 6)
        desk.encoder.place(card)
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "foreign_card")


@pytest.mark.parametrize(("count", "state"), [(0, FAILED), (1, FAILED), (2, FAILED), (3, UNKNOWN), (4, UNKNOWN)])
async def test_no_classic_that_is_torn_off_has_a_key_behind_a_test_key(
    count: int, state: CardState, tmp_path: Path, soon_gone: None
) -> None:
    """The trailer is the first write: whatever is on the card after it is behind keys of ours."""
    async with serving(Desk(tmp_path, classic=True)) as desk:
        card = ClassicCard(b"\xde\xad\xbe\xef")
        desk.encoder.place(card)
        desk.encoder.field.after_writes(count, desk.encoder.take)
        result = await desk.done()
        assert (result.state, result.reason) == (state, "card_removed")
        assert (card.memory[112:118] == b"\xff" * 6) is (count == 0)
        assert opens(card) is (count == 4)
        desk.encoder.place(card)
        assert (await desk.done("j2")).state is CONFIRMED


# Taken away


@pytest.mark.parametrize(
    ("left", "state"), [(11, FAILED), (10, FAILED), (9, FAILED), (2, FAILED), (1, UNKNOWN), (0, UNKNOWN)]
)
async def test_a_card_taken_away_in_mid_write(left: int, state: CardState, tmp_path: Path, soon_gone: None) -> None:
    """`left` pages are not written. Once the last one was sent nobody knows; before it no lock opens to the card."""
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(card := Deck().delivered())
        desk.encoder.field.after_writes(pages_to_write(card) - left, desk.encoder.take)
        result = await desk.done()
        assert (result.state, result.reason) == (state, "card_removed")
        assert opens(card) is (left == 0)
        desk.encoder.place(card)
        assert (await desk.done("j2", content=NEXT)).state is CONFIRMED, "it is known as ours, or as blank"


@pytest.mark.parametrize("count", [0, 5])
async def test_a_card_that_comes_back_is_written_on(count: int, tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(card := Deck().blank())
        desk.encoder.field.after_writes(count, desk.encoder.take)
        desk.order()
        await until(lambda: desk.encoder.card is None)
        desk.encoder.place(card)
        assert (await desk.result()).state is CONFIRMED
        assert content_of(card) == CONTENT
        assert desk.steps() == ["waiting", "writing", "checking"]


async def test_another_card_in_mid_write_is_noticed_and_left_alone(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        deck = Deck()
        card, other = deck.blank(), deck.blank()
        desk.encoder.place(card)
        desk.encoder.field.after_writes(3, lambda: desk.encoder.field.swap(other))
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "card_changed")
        assert result.card
        assert result.card.serial == KEYS.serial(card.uid)
        assert memory_of(other) == bytes(48)


async def test_nobody_places_a_card(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        began = desk.clock.now()
        result = await desk.done(seconds=0.4)
        assert (result.state, result.reason, result.card) == (EXPIRED, "no_card", None)
        assert timedelta(seconds=0.4) <= result.at - began < timedelta(seconds=0.6)


# Cancelled


async def test_a_job_that_waits_for_its_card_is_cancelled_at_once(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.order()
        await desk.waiting()
        began = desk.clock.now()
        desk.gateway.cancel_card("j1")
        desk.gateway.cancel_card("j1")
        result = await desk.result()
        assert (result.state, result.reason) == (FAILED, "cancelled")
        assert result.at - began < timedelta(seconds=0.15)
        desk.encoder.place(Deck().blank())
        assert (await desk.done("j2")).state is CONFIRMED


@pytest.mark.parametrize(("step", "state"), [(CardStep.WRITING, FAILED), (CardStep.CHECKING, CONFIRMED)])
async def test_a_job_is_cancelled_only_while_nothing_is_written(
    step: CardStep, state: CardState, tmp_path: Path
) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(Deck().blank())
        desk.taken.hold = step
        desk.order()
        await until(lambda: step.value in desk.steps())
        assert bool(desk.encoder.field.writes) is (step is CardStep.CHECKING), "the step is on disk before the write"
        desk.gateway.cancel_card("j1")
        desk.taken.go.set()
        result = await desk.result()
        assert (result.state, result.reason) == (state, "cancelled" if state is FAILED else None)


# Queues


async def test_jobs_of_one_encoder_are_served_in_turn_and_on_cards_of_their_own(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        deck = Deck()
        desk.order("j1")
        desk.order("j2", content=NEXT)
        desk.order("j2", content=NEXT)
        await until(lambda: desk.steps("j2") == ["queued"])
        assert desk.figures().waiting == 1
        desk.encoder.place(first := deck.blank())
        assert (await desk.result("j1")).state is CONFIRMED
        await until(lambda: desk.steps("j2") == ["queued", "waiting"])
        heard = desk.encoder.chip.commands.count(0x4A)
        await until(lambda: desk.encoder.chip.commands.count(0x4A) > heard + 1)
        assert content_of(first) == CONTENT, "the second key is not written over the first"
        desk.encoder.field.swap(second := deck.blank())
        assert (await desk.result("j2")).state is CONFIRMED
        assert (content_of(first), content_of(second)) == (CONTENT, NEXT)


async def test_a_queue_is_bounded_and_its_jobs_end_by_themselves(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.order("first")
        await desk.waiting("first")
        for number in range(9):
            desk.order(f"j{number}", seconds=0.3)
        assert [(result.id, result.reason) for result in desk.taken.results] == [("j8", "encoder_busy")]
        desk.gateway.cancel_card("j7")
        assert (await desk.result("j7")).reason == "cancelled"
        for number in range(7):
            assert (await desk.result(f"j{number}")).state is EXPIRED
        assert desk.figures().busy
        desk.gateway.cancel_card("first")
        await desk.result("first")


async def test_encoders_know_nothing_of_each_other(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, 2)) as desk:
        desk.encoders["desk-1"].faults.silent = True
        desk.order("j1")
        desk.encoders["desk-2"].place(Deck().blank())
        assert (await desk.done("j2", encoder="desk-2")).state is CONFIRMED
        assert (await desk.result("j1")).reason == "encoder_silent"
        assert [desk.figures(name).state for name in desk.encoders] == ["down", "up"]


# The encoder and its cable


def lose_acknowledgements(desk: Desk) -> None:
    desk.encoder.faults.lost_acknowledgements = 3


def slow(desk: Desk) -> None:
    desk.encoder.faults.slow_s = 0.05


def split(desk: Desk) -> None:
    desk.encoder.faults.split = True


def merged(desk: Desk) -> None:
    desk.encoder.faults.merged = True


def noisy(desk: Desk) -> None:
    desk.encoder.faults.noise = b"\x5a\xff\x00\x00"


@pytest.mark.parametrize("fault", [lose_acknowledgements, slow, split, merged, noisy])
async def test_a_bad_cable_is_borne(fault: Callable[[Desk], None], tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, timeout_s=0.5)) as desk:
        desk.encoder.place(card := Deck().blank())
        fault(desk)
        assert (await desk.done()).state is CONFIRMED
        assert content_of(card) == CONTENT
        assert desk.figures().state == "up"


async def test_a_silent_encoder_fails_its_job_and_comes_back(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.faults.silent = True
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "encoder_silent")
        assert (desk.figures().state, desk.figures().code) == ("down", "encoder_silent")
        assert desk.taken.health[-1] == ("desk-1", False, None)
        assert "encoder_silent" in desk.taken.reasons()
        desk.encoder.faults.silent = False
        desk.encoder.place(Deck().blank())
        assert (await desk.done("j2")).state is CONFIRMED, "a job wakes it at once"
        assert desk.taken.health[-1] == ("desk-1", True, None)


@pytest.mark.parametrize("fault", ["silent", "garbled"])
async def test_an_idle_encoder_that_fails_is_noticed_by_itself(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.encoders.worker.PROBE_S", 0.1)
    async with serving(Desk(tmp_path)) as desk:
        setattr(desk.encoder.faults, fault, True)
        await until(lambda: desk.figures().code == f"encoder_{fault}")
        assert desk.taken.health[-1] == ("desk-1", False, None)
        setattr(desk.encoder.faults, fault, False)
        await until(lambda: desk.figures().state == "up")
        assert desk.figures().firmware == "1.6"
        assert desk.taken.health[-1] == ("desk-1", True, None)


async def test_garbled_answers_fail_the_job(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(Deck().blank())
        desk.encoder.faults.garbled = True
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "encoder_garbled")


@pytest.mark.parametrize("count", [1, 12])
async def test_an_encoder_that_falls_silent_in_mid_write(count: int, tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(card := Deck().blank())
        pages = pages_to_write(card)

        def fall_silent() -> None:
            desk.encoder.faults.silent = True

        desk.encoder.field.after_writes(pages if count == 12 else count, fall_silent)
        result = await desk.done()
        assert result.reason == "encoder_silent"
        assert result.state is (UNKNOWN if count == 12 else FAILED)
        assert opens(card) is (result.state is UNKNOWN)


async def test_an_adapter_pulled_out_in_mid_write_and_put_back(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(card := Deck().blank())
        desk.encoder.field.after_writes(3, desk.encoder.unplug)
        desk.order()
        await until(lambda: desk.figures().code == "line_down")
        await desk.encoder.plug()
        assert (await desk.result()).state is CONFIRMED
        assert content_of(card) == CONTENT


async def test_an_adapter_that_stays_away_ends_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.encoders.run.GRACE_S", 0.3)
    async with serving(Desk(tmp_path)) as desk:
        desk.order()
        await desk.waiting()
        desk.encoder.unplug()
        result = await desk.result()
        assert (result.state, result.reason) == (FAILED, "line_down")
        assert desk.taken.health[-1] == ("desk-1", False, "desk-1")
        assert desk.figures().code == "line_down"


async def test_a_job_from_before_the_start_waits_for_its_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.encoder.place(card := Deck().blank())
    desk.order()
    async with serving(desk):
        assert (await desk.result()).state is CONFIRMED
        assert content_of(card) == CONTENT


async def test_an_adapter_pulled_out_after_the_last_page_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.encoders.run.GRACE_S", 0.3)
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.place(card := Deck().blank())
        desk.encoder.field.after_writes(pages_to_write(card), desk.encoder.unplug)
        result = await desk.done()
        assert (result.state, result.reason) == (UNKNOWN, "line_down")
        assert opens(card)


async def test_a_card_that_already_is_this_key_and_goes_before_the_check_is_unknown(
    tmp_path: Path, soon_gone: None
) -> None:
    async with serving(Desk(tmp_path)) as desk:
        card = Deck().blank()
        assert isinstance(card, Type2Card)
        card.put(encode(CONTENT, KEYS, card.uid))
        desk.encoder.place(card)
        desk.taken.hold = CardStep.CHECKING
        desk.order()
        await until(lambda: "checking" in desk.steps())
        desk.encoder.take()
        desk.taken.go.set()
        result = await desk.result()
        assert (result.state, result.reason) == (UNKNOWN, "card_removed")


async def test_another_chip_is_no_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.encoder.core.FIRMWARE", bytes.fromhex("33010607"))
    async with serving(Desk(tmp_path), state="down") as desk:
        assert desk.figures().code == "wrong_chip"
        assert desk.taken.health[-1] == ("desk-1", False, None)
        result = await desk.done()
        assert (result.state, result.reason) == (FAILED, "encoder_error")


async def test_what_comes_unasked_is_counted_and_kept_nowhere(tmp_path: Path) -> None:
    """A late answer has a UID in it, and a cable that echoes says back the keys of a Classic."""
    async with serving(Desk(tmp_path)) as desk:
        desk.encoder.port.write(KEYS.master)
        await until(lambda: "unexpected_bytes" in desk.taken.reasons())
        told = repr(desk.taken)
        assert KEYS.master.hex(" ") not in told
        assert repr(KEYS.master)[2:-1] not in told


async def test_nothing_that_is_told_has_a_key_in_it(tmp_path: Path) -> None:
    async with serving(Desk(tmp_path, classic=True)) as desk:
        desk.encoder.place(card := ClassicCard(b"\xde\xad\xbe\xef"))
        await desk.done()
        desk.encoder.faults.garbled = True
        await desk.done("j2")
        told = repr((desk.taken, desk.gateway.status(), desk.gateway._home))
        secrets = (KEYS.master, KEYS.of_card(card.uid), *KEYS.sector_keys(card.uid))
        assert not [secret for secret in secrets if secret.hex() in told or repr(secret)[2:-1] in told]
        assert card.uid.hex() not in told
