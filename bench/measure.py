"""What a client program cost: time, CPU of all its threads and children, peak memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "cpu_seconds", "peak_rss_mib", "run_program"]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Of one program, from its start to its end."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_mib: float


def run_program(command: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run a program to its end; a failure ends the bench with what it printed.

    The peak is polled from /proc, because the one that wait4 gives begins with ours.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    output = bytearray()
    reader = threading.Thread(target=lambda: output.extend(process.stdout.read()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    peak = 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, peak_rss_mib(process.pid))
        threading.Event().wait(0.01)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    process.stdout.close()
    if process.returncode:
        raise SystemExit(
            f"{command[0]} ended with {process.returncode}:\n{output.decode()[-3000:]}"
        )
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak)


def cpu_seconds(pid: int) -> float:
    """CPU time of a running process, all its threads, children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def peak_rss_mib(pid: int) -> float:
    """The most memory a running process ever had resident; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    kib = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    return kib / 1024
