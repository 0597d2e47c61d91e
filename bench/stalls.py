"""Measure how long a healthy station waits while others attack the server: ``python -m bench stalls``.

The probe is a station that sends a Heartbeat every 5 ms, or later if the last one is not yet
answered. Each attack has a server of its own.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final
from urllib.parse import urlsplit

import psutil

from bench import machine
from bench.attacks import ATTACKS, MIB, Attack, AttackFailed, HostileStation, Target
from bench.contenders import ROOT, Contender, running

INTERVAL_S: Final = 0.005
"""Seconds between two Heartbeats of the probe."""
WARM_UP_BEATS: Final = 100
RECOVERY_S: Final = 5.0
"""Seconds after an attack until the memory of the server is measured."""
MAX_STALL_MS: Final = 1_000.0
MAX_GROWTH_MIB: Final = 64.0


@dataclass(frozen=True, slots=True)
class Stall:
    """Waiting times of the probe and memory of the server during one attack."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    peak_mib: float
    """Largest growth of resident memory."""
    growth_mib: float
    """Growth of resident memory that was left after the attack."""
    remark: str
    """Why the attack or the probe ended early, or an empty string."""

    @property
    def is_within_bounds(self) -> bool:
        """Whether attack and probe ran to the end, and the waits and the memory left are within limits."""
        return not self.remark and self.max_ms <= MAX_STALL_MS and self.growth_mib <= MAX_GROWTH_MIB


def main(arguments: Sequence[str]) -> int:
    """Run attacks and print a line for each; exit code 1 if one was not within bounds."""
    names = parse(arguments)
    machine.raise_file_limit()
    sys.stdout.write(HEADER)
    stalls = []
    for name in names:
        stalls.append(measure(name))
        sys.stdout.write(_row(name, stalls[-1]))
        sys.stdout.flush()
    return 0 if all(stall.is_within_bounds for stall in stalls) else 1


def parse(arguments: Sequence[str]) -> list[str]:
    """Return the names of the attacks to run; prints a usage error and exits for an unknown one."""
    parser = argparse.ArgumentParser(
        prog="python -m bench stalls",
        description=__doc__,
        epilog="attacks:\n"
        + "\n".join(f"  {name:16} {attack.description}" for name, attack in ATTACKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="attacks to run (default: all)")
    names: list[str] = parser.parse_args(arguments).attacks or list(ATTACKS)
    if unknown := [name for name in names if name not in ATTACKS]:
        parser.error(f"there is no attack {unknown[0]}")
    return names


HEADER: Final = (
    "| attack          |  p50 ms |  p99 ms |  max ms | peak MiB | left MiB |     |\n"
    "| --------------- | ------: | ------: | ------: | -------: | -------: | --- |\n"
)


def _row(name: str, stall: Stall) -> str:
    figures = f"{stall.p50_ms:7.2f} | {stall.p99_ms:7.1f} | {stall.max_ms:7.0f}"
    memory = f"{stall.peak_mib:8.0f} | {stall.growth_mib:8.0f}"
    verdict = stall.remark or ("ok" if stall.is_within_bounds else "over")
    return f"| {name:15} | {figures} | {memory} | {verdict} |\n"


def measure(name: str) -> Stall:
    """Run one attack on a fresh server while a probe sends Heartbeats; return the measured values."""
    with _attacked(ATTACKS[name]) as (target, pid), HostileStation(target, "probe") as station:
        process, probe = psutil.Process(pid), _Probe(station)
        for _ in range(WARM_UP_BEATS):
            probe.beat()
        probe.waits.clear()
        before = peak = process.memory_info().rss
        attack = _start(name, target)
        remark = ""
        try:
            while attack.poll() is None:
                probe.beat()
                peak = max(peak, process.memory_info().rss)
            sleep(RECOVERY_S)
            probe.beat()
            left = process.memory_info().rss - before
        except (OSError, AttackFailed, psutil.NoSuchProcess) as error:
            remark, left = f"the probe failed: {error}", 0
        remark = remark or _complaint(attack)
    waits = probe.waits
    cuts = (
        [1000 * cut for cut in quantiles(waits, n=100, method="inclusive")] if len(waits) > 1 else [0.0] * 99
    )
    return Stall(
        cuts[49], cuts[98], 1000 * max(waits, default=0.0), (peak - before) / MIB, left / MIB, remark
    )


def _complaint(attack: "subprocess.Popen[bytes]") -> str:
    """Stop an attack if it still runs; return the last line that it wrote to stderr, if any."""
    if attack.poll() is None:
        attack.kill()
    _, errors = attack.communicate()
    lines = errors.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


@contextmanager
def _attacked(attack: Attack) -> Iterator[tuple[Target, int]]:
    """Run a server for one attack; yields its addresses and its process id."""
    core, _ = machine.cores() or (None, None)
    with TemporaryDirectory(prefix="bench-") as folder:
        settings = Path(folder, "settings.toml")
        settings.touch()
        flags = ("--port", "0", "--control", "127.0.0.1:0", "--config", str(settings), *attack.flags)
        command = (sys.executable, "server.py", *flags, "--ready-file")
        contender = Contender("attacked", command, output_is_read=attack.output_is_read)
        with running(contender, core) as server:
            ws, control = (_address(server.addresses[name]) for name in ("ws", "control"))
            yield Target(ws, control, str(settings)), server.pid


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def _start(name: str, target: Target) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "bench.attacks", name, json.dumps(asdict(target))],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


class _Probe:
    """A healthy station: sends Heartbeats and records the seconds until each is answered."""

    def __init__(self, station: HostileStation) -> None:
        self._station = station
        self.waits: list[float] = []

    def beat(self) -> None:
        """Send a Heartbeat, wait for the answer, and wait until the next one is due."""
        began = perf_counter()
        self._station.call("Heartbeat", {})
        waited = perf_counter() - began
        self.waits.append(waited)
        sleep(max(0.0, INTERVAL_S - waited))
