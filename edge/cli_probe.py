"""`innkeeper probe`: one look at a live Modbus register, and every plausible reading of it."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from devices.inventory import Line
from devices.modbus.decodings import Decoding, as_bits, as_decimals, as_text, decodings, scales_for
from devices.modbus.plan import FUNCTIONS
from edge.configuration import Configuration
from edge.console import (
    CONFIG,
    DATA,
    FAILED,
    WRONG_INPUT,
    Config,
    Data,
    Json,
    answering,
    finish,
    opened,
    refuse,
    tell,
)

MODBUS = ("modbus_tcp", "modbus_rtu")
MOST_WORDS = 4
HELP = {
    "timeout": "the unit does not answer: look at its number, baud rate, parity and wires",
    "exception_1": "the unit does not know this table",
    "exception_2": "the unit has no register there: is the map counted from 0, from 1 or from 40001? (--base)",
    "exception_10": "the gateway has no way to the unit",
    "exception_11": "the unit does not answer its gateway",
    "open_failed": "the port cannot be opened: a running service holds it",
    "no_such_port": "there is no such port",
    "permission": "this user may not open the port",
}

LineName = Annotated[str, typer.Argument(help="Id of a Modbus line of devices.toml.")]
UnitNumber = Annotated[int, typer.Argument(min=0, max=255, help="Number of the unit on it.")]
Register = Annotated[int, typer.Argument(min=0, max=465_536, help="As printed in the unit's map.")]
TableName = Annotated[str, typer.Option("--table", help="holding, input, coil or discrete.")]
Base = Annotated[int, typer.Option(help="What the map's numbers begin with: 0, 1 or 40001.")]
Shown = Annotated[float | None, typer.Option("--expect", help="What the unit's display shows: only what fits it.")]


def probe(
    line: LineName,
    unit: UnitNumber,
    register: Register,
    table: TableName = "holding",
    base: Base = 0,
    expect: Shown = None,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Read a live Modbus register and print what it may say. Stop the service first where it holds a serial port."""
    from gateway.lines.line import LineDownError
    from gateway.lines.modbus import RequestError
    from gateway.lines.modbus_settings import settings_of
    from gateway.probe import Place, look

    with answering():
        found = _line(opened(config), line)
        if table not in FUNCTIONS:
            refuse(f"no such table: {table} (one of {', '.join(FUNCTIONS)})", WRONG_INPUT)
        if not 0 <= register - base <= 0xFFFF:
            refuse(f"register {register} is not reachable from base {base}", WRONG_INPUT)
        place = Place(unit, FUNCTIONS[table], register - base)
        try:
            words = finish(look(settings_of(found, data), place, MOST_WORDS))
        except LineDownError as error:
            refuse(_why(error.cause, str(error)), FAILED)
        except RequestError as error:
            refuse(_why(error.code, str(error)), FAILED)
        if place.function <= FUNCTIONS["discrete"]:
            tell({"bits": words}, "bits from here on: " + " ".join(map(str, words)), as_json=as_json)
        else:
            tell(answer(words, expect), as_lines(words, expect), as_json=as_json)


def answer(words: Sequence[int], shown: float | None) -> dict[str, Any]:
    """For a program."""
    rows = [
        {"type": one.type, "order": one.order, "wire": one.wire, "value": one.value, "scales": list(scales)}
        for one, scales in _rows(words, shown)
    ]
    return {"words": list(words), "decodings": rows, "bits": as_bits(words[0]), "text": as_text(words)}


def as_lines(words: Sequence[int], shown: float | None) -> str:
    """For a person."""
    lines = ["words: " + " ".join(f"{word:04x}" for word in words)]
    rows = _rows(words, shown)
    for one, scales in rows:
        fits = "".join(f"  x {scale:g} = {one.value * scale:g}" for scale in scales if scale != 1)
        lines.append(f"  {one.type:8} {one.order:9} {_number(one):>16}{fits}    wire: {one.wire}")
    if shown is not None and not rows:
        lines.append(f"  nothing here reads as {shown:g} at any usual scale")
    lines.append(f"bits set in the first: {as_bits(words[0])}")
    if (decimals := as_decimals(words[0])) is not None:
        lines.append(f"as four decimal digits: {decimals}")
    if (text := as_text(words)) is not None:
        lines.append(f"as letters: {text}")
    return "\n".join(lines)


def _rows(words: Sequence[int], shown: float | None) -> list[tuple[Decoding, tuple[float, ...]]]:
    if shown is None:
        return [(one, ()) for one in decodings(words)]
    fitting = [(one, scales_for(one.value, shown)) for one in decodings(words)]
    return [(one, scales) for one, scales in fitting if scales]


def _number(one: Decoding) -> str:
    return str(one.value) if isinstance(one.value, int) else f"{one.value:.6g}"


def _line(configuration: Configuration, name: str) -> Line:
    lines = configuration.inventory.lines
    found = lines.get(name)
    if found is None or found.kind not in MODBUS:
        known = ", ".join(one.id for one in lines.values() if one.kind in MODBUS) or "none"
        refuse(f'no Modbus line "{name}" in devices.toml: {known}', WRONG_INPUT)
    return found


def _why(code: str, detail: str) -> str:
    return f"{detail}: {HELP[code]}" if code in HELP else detail
