"""How much: 1 000 rooms for a minute; the 24-room demo doing nothing."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from simulators.bench import hotels
from simulators.bench.product import Product, cpu_seconds, descendants, free_port, name_of, product, resident_mb
from simulators.bench.report import Figure, Report
from simulators.bench.wire import Publisher, publish_packet

ROOMS = [f"{floor}{number:02d}" for floor in range(1, 21) for number in range(1, 51)]
SECONDS = 60
EVERY = 30
POINTS = 10


def packets(turns: int) -> list[bytes]:
    """Every device of every room once a turn; the four messages of a room carry more than ten points."""
    chosen = [(room, kind, turn) for turn in range(turns) for room in ROOMS for kind in hotels.KINDS]
    return [
        publish_packet(f"zigbee2mqtt/{room}_{kind}", hotels.payload(kind, turn), i)
        for i, (room, kind, turn) in enumerate(chosen)
    ]


def _shares(made: Product, seconds: float, before: dict[int, float]) -> tuple[float, float]:
    """CPU share (percent of one core) and memory (MB) of all `innkeeper` processes, the broker apart."""
    pids = [pid for process in made.processes for pid in descendants(process.pid) if name_of(pid) != "mosquitto"]
    spent = sum(cpu_seconds(pid) - before.get(pid, 0.0) for pid in pids)
    return 100 * spent / seconds, sum(resident_mb(pid) for pid in pids)


def thousand_rooms(report: Report) -> None:
    """Edge and PMS as one `run`, fed by real messages."""
    with product(hotels.hotel_toml(ROOMS), hotels.devices_toml(ROOMS)) as made:
        made.start("run")
        made.wait_healthy(120)
        per_second = len(ROOMS) * len(hotels.KINDS) / EVERY
        with Publisher(made.broker_port, "field", made.field_password, "load") as publisher:
            publisher.pace(packets(1)[: int(per_second * 5)], per_second)
            pids = [pid for process in made.processes for pid in descendants(process.pid)]
            before, begun = {pid: cpu_seconds(pid) for pid in pids}, time.monotonic()
            publisher.pace(packets(SECONDS // EVERY), per_second)
        cpu, memory = _shares(made, time.monotonic() - begun, before)
    what = (
        f"{len(ROOMS)} rooms, {POINTS} points and more in {len(hotels.KINDS)} messages each {EVERY} s, "
        f"for {SECONDS} s, edge and PMS in one `run`"
    )
    report.add(
        Figure("1 000 rooms CPU", f"{what}: CPU of `innkeeper` without the broker, of one core.", cpu, "% of core"),
        Figure("1 000 rooms memory", f"{what}: resident.", memory, "MB", wanted="< 200 MB", met=memory < 200),
    )


def _first_page(port: int, timeout: float = 30) -> float:
    """Seconds until the sign-in page comes."""
    begun = time.monotonic()
    while time.monotonic() - begun < timeout:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as response:
                response.read()
                return time.monotonic() - begun
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"no page within {timeout} s")


def idle_demo(report: Report, settle: float = 40, seconds: float = 30) -> None:
    """The demo at speed 1, left alone once its fast first minutes are over."""
    port = free_port()
    command = [sys.executable, "-m", "edge.cli", "demo", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path.cwd())
    try:
        page = _first_page(port)
        time.sleep(settle)
        pids = descendants(process.pid)
        before, begun = sum(cpu_seconds(pid) for pid in pids), time.monotonic()
        time.sleep(seconds)
        cpu = 100 * (sum(cpu_seconds(pid) for pid in pids) - before) / (time.monotonic() - begun)
        memory = sum(resident_mb(pid) for pid in pids)
        broker = "mosquitto" if any(name_of(pid) == "mosquitto" for pid in pids) else "the embedded broker"
    finally:
        process.terminate()
        process.wait(20)
    what = f"24-room demo at speed 1, edge, PMS, simulated devices and {broker}"
    report.add(
        Figure("demo first page", "start of the process to the first page.", page, "s", wanted="<= 5 s", met=page <= 5),
        Figure("demo idle CPU", f"{what}, over {seconds:.0f} s.", cpu, "% of core", wanted="< 10 %", met=cpu < 10),
        Figure("demo memory", f"{what}: resident.", memory, "MB"),
    )
