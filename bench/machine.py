"""The machine: cores, limit of open files, CPU times, and the facts to publish with the figures."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import Final

import psutil

if sys.platform != "win32":
    import resource

CAN_PIN: Final = hasattr(os, "sched_setaffinity")
PACKAGES: Final = ("websockets", "ocpp", "msgspec", "orjson", "jsonschema-rs", "uvloop")


def cores() -> tuple[int, int] | None:
    """One core for the server and one for the generator; None if processes cannot be pinned to two cores."""
    if not CAN_PIN:
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[-1]) if len(usable) > 1 else None


def pin(core: int | None) -> None:
    """Pin this process and its future children to one core; None changes nothing."""
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Pin this process while the context lasts; children started meanwhile stay pinned."""
    if core is None:
        yield
        return
    previous_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, previous_cores)


def cpu_seconds(process: psutil.Process) -> float:
    """User and system CPU time of a process in seconds; nanosecond resolution on Linux."""
    if sys.platform == "linux":
        return time.clock_gettime(~process.pid << 3 | CLOCK_OF_ALL_THREADS)  # clock_getcpuclockid(3)
    times = process.cpu_times()
    return times.user + times.system


CLOCK_OF_ALL_THREADS: Final = 2


def raise_file_limit() -> int:
    """Raise the limit of open files of this process and its children; return the new limit."""
    if sys.platform == "win32":
        return sys.maxsize
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(soft, min(hard, FILES_WANTED)) if hard != resource.RLIM_INFINITY else FILES_WANTED
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


FILES_WANTED: Final = 65_536


def facts() -> dict[str, str]:
    """Facts to publish with the figures: cores, memory, system and versions."""
    pair = cores()
    return {
        "cpu": _cpu(),
        "cores": f"{psutil.cpu_count()}, server on {pair[0]}, generator on {pair[1]}"
        if pair
        else "not pinned",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "node": _node_version(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _node_version() -> str:
    node = which("node")
    if node is None:
        return "none"
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    return answer.stdout.strip()
