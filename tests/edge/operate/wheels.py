"""Releases to install: the code of this checkout as a wheel of a version of our choice, without network.

What it depends on comes from the environment of the tests by a path file. A faulty release is built once: a file says
which of its commands fails, or hangs until the test has seen it.
"""

import base64
import hashlib
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("devices", "gateway", "edge", "pms", "simulators", "config")
METADATA = "Metadata-Version: 2.1\nName: innkeeper\nVersion: {version}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
ENTRY = "[console_scripts]\ninnkeeper = edge.cli:main\n"
FAULT = """\
import os, sys, time
def strike():
    try:
        with open({orders!r}) as file:
            command, hang = file.read().split("\\n")
    except FileNotFoundError:
        return
    if len(sys.argv) < 2 or sys.argv[1] != command or not sys.argv[0].endswith("innkeeper"):
        return
    if hang:
        open(hang, "w").close()
        time.sleep(600)
    sys.stderr.write("a fault of this release\\n")
    os._exit(3)
"""


def wheel(folder: Path, version: str, orders: Path | None = None) -> Path:
    """A wheel. `orders`: it is a release with a fault, and `break_it` writes there which."""
    info = f"innkeeper-{version}.dist-info"
    files = {path: (ROOT / path).read_bytes() for path in _sources()}
    files["innkeeper_tests.pth"] = f"{sysconfig.get_path('purelib')}\n".encode()
    if orders is not None:
        files["innkeeper_fault.py"] = FAULT.format(orders=str(orders)).encode()
        # a path file runs before sys.argv is set; the program's own module does not
        files["edge/cli.py"] = b"import innkeeper_fault\ninnkeeper_fault.strike()\n" + _later(files["edge/cli.py"])
    files |= {f"{info}/METADATA": METADATA.format(version=version).encode(), f"{info}/WHEEL": WHEEL.encode()}
    files[f"{info}/entry_points.txt"] = ENTRY.encode()
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    made = folder / f"innkeeper-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # no time: the same files, the same wheel
    return made


def break_it(orders: Path, command: str, hang: Path | None = None) -> None:
    """The command does not work from now on, until the file is gone; `hang`: it makes this file and hangs."""
    orders.write_text(f"{command}\n{hang or ''}")


def _sources() -> list[str]:
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return sorted(str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts)


def _later(code: bytes) -> bytes:
    """What may only stand at the beginning of a module is not there in ours."""
    assert b"from __future__" not in code
    return code


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
