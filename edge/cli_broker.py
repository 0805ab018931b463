"""`innkeeper broker`: the users of the hotel's own broker, and the certificate of its TLS listener."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.brokers.certificate import certificate_files, ensure_certificate, make_certificate, told
from edge.brokers.credentials import CredentialError, Credentials, Given, Wanted
from edge.brokers.passwords import OWN
from edge.brokers.running import tell_to_reload
from edge.brokers.users import BrokerUser, UsersDamagedError, load_users
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
    books,
    finish,
    opened,
    refuse,
    tell,
)
from edge.secret_files import secret_path, write_secret

broker = typer.Typer(no_args_is_help=True, help="The hotel's own broker: its users and its certificate.")
credentials = typer.Typer(no_args_is_help=True, help="Users of the broker: one for each device or bridge.")
broker.add_typer(credentials, name="credentials")

HELD = "The running broker holds it already; whoever used the old password is out."
NEXT = "No broker runs on this folder: it holds from the next start."
ONCE = "The password is shown once and kept nowhere."
KINDS = "one of --device ID, --bridge BASE_TOPIC, --home-assistant, --pms"
Name = Annotated[str, typer.Argument(help="The user's name; it is the client id too.")]
Keep = Annotated[bool, typer.Option("--keep", help="Write the password to DATA/secrets/broker_NAME, mode 600.")]


@credentials.command("add")
def add(
    name: Name,
    device: Annotated[str, typer.Option("--device", help="Its id in devices.toml.")] = "",
    bridge: Annotated[str, typer.Option("--bridge", help="The base topic of a bridge, such as zigbee2mqtt.")] = "",
    home_assistant: Annotated[bool, typer.Option("--home-assistant", help="What it is shown, read only.")] = False,
    pms: Annotated[bool, typer.Option("--pms", help="A PMS on another machine.")] = False,
    keep: Keep = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a user that may use the topics of one device or bridge, and no other."""
    chosen = [Wanted("device", device)] * bool(device) + [Wanted("bridge", bridge)] * bool(bridge)
    chosen += [Wanted("home_assistant")] * home_assistant + [Wanted("pms")] * pms
    with _answering():
        configuration = opened(config)
        if len(chosen) != 1:
            refuse(f"say whom the user is for: {KINDS}", WRONG_INPUT)
        given = _on(configuration, data).add(name, chosen[0])
        _hand_out(given, data, keep=keep, as_json=as_json)
        _audit(configuration, data, "made", name)


@credentials.command("list")
def list_(config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Everybody the broker knows, with their topics. `stale`: devices.toml says other topics now; rotate takes them."""
    with _answering():
        configuration = opened(config)
        on = _on(configuration, data)
        items = [{"name": name, "kind": "service", "revoked": ""} for name in OWN]
        items += [_shown(user, stale=on.is_stale(user)) for user in load_users(data).values()]
        tell({"items": items}, "\n".join(map(_line, items)), as_json=as_json)


@credentials.command("rotate")
def rotate(name: Name, keep: Keep = False, config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """A new password. Also of `field`, and (with the service stopped) of the service's own user `innkeeper`."""
    with _answering():
        configuration = opened(config)
        if name in OWN:
            held = _on(configuration, data).rotate_own(name)
            file = secret_path(data, f"broker_{name}")
            tell({"rotated": name, "file": file, "held": held}, f"{file}\n{HELD if held else NEXT}", as_json=as_json)
        else:
            given = _on(configuration, data).rotate(name)
            kept = secret_path(data, f"broker_{name}").exists()
            _hand_out(given, data, keep=keep or kept, as_json=as_json)
        _audit(configuration, data, "rotated", name)


@credentials.command("revoke")
def revoke(name: Name, config: Config = CONFIG, data: Data = DATA, as_json: Json = False) -> None:
    """Shut a user out, at once."""
    with _answering():
        configuration = opened(config)
        held = _on(configuration, data).revoke(name)
        secret_path(data, f"broker_{name}").unlink(missing_ok=True)
        text = f"{name} may not connect any more. {'Its connection is closed.' if held else NEXT}"
        tell({"revoked": name, "held": held}, text, as_json=as_json)
        _audit(configuration, data, "revoked", name)


@broker.command("certificate")
def certificate(
    renew: Annotated[bool, typer.Option("--renew", help="Make a new one of the same authority now.")] = False,
    config: Config = CONFIG,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The certificate of the TLS listener and the file that devices are to trust. Made where there is none."""
    with _answering():
        settings = opened(config).settings.broker
        files = certificate_files(settings, data)
        if renew:
            make_certificate(files, settings.tls_names, _now())
        changed = ensure_certificate(settings, data, _now()) or renew
        if changed:
            tell_to_reload(data / "broker")
        facts = told(files)
        answer: dict[str, Any] = {"file": files.certificate, "authority": files.authority, "names": facts.names}
        answer |= {"fingerprint": facts.fingerprint, "until": facts.until}
        lines = [f"certificate: {files.certificate}, until {facts.until:%Y-%m-%d}", f"for: {', '.join(facts.names)}"]
        lines += [f"SHA-256: {facts.fingerprint}"]
        lines += [f"devices trust: {files.authority}"] if files.authority else []
        tell(answer, "\n".join(lines), as_json=as_json)


def _hand_out(given: Given, data: Path, *, keep: bool, as_json: bool) -> None:
    user, lines = given.user, [f"user:     {given.user.name}   (and client id)", f"password: {given.password}"]
    lines += [f"may say:  {topic}" for topic in user.says] + [f"may hear: {topic}" for topic in user.hears]
    answer = {"name": user.name, "password": given.password, "says": user.says, "hears": user.hears}
    if keep:
        file = secret_path(data, f"broker_{user.name}")
        write_secret(file, given.password)
        answer["file"] = str(file)
    lines += [f"kept in {answer['file']}" if keep else ONCE, HELD if given.told else NEXT]
    tell(answer | {"held": given.told}, "\n".join(lines), as_json=as_json)


def _shown(user: BrokerUser, *, stale: bool) -> dict[str, Any]:
    names = ("name", "kind", "target", "says", "hears", "made", "changed", "revoked")
    return {name: getattr(user, name) for name in names} | {"stale": stale}


def _line(item: dict[str, Any]) -> str:
    marks = [f"revoked {item['revoked']}"] if item["revoked"] else []
    marks += ["stale: rotate"] if item.get("stale") else []
    return "\t".join([item["name"], item["kind"], item.get("target", ""), *marks]).rstrip()


def _on(configuration: Configuration, data: Path) -> Credentials:
    if configuration.settings.broker.mode == "url":
        raise CredentialError('[broker] mode is "url": the users of the hotel\'s own broker are made there')
    return Credentials(configuration, data, _now())


def _audit(configuration: Configuration, data: Path, what: str, name: str) -> None:
    """A line in the books, where this folder has books; an edge without any has the dates in its list of users."""
    if configuration.settings.database.url == "sqlite" and not (data / "pms.db").exists():
        return
    from pms import commands

    finish(commands.broker_user_changed(books(configuration, data), what, name))


@contextmanager
def _answering() -> Iterator[None]:
    with answering():
        try:
            yield
        except CredentialError as error:
            refuse(str(error), WRONG_INPUT)
        except UsersDamagedError as error:
            refuse(str(error), FAILED)


def _now() -> datetime:
    return datetime.now(UTC)
