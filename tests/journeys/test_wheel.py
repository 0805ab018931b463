"""The built wheel, installed into an environment of its own, runs the demo without the checkout."""

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.servers import a_free_port

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def run(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def environment(folder: Path) -> Path:
    """A virtual environment that has the wheel, and of everything else only what is installed beside these tests."""
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", wheel)
    site = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "innkeeper"


def answer(url: str) -> str:
    """What /healthz says once it says 200."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return str(response.read().decode())
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {PATIENCE_S} s")


@pytest.mark.timeout(240)
def test_the_wheel_runs_the_demo(tmp_path: Path) -> None:
    program, port = environment(tmp_path), a_free_port()
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(program), "demo", "--port", str(port), "--rooms", "4"]
    process = subprocess.Popen(command, cwd=tmp_path, env=clean, stdout=subprocess.DEVNULL)
    try:
        assert answer(f"http://127.0.0.1:{port}/healthz").startswith(("ok", "degraded"))
        assert "<form" in answer(f"http://127.0.0.1:{port}/sign-in")
        assert answer(f"http://127.0.0.1:{port}/static/app.css")
        assert "html" in answer(f"http://127.0.0.1:{port}/demo/")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
