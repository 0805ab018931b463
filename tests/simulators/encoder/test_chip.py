"""The PN532's side of the wire, byte by byte: every frame of the reference, and every command of its list."""

import asyncio

import pytest

from simulators.encoder.classic import ClassicCard
from simulators.encoder.deck import Deck
from simulators.encoder.desfire import DesfireCard
from simulators.encoder.encoder import SocketPort
from simulators.encoder.frames import Ear, Mark, Request, response
from simulators.encoder.type2 import Type2Card
from tests.simulators.encoder.host import (
    ACK,
    ERROR,
    FIRMWARE,
    FIRMWARE_TOLD,
    LIST,
    NACK,
    NONE_LISTED,
    ONE_TRY,
    SAM,
    SAM_DONE,
    WAKE,
    command,
    plugged,
)
from tests.waiting import until

DEADBEEF = bytes.fromhex("deadbeef")
UID = bytes.fromhex("04782e21801d80")
AUTHENTICATE_A = bytes.fromhex("0000ff0ff1d440016004ffffffffffffdeadbeef5500")
BLOCK = bytes.fromhex("00112233445566778899aabbccddeeff")


def frame(text: str) -> bytes:
    return bytes.fromhex(text)


async def test_the_frames_of_the_reference_one_after_the_other() -> None:
    async with plugged() as (encoder, host):
        encoder.place(ClassicCard(DEADBEEF))
        host.send(WAKE)
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD
        assert await host.ask(SAM) == SAM_DONE
        assert await host.ask(frame("0000ff03fdd414011700")) == SAM_DONE
        assert await host.ask(ONE_TRY) == response(0x32, b"")
        assert await host.ask(LIST) == frame("0000ff0cf4d54b010100040804deadbeef9600")
        assert await host.ask(AUTHENTICATE_A) == frame("0000ff03fdd54100ea00")
        write = frame("0000ff15ebd44001a004") + BLOCK + frame("4f00")
        assert await host.ask(write) == frame("0000ff03fdd54100ea00")
        told = await host.ask(frame("0000ff05fbd440013004b700"))
        assert told == frame("0000ff13edd54100") + BLOCK + bytes([-(0xD5 + 0x41 + sum(BLOCK)) & 0xFF, 0])
        assert await host.ask(frame("0000ff03fdd45200da00")) == frame("0000ff03fdd55300d800")
        encoder.take()
        assert await host.ask(LIST) == NONE_LISTED


async def test_a_bad_key_and_key_b() -> None:
    async with plugged() as (encoder, host):
        card = ClassicCard(DEADBEEF)
        card.set_keys(1, b"\x00" * 6, b"\xff" * 6)
        encoder.place(card)
        await host.at_work()
        await host.ask(LIST)
        assert await host.ask(AUTHENTICATE_A) == frame("0000ff03fdd54114d600")
        assert await host.ask(AUTHENTICATE_A) == frame("0000ff03fdd54101e900")  # it has halted
        await host.ask(LIST)
        key_b = frame("0000ff0ff1d440016104ffffffffffffdeadbeef5400")
        assert await host.ask(key_b) == frame("0000ff03fdd54100ea00")


async def test_an_ntag_page_as_in_the_reference() -> None:
    async with plugged() as (encoder, host):
        card = Type2Card("ntag213", UID)
        encoder.place(card)
        await host.at_work()
        assert await host.said(0x4A, 1, 0) == frame("010100440007") + UID
        assert await host.ask(frame("0000ff09f7d44001a204010203043b00")) == frame("0000ff03fdd54100ea00")
        assert card.user[:4] == frame("01020304")
        assert await host.said(0x40, 1, 0x30, 4) == b"\x00" + frame("01020304") + bytes(12)
        assert await host.said(0x40, 1, 0x30, 44) == b"\x00" + bytes(4) + bytes(card.memory[:12])
        assert await host.said(0x40, 1, 0x30, 45) == b"\x13"
        assert await host.said(0x40, 1, 0x30, 4) == b"\x01"


