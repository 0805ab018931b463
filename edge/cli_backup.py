"""`innkeeper backup` and `innkeeper restore`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from edge.archive_error import ArchiveError
from edge.configuration import Configuration
from edge.console import CONFIG, DATA, Config, Data, Json, answering, books, finish, opened, say, tell
from edge.secret_files import CARD_KEY, secret_path
from edge.service import version

if TYPE_CHECKING:
    from edge.operate.rehearsal import Rehearsal
    from edge.operate.replaced import Compared

CARD_KEY_STAYS = "the card key that is in the folder stays: no backup has one"
NO_CARD_KEY = "there is no card key in the folder and no backup has one: innkeeper card-key import FILE"

Part = Annotated[Literal["all", "edge", "pms"], typer.Option(help="The journal (edge), the books (pms), or both.")]
Verify = Annotated[bool, typer.Option("--verify", help="Prove it: restore it into a folder of its own and compare.")]
Replace = Annotated[bool, typer.Option("--replace", "--yes", help="Replace what is there without asking.")]


def backup(
    to: Annotated[Path | None, typer.Argument(help="Folder to write into; DATA/backups when absent.")] = None,
    verify: Verify = False,
    part: Part = "all",
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """A verified backup of journal and books, and beside it one of the secrets, to be kept elsewhere."""
    from edge import archive
    from edge.operate.rehearsal import rehearse

    with answering():
        configuration = opened(config)
        scope = archive.Scope(edge=part != "pms", pms=part != "edge")
        made = finish(archive.backup(books(configuration, data), to or data / "backups", version(), scope))
        proof = finish(rehearse(made, data)) if verify else None
        rows = sum(sum(tables.values()) for tables in made.rows.values())
        answer: dict[str, Any] = {"backup": made.file, "secrets": made.secrets, "rows": made.rows}
        text = [f"backup:  {made.file} ({rows} rows, verified)"]
        if made.secrets is not None:
            text.append(f"secrets: {made.secrets} (keep it apart from the backup)")
        if proof is not None:
            answer["proof"] = _proof(proof)
            text.append(f"proved:  {_said(proof)}")
        tell(answer, "\n".join(text), as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup, innkeeper-*.tar.", exists=True, dir_okay=False)],
    secrets: Annotated[Path | None, typer.Option(help="Its secrets, innkeeper-*.secrets.tar.", exists=True)] = None,
    replace: Replace = False,
    show: Annotated[bool, typer.Option("--show", help="Only say what would be replaced.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Fill the data folder from a backup. Says what it replaces and asks first; nothing replaced is deleted."""
    from edge import archive
    from edge.operate.replaced import compare

    with answering():
        configuration = opened(config)
        if not show:
            archive.refuse_in_use(data)
        found = finish(compare(books(configuration, data), file))
        answer: dict[str, Any] = {"replaces": {one.database: one.answer() for one in found}}
        if not as_json:
            say("\n".join(line for one in found for line in one.lines()))
        if show:
            tell(answer, f"nothing was changed; to restore: innkeeper restore {file}", as_json=as_json)
            return
        replace = replace or _agreed(found, file, data)
        aside = finish(archive.restore(books(configuration, data), file, secrets, replace=replace))
        answer |= {"secrets": secrets is not None, "keys": (data / "secrets" / "field_keys").exists()}
        answer |= {"card_key": secret_path(data, CARD_KEY).exists()}
        answer |= {"names_readable": _readable(configuration, data, found)}
        answer |= {"restored": file, "put_aside": aside}
        tell(answer, "\n".join(_report(answer, data)), as_json=as_json)


def _agreed(found: "list[Compared]", file: Path, data: Path) -> bool:
    """Whether somebody at a terminal said yes. Nobody to ask: ArchiveError that says what is there."""
    from edge import archive

    there = archive.present(data, archive.verify(file))
    there = there or [one.database for one in found if one.present]  # books that are no file: PostgreSQL
    if not there:
        return False  # an empty folder: there is nothing to replace
    if not sys.stdin.isatty():
        raise ArchiveError(f"{data} is not empty: {', '.join(there)}. With --replace they are put aside first")
    if not typer.confirm("Replace what is there now? It is put aside, not deleted"):
        raise ArchiveError("nothing was changed")
    return True


def _readable(configuration: Configuration, data: Path, found: "list[Compared]") -> bool | None:
    """Whether the restored names can be read; None: no books were restored, or none with a name."""
    from pms import commands

    if all(one.database != "pms" for one in found):
        return None
    return finish(commands.decrypts(books(configuration, data)))


def _report(answer: dict[str, Any], data: Path) -> list[str]:
    lines = [f"restored {answer['restored']} into {data}; what was restored begins a new epoch"]
    if answer["put_aside"]:
        lines.append(f"put aside, not deleted: {', '.join(answer['put_aside'])}")
    if answer["names_readable"] is False:
        lines.append("names in it cannot be read: the keys are in its secrets archive, give it with --secrets")
    elif not answer["secrets"]:
        lines.append("without --secrets: keys and the broker's passwords are those of this folder")
    lines.append(CARD_KEY_STAYS if answer["card_key"] else NO_CARD_KEY)
    return lines


def _proof(proof: "Rehearsal") -> dict[str, Any]:
    seconds = round(proof.seconds, 2)
    return {"rows": proof.rows, "events": proof.events, "decrypted": proof.decrypted, "seconds": seconds}


def _said(proof: "Rehearsal") -> str:
    names = {True: "names can be read", False: "names cannot be read", None: "no name to try"}[proof.decrypted]
    return f"restored and compared: {proof.rows} rows, {proof.events} audited events, {names} ({proof.seconds:.1f} s)"
