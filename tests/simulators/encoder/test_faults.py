"""Everything that may go wrong with an encoder and the card on it, as the host sees it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from simulators.encoder.card import Card
from simulators.encoder.deck import Deck
from simulators.encoder.encoder import SerialPort, SimulatedEncoder
from simulators.encoder.field import Moment
from simulators.encoder.type2 import Type2Card
from tests.simulators.encoder.host import ACK, FIRMWARE, FIRMWARE_TOLD, SAM, SAM_DONE, WAKE, Host, command, plugged
from tests.waiting import until


def write(page: int) -> tuple[int, ...]:
    return (0x40, 1, 0xA2, page, 1, 2, 3, page)


async def with_card(encoder: SimulatedEncoder, host: Host) -> Type2Card:
    card = Deck().blank()
    assert isinstance(card, Type2Card)
    encoder.place(card)
    await host.at_work()
    await host.said(0x4A, 1, 0)
    return card


async def test_a_card_is_placed_and_taken_once() -> None:
    encoder = SimulatedEncoder(SerialPort(Path("nowhere")))
    card = Deck().blank()
    encoder.place(card)
    with pytest.raises(ValueError, match="already"):
        encoder.place(Deck(2).blank())
    assert encoder.take() is card
    with pytest.raises(ValueError, match="no card"):
        encoder.take()


@pytest.mark.parametrize("count", [0, 2])
async def test_taken_away_after_so_many_writes(count: int) -> None:
    async with plugged() as (encoder, host):
        card = await with_card(encoder, host)
        encoder.field.after_writes(count, encoder.take)
        statuses = [await host.said(*write(page)) for page in range(4, 8)]
        assert statuses == [b"\x00"] * count + [b"\x01"] * (4 - count)
        assert card.user[: 4 * 4].count(b"\x01\x02\x03") == count
        assert encoder.card is None


async def test_swapped_in_mid_write_the_other_card_does_not_answer() -> None:
    async with plugged() as (encoder, host):
        card, other = await with_card(encoder, host), Deck(2).blank()
        encoder.field.after_writes(1, lambda: encoder.field.swap(other))
        assert [await host.said(*write(page)) for page in (4, 5)] == [b"\x00", b"\x01"]
        listed = await host.said(0x4A, 1, 0)
        assert listed[-7:] == other.uid != card.uid


async def test_unplugged_in_mid_write() -> None:
    async with plugged() as (encoder, host):
        card = await with_card(encoder, host)
        encoder.field.after_writes(1, encoder.unplug)
        host.send(command(*write(4)))
        assert await host.hear() == ACK
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await host.exactly(1)
        assert card.user[:4] == bytes([1, 2, 3, 4])
        assert not encoder.up


async def test_silent() -> None:
    async with plugged() as (encoder, host):
        encoder.faults.silent = True
        host.send(WAKE + FIRMWARE)
        assert await host.quiet()
        encoder.faults.silent = False
        host.send(WAKE + FIRMWARE)
        assert await host.hear() == ACK


async def test_garbled() -> None:
    async with plugged() as (encoder, host):
        encoder.faults.garbled = True
        host.send(WAKE + FIRMWARE)
        heard = await host.exactly(len(ACK + FIRMWARE_TOLD))
        wrong = [a ^ b for a, b in zip(heard, ACK + FIRMWARE_TOLD, strict=True) if a != b]
        assert len(wrong) == 2
        assert all(bits.bit_count() == 1 for bits in wrong)


async def test_a_lost_acknowledgement_and_the_answer_after_it() -> None:
    async with plugged() as (encoder, host):
        encoder.faults.lost_acknowledgements = 1
        host.send(WAKE + FIRMWARE)
        assert await host.hear() == FIRMWARE_TOLD
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD


async def test_slow() -> None:
    async with plugged() as (encoder, host):
        encoder.faults.slow_s = 0.2
        loop = asyncio.get_running_loop()
        host.send(WAKE + FIRMWARE)
        assert await host.hear() == ACK
        begun = loop.time()
        assert await host.hear() == FIRMWARE_TOLD
        assert loop.time() - begun > 0.15


def split(encoder: SimulatedEncoder) -> None:
    encoder.faults.split = True


def merged(encoder: SimulatedEncoder) -> None:
    encoder.faults.merged = True


@pytest.mark.parametrize("fault", [split, merged])
async def test_in_pieces_and_in_one_piece(fault: Callable[[SimulatedEncoder], None]) -> None:
    async with plugged() as (encoder, host):
        sizes: list[int] = []
        said = encoder.chip.voice.send

        def counted(data: bytes) -> None:
            sizes.append(len(data))
            said(data)

        encoder.chip.voice.send = counted
        fault(encoder)
        host.send(WAKE)
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD
        assert await host.ask(SAM) == SAM_DONE
        total = len(ACK + FIRMWARE_TOLD + ACK + SAM_DONE)
        assert sizes == ([1] * total if fault is split else [len(ACK + FIRMWARE_TOLD), len(ACK + SAM_DONE)])


async def test_a_merged_wait_is_acknowledged_at_once() -> None:
    async with plugged() as (encoder, host):
        host.send(WAKE)
        await host.ask(SAM)
        encoder.faults.merged = True
        host.send(command(0x4A, 1, 0))
        assert await host.hear() == ACK


async def test_noise_before_each_frame() -> None:
    async with plugged() as (encoder, host):
        encoder.faults.noise = b"\x5a\x00\x00\x00"
        host.send(WAKE + FIRMWARE)
        assert await host.hear() == b"\x5a\x00\x00\x00" + ACK
        assert await host.hear() == b"\x5a\x00\x00\x00" + FIRMWARE_TOLD


async def test_who_watches_is_told_every_moment() -> None:
    async with plugged() as (encoder, host):
        moments: list[Moment] = []

        def watcher(moment: Moment, _card: Card) -> None:
            moments.append(moment)

        encoder.watch(watcher)
        await with_card(encoder, host)
        await host.said(*write(4))
        await host.said(0x40, 1, 0x30, 4)
        await host.said(0x52, 0)
        encoder.take()
        assert moments == [Moment.PLACED, Moment.WRITTEN, Moment.READ, Moment.RELEASED, Moment.TAKEN]
        assert encoder.chip.commands[-3:] == [0x40, 0x40, 0x52]


async def test_on_a_pseudo_terminal_and_fresh_after_each_plugging(tmp_path: Path) -> None:
    path = tmp_path / "desk-1.tty"
    encoder = SimulatedEncoder(SerialPort(path))
    await encoder.plug()
    for _ in range(2):
        heard = bytearray()
        with serial.Serial(str(path), 115_200, timeout=0) as port:
            port.write(WAKE + command(0x4A, 1, 0))

            def answered(port: serial.Serial = port, heard: bytearray = heard) -> bool:
                heard.extend(port.read(64))
                return len(heard) >= 14

            await until(answered)
        assert heard.endswith(bytes.fromhex("7f8100"))  # nothing contactless before SAMConfiguration
        encoder.unplug()
        assert not path.is_symlink()
        await encoder.plug()
    encoder.unplug()
