"""`innkeeper install`: a release, a configuration, a data folder, a user, the units. Idempotent."""

import os
import pwd
import shutil
from functools import partial
from pathlib import Path

from edge.operate.building import CODE, build, version_of
from edge.operate.layout import SYSTEM_PREFIX, UNIT_OF, UNITS, Layout, OperationError
from edge.operate.steps import Steps, call
from edge.operate.writable import DEVICES, let_write, may_write

FILES = ("hotel.toml", "devices.toml", "service.toml")
LINK = Path("/usr/local/bin/innkeeper")
SYSTEMD = Path("/run/systemd/system")


def install(layout: Layout, wheel: Path | None, wheels: Path | None, part: str, steps: Steps) -> str:
    """Do it; the version. `part`: run, edge or pms, whose unit is named at the end.

    Raises:
        OperationError: it cannot be done here, or another release is current (that is an upgrade).
    """
    if layout.system and os.geteuid() != 0 and not steps.dry:
        raise OperationError(f"{SYSTEM_PREFIX} needs root: use sudo, or give --prefix a folder of your own")
    version = version_of(wheel)
    release, current = layout.release(version), layout.current()
    if current is not None and current.version != version:
        raise OperationError(f"{current.version} is installed: innkeeper upgrade changes the release, install does not")
    _user(layout, steps)
    steps.step(
        f"release {version} in {release.folder}", lambda: build(release, wheel, wheels), needed=not release.complete
    )
    steps.step(f"{layout.current_link} -> {version}", lambda: layout.make_current(release), needed=current is None)
    _folders(layout, steps)
    _units(layout, steps)
    if layout.system:
        program = layout.current_link / "venv" / "bin" / "innkeeper"
        steps.step(f"{LINK} -> {program}", lambda: _link(LINK, program), needed=not LINK.is_symlink())
    _reload(layout, steps)
    steps.tell(_next(layout, part))
    return version


def deployed(name: str) -> Path:
    """A file of config/deploy, in the checkout or the installed package."""
    return CODE / "config" / "deploy" / name


def unit_text(name: str, layout: Layout) -> str:
    """A unit with the paths of the layout."""
    text = deployed(f"systemd/{name}").read_text()
    if layout.data != Path("/var/lib/innkeeper"):
        text = text.replace("StateDirectory=innkeeper\nStateDirectoryMode=0700", f"ReadWritePaths={layout.data}")
    places = {"/opt/innkeeper": layout.prefix, "/etc/innkeeper": layout.config, "/var/lib/innkeeper": layout.data}
    for shipped, wanted in places.items():
        text = text.replace(shipped, str(wanted))
    return text


def backup_places(config: Path) -> list[str]:
    """The folders of [backup] that the service has to be allowed to write; empty when the file cannot be read."""
    from devices.problems import ConfigurationError
    from edge.settings import load_settings

    try:
        settings = load_settings(config / "service.toml").backup
    except ConfigurationError:
        return []
    return [path for path in (settings.path, settings.secrets_path) if path]


def _user(layout: Layout, steps: Steps) -> None:
    if not layout.system:
        steps.skip("system user", "only for a whole machine")
        return
    command = ["useradd", "--system", "--no-create-home", "--home-dir", str(layout.data)]
    command += ["--shell", "/usr/sbin/nologin", "--user-group", layout.user]
    steps.step(f"system user {layout.user}", lambda: call(command), needed=not _known(layout.user))


def _known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _folders(layout: Layout, steps: Steps) -> None:
    missing = not (layout.config / FILES[0]).exists()
    steps.step(f"configuration in {layout.config}, from the example", lambda: _example(layout), needed=missing)
    _devices(layout, steps)
    steps.step(f"data folder {layout.data}", lambda: _data(layout), needed=not layout.data.exists())


def _devices(layout: Layout, steps: Steps) -> None:
    """The pages place devices; in a folder of one's own nothing stands in the way."""
    if not layout.system:
        return
    text = f"{layout.config / DEVICES} may be written by {layout.user}"
    needed = not _known(layout.user) or not may_write(layout.config, *_ids(layout.user))
    steps.step(text, lambda: let_write(layout.config, *_ids(layout.user)), needed=needed)


def _ids(user: str) -> tuple[int, int]:
    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid


def _example(layout: Layout) -> None:
    layout.config.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if not (layout.config / name).exists():
            shutil.copy(CODE / "config" / "example" / name, layout.config / name)
            (layout.config / name).chmod(0o640 if layout.system else 0o600)
    if layout.system:
        for path in (layout.config, *layout.config.iterdir()):
            shutil.chown(path, "root", layout.user)


def _data(layout: Layout) -> None:
    layout.data.mkdir(mode=0o700, parents=True)
    if layout.system:
        shutil.chown(layout.data, layout.user, layout.user)


def _units(layout: Layout, steps: Steps) -> None:
    for name in UNITS:
        path, text = layout.units / name, unit_text(name, layout)
        steps.step(f"unit {path}", partial(_write, path, text), needed=_differs(path, text))
    places = backup_places(layout.config)
    if not places:
        return
    text = "# Made by innkeeper install: where [backup] of service.toml writes.\n[Service]\n"
    text += "".join(f"ReadWritePaths=-{place}\n" for place in places)
    for name in UNITS:
        path = layout.units / f"{name}.d" / "backup.conf"
        steps.step(f"{path}: {', '.join(places)}", partial(_write, path, text), needed=_differs(path, text))


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text() != text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)


def _link(link: Path, target: Path) -> None:
    if link.exists():
        raise OperationError(f"{link} is there and no link of ours: move it away")
    link.symlink_to(target)


def _reload(layout: Layout, steps: Steps) -> None:
    if layout.system and SYSTEMD.exists():
        steps.step("systemctl daemon-reload", lambda: call(["systemctl", "daemon-reload"]))
    else:
        steps.skip("systemctl daemon-reload", "systemd does not run here" if layout.system else "own prefix")


def _next(layout: Layout, part: str) -> str:
    program = "innkeeper" if layout.system else str(layout.current_link / "venv" / "bin" / "innkeeper")
    where = f"--config {layout.config} --data {layout.data}"
    start = f"systemctl enable --now {UNIT_OF[part]}" if layout.system else f"{program} {part} {where}"
    return "\n".join(
        [
            "Next:",
            f"  1. edit {', '.join(FILES)} in {layout.config}",
            f"  2. {program} check {where}",
            f"  3. {start}",
            f"  4. {program} health {where}",
        ]
    )
