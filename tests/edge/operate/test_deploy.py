"""Units, Dockerfile and compose file name what is there, and forbid what is not needed."""

import configparser
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from edge.commands import app
from edge.operate.install import unit_text
from edge.operate.layout import UNITS, Layout

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "config" / "deploy"
SANDBOX = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "DevicePolicy": "closed",
    "SystemCallArchitectures": "native",
}
WORST_EXPOSURE = 3.0
"""Of 10 in the scale of systemd-analyze; a service that says nothing has 9.6."""


def unit(text: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(text)
    return read


def known(words: list[str]) -> None:
    """The words after `innkeeper` are a command of ours and options it has."""
    command: Any = get_command(app)
    chosen = command.commands[words[0]]
    options = {name for parameter in chosen.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_command_of_ours_and_is_shut_in(name: str) -> None:
    service = unit((DEPLOY / "systemd" / name).read_text())["Service"]
    words = shlex.split(service["ExecStart"])
    assert words[0] == "/opt/innkeeper/current/venv/bin/innkeeper"
    known(words[1:])
    assert service["Type"] == "notify"
    assert float(service["WatchdogSec"]) > 0
    assert service["User"] == "innkeeper"
    assert {key: service.get(key) for key in SANDBOX} == SANDBOX
    assert set(service["CapabilityBoundingSet"].split()) <= {"CAP_NET_BIND_SERVICE"}


def test_the_halves_and_the_whole_exclude_each_other() -> None:
    conflicts = {name: unit((DEPLOY / "systemd" / name).read_text())["Unit"]["Conflicts"].split() for name in UNITS}
    whole, edge, pms = UNITS
    assert conflicts == {whole: [edge, pms], edge: [whole], pms: [whole]}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_of_an_own_prefix_names_its_places_only(name: str, tmp_path: Path) -> None:
    layout = Layout.at(tmp_path, None, None)
    text = unit_text(name, layout)
    assert f"--config {tmp_path}/config --data {tmp_path}/data" in text
    assert f"ReadWritePaths={tmp_path}/data" in text
    assert all(place not in text for place in ("/opt/innkeeper", "/etc/innkeeper", "/var/lib/innkeeper"))


@pytest.mark.real("systemd")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    # the program need not be installed here for the rest to be looked at
    program = tmp_path / "opt" / "current" / "venv" / "bin" / "innkeeper"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/true", program)
    files = []
    for name in UNITS:
        file = tmp_path / name
        text = (DEPLOY / "systemd" / name).read_text()
        file.write_text(text.replace("/opt/innkeeper", str(tmp_path / "opt")).replace("=innkeeper\n", "=root\n"))
        files.append(str(file))
    environment = os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], env=environment, capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if str(tmp_path) in line or "innkeeper" in line]
    assert ours == []


@pytest.mark.real("systemd")
@pytest.mark.parametrize("name", UNITS)
def test_little_of_the_machine_lies_open_to_a_unit(name: str) -> None:
    words = ["systemd-analyze", "security", "--offline=true", "--json=short", f"--threshold={WORST_EXPOSURE * 10:.0f}"]
    told = subprocess.run([*words, str(DEPLOY / "systemd" / name)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout), "it was looked at"


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_dockerfile_copies_what_is_there_and_lets_through_what_it_copies() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    copied = [word for name, rest in instructions() if name == "COPY" for word in rest.split()[:-1]]
    sources = [word for word in copied if not word.startswith(("--from", "/"))]
    assert sources
    assert all((ROOT / source).exists() for source in sources)
    assert {f"!{source}" for source in sources} <= set(ignored)
    packages = {"devices", "gateway", "edge", "pms", "simulators", "config"}
    assert packages <= set(sources), "everything the wheel is made of"


def test_the_image_runs_our_commands_as_nobody_special() -> None:
    told = dict(instructions())
    assert told["USER"] == "innkeeper"
    assert json.loads(told["ENTRYPOINT"]) == ["innkeeper"]
    known(json.loads(told["CMD"]))
    health = json.loads(told["HEALTHCHECK"].split("CMD", 1)[1])
    assert health[0] == "innkeeper"
    known(health[1:])


def test_the_compose_file_names_what_is_there() -> None:
    read = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service = read["services"]["innkeeper"]
    context = (DEPLOY / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    known(service["command"])
    mounts = {mount.split(":")[1]: mount.split(":")[0] for mount in service["volumes"]}
    assert {mounts["/data"], mounts["/backup"]} == set(read["volumes"])
    assert mounts[service["command"][service["command"].index("--config") + 1]] == "./hotel"
    published = {port.split(":")[-1] for port in service["ports"]}
    assert published == set(dict(instructions())["EXPOSE"].split())
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "privileged" not in service
