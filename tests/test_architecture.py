"""What the import linter cannot say: who may wait, and where the wire libraries are known."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("devices", "gateway", "edge", "pms", "simulators")
PURE = [*(ROOT / "devices").rglob("*.py"), *(ROOT / "edge" / "rooms").rglob("*.py"), *(ROOT / "pms").rglob("rules.py")]
WIRE_HOMES = {
    "paho": {"gateway/lines/mqtt.py", "gateway/lines/mqtt_client.py"},
    "aiomqtt": {"pms/link/transport.py", "simulators/mqtt.py"},
    "pymodbus": {"gateway/lines/modbus.py", "simulators/modbus.py"},
    "serial": {"gateway/lines/serial.py", "simulators/serial.py"},
}
ROOMS_MAY_IMPORT = ("devices.model", "edge.rooms")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def sources() -> list[Path]:
    return [path for part in PARTS for path in (ROOT / part).rglob("*.py")]


@pytest.mark.parametrize("path", PURE, ids=relative)
def test_what_decides_never_waits(path: Path) -> None:
    waiting = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waiting)]


@pytest.mark.parametrize("library", WIRE_HOMES)
def test_a_wire_library_is_known_in_its_homes_only(library: str) -> None:
    users = {relative(path) for path in sources() if any(m.split(".")[0] == library for m in imported(path))}
    assert users <= WIRE_HOMES[library]


def test_rooms_know_only_the_model_of_devices() -> None:
    ours = {
        (relative(path), module)
        for path in (ROOT / "edge" / "rooms").rglob("*.py")
        for module in imported(path)
        if module.split(".")[0] in PARTS and not module.startswith(ROOMS_MAY_IMPORT)
    }
    assert not ours


def test_only_the_wiring_and_the_commands_of_the_edge_know_the_whole_pms() -> None:
    allowed = ("pms.link", "pms.hotelfile")
    commands = {
        "edge/cli_audit.py",
        "edge/brokers/certificate.py",
        "edge/cli_backup.py",
        "edge/cli_broker.py",
        "edge/telling.py",
        "edge/cli_care.py",
        "edge/cli_tls.py",
        "edge/cli_truth.py",
        "edge/console.py",
        "edge/archive.py",
    }
    commands |= {relative(path) for path in (ROOT / "edge" / "operate").rglob("*.py")}
    users = {
        relative(path)
        for path in (ROOT / "edge").rglob("*.py")
        if any(module.split(".")[0] == "pms" and not module.startswith(allowed) for module in imported(path))
    }
    assert users <= {"edge/service.py", "edge/pages.py", *commands}


def test_only_the_command_line_knows_the_simulators() -> None:
    users = {
        relative(path)
        for path in (ROOT / "edge").rglob("*.py")
        if any(m.startswith("simulators") for m in imported(path))
    }
    assert users <= {"edge/commands.py", "edge/cli_bench.py", "edge/cli_truth.py"}