async def test_a_version_is_asked_through_the_chip() -> None:
    async with plugged() as (encoder, host):
        encoder.place(Type2Card("ntag213", UID))
        await host.at_work()
        assert await host.said(0x42, 0x60) == b"\x01"  # nobody is listed
        await host.said(0x4A, 1, 0)
        assert await host.said(0x42, 0x60) == b"\x00" + frame("0004040201000f03")
        assert await host.said(0x42, 0x30, 4) == b"\x00" + bytes(16)
        assert await host.said(0x42, 0xA2, 4, 1, 2, 3, 4) == b"\x02"  # four bits are no frame with a checksum
        assert await host.said(0x40, 1, 0x30, 4) == b"\x00" + frame("01020304") + bytes(12)
        assert await host.ask(command(0x40, 1, 0x60)) == ERROR  # the chip takes it for half of an authentication


async def test_an_ultralight_refuses_to_tell_and_must_be_listed_again() -> None:
    async with plugged() as (encoder, host):
        encoder.place(Type2Card("ultralight", UID))
        await host.at_work()
        await host.said(0x4A, 1, 0)
        assert await host.said(0x42, 0x60) == b"\x02"
        assert await host.said(0x42, 0x30, 4) == b"\x01"
        await host.said(0x4A, 1, 0)
        assert await host.said(0x40, 1, 0x30, 4) == b"\x00" + bytes(16)


async def test_all_seven_bytes_of_a_uid_are_a_syntax_error() -> None:
    async with plugged() as (encoder, host):
        uid = frame("043318ea703280")
        encoder.place(ClassicCard(uid))
        await host.at_work()
        await host.said(0x4A, 1, 0)
        key = bytes([0xFF] * 6)
        assert await host.ask(command(0x40, 1, 0x60, 4, *key, *uid)) == ERROR
        assert await host.said(0x40, 1, 0x60, 4, *key, *uid[-4:]) == b"\x00"


async def test_a_desfire_speaks_iso_dep() -> None:
    async with plugged() as (encoder, host):
        encoder.place(DesfireCard(UID))
        await host.at_work()
        listed = await host.said(0x4A, 1, 0)
        assert listed == frame("010103442007") + UID + frame("067577810280")
        version = await host.said(0x40, 1, 0x90, 0x60, 0, 0, 0)
        assert (version[0], version[-2:]) == (0, b"\x91\xaf")
        assert await host.said(0x40, 0x41, 0x90, 0xAF, 0) == b"\x00"  # more to come
        assert (await host.said(0x40, 1, 0, 0))[-2:] == b"\x91\xaf"
        assert await host.said(0x00, 0x06) == b"\x00"
        assert await host.said(0x12, 0x04) == b""  # no automatic RATS
        assert await host.said(0x4A, 1, 0) == frame("010103442007") + UID


async def test_asleep_until_woken_and_deaf_to_what_came_first() -> None:
    async with plugged() as (_, host):
        host.send(FIRMWARE)
        assert await host.quiet()
        host.send(FIRMWARE)
        assert await host.hear() == ACK
        assert await host.hear() == FIRMWARE_TOLD


async def test_the_other_wake_up() -> None:
    async with plugged() as (_, host):
        assert await host.ask(frame("5555") + bytes(14) + SAM) == SAM_DONE


async def test_nothing_contactless_before_sam_configuration() -> None:
    async with plugged() as (_, host):
        host.send(WAKE)
        assert await host.ask(LIST) == ERROR
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD


async def test_it_waits_for_a_card_for_ever_until_an_ack_aborts() -> None:
    async with plugged() as (encoder, host):
        host.send(WAKE)
        await host.ask(SAM)
        host.send(LIST)
        assert await host.hear() == ACK
        assert await host.quiet()
        host.send(ACK)
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD
        encoder.place(Deck().blank())
        assert await host.quiet()


