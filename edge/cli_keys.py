"""`innkeeper card-key`: the one secret that no backup has. Moved by hand, from one box to the next."""

from pathlib import Path
from typing import Annotated

import typer

from edge.card_key import CardKeyError, make_card_key, read_card_key, write_card_key
from edge.console import CONFIG, DATA, FAILED, Config, Data, Json, answering, opened, refuse, tell
from edge.folder import in_use
from edge.secret_files import CARD_KEY, secret_path

card_key = typer.Typer(no_args_is_help=True, help="The key that cards are made with. It is in no backup.")

EVERY_LOCK = "Every lock of the house must hold this key: a lock that holds another one refuses every card."
KEEP = "Whoever has this file can make a key to every door: keep it locked away, apart from the backups."
NEXT_START = "The edge that runs now takes it at its next start."


@card_key.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Written with mode 600; must not be there yet.")],
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Write the key to a file, for the safe or for a new box."""
    with answering():
        opened(config)
        key = _read(secret_path(data, CARD_KEY))
        if file.exists():
            refuse(f"{file} is there already: name another file", FAILED)
        write_card_key(file, key)
        tell({"exported": file}, f"the card key is in {file}\n{KEEP}", as_json=as_json)


@card_key.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file that `card-key export` wrote.", exists=True, dir_okay=False)],
    replace: Annotated[bool, typer.Option("--replace", help="Also where another key is there: it is lost.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a key into the data folder. The file stays as it is."""
    with answering():
        opened(config)
        key, place = _read(file), secret_path(data, CARD_KEY)
        changed = _present(place) != key
        if changed and place.exists() and not replace:
            refuse(f"{place} holds another card key. Export it first; --replace puts this one in its place", FAILED)
        if changed:
            write_card_key(place, key)
        tell({"imported": file, "changed": changed}, _after_import(data, changed=changed), as_json=as_json)


@card_key.command("new")
def new(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Make a key where there is none: the old one is lost for good, and every lock will be given the new one."""
    with answering():
        opened(config)
        place = secret_path(data, CARD_KEY)
        if place.exists():
            refuse(f"{place} is there already: a new key would shut every lock to new cards", FAILED)
        _make(data)
        tell({"made": place}, f"made {place}\n{EVERY_LOCK}", as_json=as_json)


def _after_import(data: Path, *, changed: bool) -> str:
    if not changed:
        return "this key is in use already"
    lines = ["the card key is taken", EVERY_LOCK, *([NEXT_START] if in_use(data, "edge") else [])]
    return "\n".join(lines)


def _read(file: Path) -> bytes:
    try:
        return read_card_key(file)
    except CardKeyError as error:
        refuse(str(error), FAILED)


def _make(data: Path) -> None:
    try:
        make_card_key(data)
    except CardKeyError as error:
        refuse(str(error), FAILED)


def _present(place: Path) -> bytes | None:
    """The key that is there; None also where what is there is none."""
    try:
        return read_card_key(place)
    except CardKeyError:
        return None
