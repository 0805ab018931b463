"""`innkeeper tls`: a certificate authority of the house's own, and the certificate of its pages."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.console import CONFIG, DATA, Config, Data, Json, answering, opened, tell

if TYPE_CHECKING:
    from pms.tls import TlsFiles

tls = typer.Typer(no_args_is_help=True, help="The certificate of the pages.")
Names = Annotated[
    list[str] | None, typer.Option("--name", help="Host name or address browsers use; may be given again.")
]


@tls.command("create")
def create(
    name: Names = None,
    replace: Annotated[bool, typer.Option("--replace", help="Make a new authority; devices trust it anew.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a certificate authority of the house's own and the certificate of its pages."""
    from pms import tls as making

    with answering():
        configuration = opened(config)
        files = making.create(data, configuration.hotel.house.name, _names(name), _now(), replace=replace)
        after = 'Set [http] tls = "local", start the service, and open /trust on each device.'
        _show(files, as_json=as_json, after=after)


@tls.command("renew")
def renew(name: Names = None, config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """A new certificate of the same authority; a running service takes it up by itself. Names are added by --name."""
    from pms import tls as making

    with answering():
        opened(config)
        _show(making.renew(data, _names(name), _now()), as_json=as_json)


@tls.command("show")
def show(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Names, fingerprint and end of the certificate that the pages use. The key is never shown."""
    from pms.tls import TlsFiles, local_files

    with answering():
        http = opened(config).settings.http
        _show(TlsFiles(*http.files(data)) if http.tls == "files" else local_files(data), as_json=as_json)


def _show(files: "TlsFiles", *, as_json: bool, after: str = "") -> None:
    from pms.tls import told

    answer = told(files)
    tell(answer, "\n".join([*_lines(answer), *([after] if after else [])]), as_json=as_json)


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = [
        f"certificate: {answer['file']}, until {answer['until']:%Y-%m-%d}",
        f"for:         {', '.join(answer['names'])}",
        f"SHA-256:     {answer['fingerprint']}",
    ]
    authority = answer.get("authority")
    if authority:
        lines += [
            f"authority:   {authority['name']}, until {authority['until']:%Y-%m-%d}",
            f"SHA-256:     {authority['fingerprint']}   (what /trust shows: compare it on each device)",
        ]
    return lines


def _names(given: list[str] | None) -> list[str]:
    return given or []


def _now() -> datetime:
    return datetime.now(UTC)