async def test_a_card_that_is_placed_ends_the_wait() -> None:
    async with plugged() as (encoder, host):
        host.send(WAKE)
        await host.ask(SAM)
        host.send(LIST)
        assert await host.hear() == ACK
        encoder.place(ClassicCard(DEADBEEF))
        assert await host.hear() == frame("0000ff0cf4d54b010100040804deadbeef9600")


async def test_a_new_command_interrupts_the_old_one() -> None:
    async with plugged() as (_, host):
        host.send(WAKE)
        await host.ask(SAM)
        host.send(LIST)
        assert await host.hear() == ACK
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD


async def test_a_card_by_its_uid() -> None:
    async with plugged() as (encoder, host):
        encoder.place(Type2Card("ntag213", UID))
        await host.at_work()
        assert await host.said(0x4A, 1, 0, 0x88, *UID) != b"\x00"
        assert await host.said(0x4A, 1, 0, *UID[:4]) == b"\x00"
        assert await host.said(0x4A, 1, 1, 0, 0xFF, 0xFF, 0, 0) == b"\x00"  # no FeliCa is there


async def test_a_nack_asks_for_the_last_answer_again() -> None:
    async with plugged() as (_, host):
        host.send(WAKE)
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD
        host.send(NACK)
        assert await host.hear() == FIRMWARE_TOLD


async def test_damaged_frames_are_not_acknowledged() -> None:
    async with plugged() as (encoder, host):
        await host.at_work()
        host.send(FIRMWARE[:-2] + b"\x2b\x00" + b"noise" + b"\x00\xff\x05\x05")
        host.send(FIRMWARE)
        assert await host.hear() == ACK
        assert await host.hear() == FIRMWARE_TOLD
        assert encoder.chip.damaged == 2


async def test_targets_are_deselected_selected_and_released() -> None:
    async with plugged() as (encoder, host):
        encoder.place(Type2Card("ntag213", UID))
        await host.at_work()
        assert await host.said(0x54, 1) == b"\x27"
        assert await host.said(0x44, 1) == b"\x27"
        await host.said(0x4A, 1, 0)
        assert await host.said(0x44, 1) == b"\x00"
        assert await host.said(0x42, 0x60) == b"\x01"
        assert await host.said(0x54, 1) == b"\x00"
        assert await host.said(0x04) == bytes([0, 1, 1, 1, 0, 0, 0x10, 0])
        assert await host.said(0x52, 1) == b"\x00"
        assert await host.said(0x52, 1) == b"\x27"
        assert await host.said(0x40, 1, 0x30, 4) == b"\x27"
        assert await host.said(0x04) == bytes([0x27, 1, 0, 0])


async def test_switching_the_field_off_loses_the_target() -> None:
    async with plugged() as (encoder, host):
        encoder.place(Type2Card("ntag213", UID))
        await host.at_work()
        await host.said(0x4A, 1, 0)
        assert await host.said(0x32, 1, 0) == b""
        assert await host.said(0x40, 1, 0x30, 4) == b"\x27"


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ([0x00, 0x00, 1, 2, 3], b"\x00\x01\x02\x03"),
        ([0x00, 0x01], b"\x00"),
        ([0x00, 0x02], b"\x00"),
        ([0x00, 0x04, 0x01], b"\x80"),
        ([0x00, 0x06], b"\x01"),
        ([0x00, 0x07, 0x20], b"\x00"),
        ([0x12, 0x14], b""),
        ([0x14, 0x01, 0x14, 0x01], b""),
        ([0x32, 0x02, 0, 0x0B, 0x0A], b""),
        ([0x32, 0x04, 0], b""),
        ([0x60, 1, 1, 0x10], b"\x00"),
    ],
)
async def test_a_command_is_answered(content: list[int], answer: bytes) -> None:
    async with plugged() as (_, host):
        await host.at_work()
        assert await host.said(*content) == answer


