"""Daemons that are forked from a process which has imported all of theirs, and so start at once.

A start of the installed command costs 0.35 s of CPU, nearly all of it imports; the suite starts
hundreds. `start` gives what `subprocess.Popen` would: the daemon is our own child (it is handed on
to us by the kernel), with its own environment, output and exit code. Only on Linux.

Run as a program, this is the process: it reads orders, one JSON document per line, and answers with
the number of the process it forked. It ends with its input.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

__all__ = ["Started", "is_possible", "is_running", "paths", "run", "start"]

_ROOT = Path(__file__).resolve().parents[2]
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# Brings in moto, which no daemon has.
_LEFT_OUT = frozenset({"s3syncd.__main__", "s3syncd.cli.demo"})
_LAZY = ("awscrt.s3", "boto3", "botocore.httpsession", "botocore.signers", "encodings.idna", "ssl")


class Started:
    """A process of ours: the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._pidfd = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Give the exit code, negative for a signal; None while it runs."""
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
                    os.close(self._pidfd)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it did not come in time.
        """
        if self.poll() is None:
            select.select([self._pidfd], [], [], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("s3syncd", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once: kill -9."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def is_possible() -> bool:
    """Whether this system hands a grandchild on to us."""
    return sys.platform == "linux"


def is_running() -> bool:
    """Whether the process is there already: to start it for one short command does not pay."""
    return _warm.cache_info().currsize > 0


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: Path,
    errors: Path | None = None,
) -> Started:
    """Start `s3syncd` with its arguments.

    Args:
        command: what `sys.argv` would be.
        environment: all of it.
        output: what it prints is appended to this file.
        errors: the same for its standard error, if that shall be apart.
    """
    process, lock = _warm()
    order = {
        "command": list(command), "environment": dict(environment), "output": str(output),
        "errors": str(errors or output), "folder": str(Path.cwd()),
    }  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    with lock:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        answer = process.stdout.readline()
    return Started(int(answer))


def run(
    command: Sequence[str], *, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `s3syncd` to its end, as `subprocess.run` does that captures text.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix="s3syncd-said-") as name:
        output, errors = Path(name, "output"), Path(name, "errors")
        started = start(command, environment=environment, output=output, errors=errors)
        try:
            code = started.wait(timeout)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
            raise
        return subprocess.CompletedProcess(command, code, output.read_text(), errors.read_text())


@functools.cache
def _warm() -> tuple[subprocess.Popen[bytes], threading.Lock]:
    """Start the process, once; it ends with this one."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.e2e.warm"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths())},
    )  # fmt: skip
    atexit.register(_end, process)
    return process, threading.Lock()


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
    process.wait(10)


def paths() -> list[str]:
    """Give where its modules come from: as in this process, a copy where a mutant is tested."""
    return [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def _preload() -> None:
    import s3syncd

    for module in pkgutil.walk_packages(s3syncd.__path__, "s3syncd."):
        if module.name not in _LEFT_OUT:
            importlib.import_module(module.name)
    for name in _LAZY:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork takes no other thread along"
    gc.collect()


def _serve(orders: IO[bytes], answers: int) -> dict[str, Any] | None:
    """Fork for each order; gives the order in the child, None at the end."""
    while line := orders.readline():
        read, write = os.pipe()
        between = os.fork()
        if not between:
            # What is forked here loses its parent at once, and gets the tests' process as one.
            child = os.fork()
            if child:
                os.write(write, b"%d\n" % child)
                os._exit(0)
            for descriptor in (read, write, answers, orders.fileno()):
                os.close(descriptor)
            return dict(json.loads(line))
        os.close(write)
        os.waitpid(between, 0)
        with os.fdopen(read, "rb") as told:
            os.write(answers, told.read())
    return None


def _become(order: dict[str, Any]) -> None:
    """Take on what a new process would have been given."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    output, errors = (
        os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for name in ("output", "errors")
    )
    for opened, wanted in ((nothing, 0), (output, 1), (errors, 2)):
        os.dup2(opened, wanted)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv[:] = order["command"]


def _main() -> None:
    _preload()
    answers = os.dup(1)
    orders = os.fdopen(os.dup(0), "rb", buffering=0, closefd=False)
    order = _serve(orders, answers)
    if order is not None:
        _become(order)
        from s3syncd.__main__ import main

        sys.exit(main())


if __name__ == "__main__":
    _main()
