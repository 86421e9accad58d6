"""What a client program cost: time, CPU of all its threads and children, peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Cost",
    "cpu_seconds",
    "file_count",
    "peak_rss_mib",
    "rss_mib",
    "run_program",
    "thread_count",
]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_LONGEST_SECONDS = 1800.0
_LOOKS_EACH_SECONDS = 0.02


@dataclass(frozen=True)
class Cost:
    """Of one program, from its start to its end."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_mib: float
    requests: int | None = None


def run_program(command: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run a program to its end.

    The peak is polled from /proc, because the one that wait4 gives begins with ours.

    Raises:
        SystemExit: it failed, or took too long; with what it printed.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=dict(env), stdout=output, stderr=output)
        peak, nothing = 0.0, threading.Event()
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, peak_rss_mib(process.pid))
            if time.monotonic() - began > _LONGEST_SECONDS:
                process.send_signal(signal.SIGKILL)
            nothing.wait(_LOOKS_EACH_SECONDS)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read()[-3000:].decode(errors="replace")
            raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{said}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak)


def cpu_seconds(pid: int) -> float:
    """CPU time of a running process, all its threads, children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def peak_rss_mib(pid: int) -> float:
    """The most memory a running process and its children ever had resident; 0 once it has ended.

    As if all had had it at the same time, and what they share counts for each.
    """
    return sum(_status_kib(one, "VmHWM:") for one in (pid, *_children(pid))) / 1024


def rss_mib(pid: int) -> float:
    """The memory a running process and its children have resident now; 0 once it has ended."""
    return sum(_status_kib(one, "VmRSS:") for one in (pid, *_children(pid))) / 1024


def thread_count(pid: int) -> int:
    """The threads a running process has."""
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def file_count(pid: int) -> int:
    """The file descriptors a running process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def _children(pid: int) -> list[int]:
    try:
        told = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(one) for text in told for one in text.split()]


def _status_kib(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