@pytest.mark.parametrize(
    "content",
    [
        [0x02, 0],
        [0x04, 0],
        [0x10, 9],
        [0x12],
        [0x14, 5],
        [0x14],
        [0x16],
        [0x32, 0x05, 1],
        [0x32, 0x09, 1],
        [0x32],
        [0x40],
        [0x42],
        [0x44],
        [0x4A, 3, 0],
        [0x4A, 1, 9],
        [0x4A],
        [0x52],
        [0x54, 1, 2],
        [0x60, 0, 1, 0x10],
        [0x60, 1, 16, 0x10],
        [0x00, 0x09],
        [0x99],
    ],
)
async def test_what_the_syntax_forbids_is_acknowledged_and_then_an_error(content: list[int]) -> None:
    async with plugged() as (_, host):
        await host.at_work()
        assert await host.ask(command(*content)) == ERROR
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD


async def test_polling_finds_a_card_by_its_type() -> None:
    async with plugged() as (encoder, host):
        await host.at_work()
        host.send(command(0x60, 0xFF, 1, 0x20, 0x00))
        assert await host.hear() == ACK
        encoder.place(Type2Card("ntag213", UID))
        told = await host.hear()
        assert told[7:-2] == bytes([1, 0x10, 12]) + frame("0100440007") + UID
        assert await host.said(0x60, 1, 1, 0x20) == b"\x00"


async def test_a_new_speed_holds_once_the_answer_is_acknowledged() -> None:
    async with plugged() as (encoder, host):
        await host.at_work()
        assert await host.said(0x10, 5) == b""
        assert encoder.chip.core.baud == 115_200
        host.send(ACK)
        await until(lambda: encoder.chip.core.baud == 230_400)


@pytest.mark.parametrize(("enable", "wakes"), [(0x10, True), (0x20, False)])
async def test_power_down_and_whether_the_line_wakes_it(enable: int, wakes: bool) -> None:
    async with plugged() as (_, host):
        await host.at_work()
        assert await host.said(0x16, enable) == b"\x00"
        host.send(WAKE + FIRMWARE)
        assert await host.quiet() is not wakes


async def test_echo_back_never_answers() -> None:
    async with plugged() as (_, host):
        await host.at_work()
        host.send(command(0x00, 0x05, 1, 2, 3))
        assert await host.hear() == ACK
        assert await host.quiet()


async def test_a_long_echo_is_an_extended_frame_both_ways() -> None:
    async with plugged() as (_, host):
        await host.at_work()
        body = bytes([0xD4, 0x00, 0x00]) + bytes(range(256))
        size = bytes([0xFF, 0xFF, len(body) >> 8, len(body) & 0xFF])
        check = -(size[2] + size[3]) & 0xFF
        host.send(b"\x00\x00\xff" + size + bytes([check]) + body + bytes([-sum(body) & 0xFF, 0]))
        assert await host.hear() == ACK
        heard = await host.exactly(3 + 5 + len(body) + 2)
        assert heard[8:-2] == b"\xd5\x01\x00" + bytes(range(256))
        assert sum(heard[8:-1]) & 0xFF == 0


def test_the_ear_reads_any_pieces() -> None:
    stream = b"\x55\x00\x00" + FIRMWARE + ACK + NACK + bytes(7) + SAM
    whole = list(Ear().hear(stream))
    ear = Ear()
    single = [heard for byte in stream for heard in ear.hear(bytes([byte]))]
    assert whole == single == [Request(2, b""), Mark.ACK, Mark.NACK, Request(0x14, b"\x01\x00\x00")]


async def test_a_second_host_is_turned_away() -> None:
    async with plugged() as (encoder, host):
        assert isinstance(encoder.port, SocketPort)
        reader, writer = await asyncio.open_connection("127.0.0.1", encoder.port.port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        host.send(WAKE)
        assert await host.ask(FIRMWARE) == FIRMWARE_TOLD
