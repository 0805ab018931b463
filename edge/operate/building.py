"""A release folder: an environment of its own with one version in it, complete or not there."""

import hashlib
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path

from edge.operate.layout import OperationError, Release
from edge.operate.steps import call
from edge.service import version

OURS = ("devices", "gateway", "edge", "pms", "simulators", "config")
DISTRIBUTION = "innkeeper"
CODE = Path(__file__).parents[2]
PROGRAM = """\
#!{python}
import sys
from edge.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""


def version_of(wheel: Path | None) -> str:
    """Of a wheel, or of what runs now. Raises OperationError when the file is no wheel of ours."""
    if wheel is None:
        return version()
    try:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
            told = HeaderParser().parsestr(archive.read(name).decode())
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise OperationError(f"{wheel} is not a wheel: {error}") from error
    if told["Name"] != DISTRIBUTION:
        raise OperationError(f"{wheel} is {told['Name']}, not {DISTRIBUTION}")
    return str(told["Version"])


def build(release: Release, wheel: Path | None, wheels: Path | None) -> None:
    """Make the release folder. `wheels`: a folder with the wheels it needs, for a machine without network.

    Raises:
        OperationError: it cannot be made; nothing of it is left.
    """
    shutil.rmtree(release.folder, ignore_errors=True)
    try:
        release.folder.mkdir(parents=True)
        release.folder.chmod(0o755)
        without_pip = ["--without-pip"] if wheel is None else []
        call([base_python(), "-m", "venv", *without_pip, release.folder / "venv"])
        if wheel is None:
            _copy(release)
        else:
            _install(release, wheel, wheels)
        _try(release)
        readable(release.folder)
        release.completed(digest(wheel))
    except (OperationError, OSError):
        shutil.rmtree(release.folder, ignore_errors=True)
        raise


def digest(wheel: Path | None) -> str:
    """Of a wheel: the same one need not be built twice."""
    return "" if wheel is None else hashlib.sha256(wheel.read_bytes()).hexdigest()


def base_python() -> str:
    """The interpreter that this environment was made with: a new one must not hang on the old."""
    return str(Path(sys.base_prefix) / "bin" / Path(sys.executable).resolve().name)


def _install(release: Release, wheel: Path, wheels: Path | None) -> None:
    offline = ["--no-index", "--find-links", str(wheels)] if wheels is not None else []
    call([release.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *offline, wheel], own=True)


def _copy(release: Release) -> None:
    """What runs now, package by package, also from a checkout."""
    target = next((release.folder / "venv" / "lib").glob("python*")) / "site-packages"
    source = Path(sysconfig.get_path("purelib"))
    for path in foreign(source.iterdir()):
        _take(path, target / path.name)
    for name in OURS:
        _take(CODE / name, target / name)
    for path in source.glob(f"{DISTRIBUTION}-*.dist-info"):
        (target / path.name).mkdir(exist_ok=True)
        shutil.copy(path / "METADATA", target / path.name / "METADATA")
    release.program.write_text(PROGRAM.format(python=release.python))
    release.program.chmod(0o755)


def foreign(paths: Iterable[Path]) -> list[Path]:
    """What of a site-packages folder is not ours, nor pip's, nor points to somewhere else."""
    left_out = {*OURS, "pip", "__pycache__", "_virtualenv.py"}
    return [
        path
        for path in paths
        if path.name not in left_out
        and not path.name.startswith((f"{DISTRIBUTION}-", "pip-", "__editable__", "_editable_impl"))
        and path.suffix != ".pth"
    ]


def _take(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copy(path, to)


def _try(release: Release) -> None:
    """It has to start and to be what it says."""
    said = call([release.program, "version"], own=True).strip()
    if said != release.version:
        raise OperationError(f"the release calls itself {said!r}, not {release.version!r}")


def readable(folder: Path) -> None:
    """The service runs as another user than who installs: its program may be read by everybody, written by nobody."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
