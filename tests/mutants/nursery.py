"""A process that has imported what every run of pytest needs, and forks one for each order.

Starting Python and importing pytest, hypothesis, the AWS clients and pydantic takes longer than
most mutants' tests. Here it is done once. What a mutant is about, `s3syncd` and `tests`, is never
imported before the fork, so a run has its own copy as if it had been started by itself.

Run as a program it reads orders from its standard input, one JSON document per line, and answers
with the number of the child and, when that has ended, with its exit status. It ends with its input.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

__all__ = ["Nursery", "nursery"]

# What the tests import in the end; all of it is inert until it is used.
_PRELOADED = (
    "pytest", "_pytest.assertion.rewrite", "hypothesis.stateful", "hypothesis.strategies",
    "hypothesis.internal.conjecture.engine", "xdist.plugin", "pytest_timeout", "yaml", "sqlite3",
    "pydantic.main", "pydantic.types", "pydantic.json_schema", "pydantic.plugin._loader",
    "structlog", "watchdog.observers", "boto3", "botocore.httpsession",
    "botocore.signers", "botocore.retryhandler", "botocore.config", "awscrt.s3", "awscrt.http",
    "http.server", "multiprocessing", "ssl", "xml.etree.ElementTree", "difflib", "pdb", "doctest",
    "prometheus_client", "prometheus_client.parser", "waitress.server", "jsonschema", "tracemalloc",
    "cryptography.x509", "cryptography.hazmat.primitives.asymmetric.ec", "xml.sax.saxutils",
    "_hypothesis_pytestplugin", "execnet", "xdist.looponfail", "tomllib", "pydantic.dataclasses",
    "_pytest.faulthandler", "_pytest.helpconfig", "_pytest.pastebin", "_pytest.setupplan",
    "_pytest.skipping", "_pytest.threadexception", "_pytest.tracemalloc", "_pytest.unittest",
    "_pytest.unraisableexception", "_pytest.warnings", "readline",
)  # fmt: skip
_OURS = ("s3syncd", "tests")
# pytest warns of plugins that it cannot rewrite because they are there already; this word in a
# docstring tells it that nothing is lost.
_NOT_REWRITTEN = "PYTEST_DONT_REWRITE"


class Nursery:
    """The other side of the process; carries out one order at a time."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHONPATH")}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment,
        )  # fmt: skip
        self._rest = b""

    def run(
        self,
        arguments: list[str],
        *,
        folder: Path,
        environment: dict[str, str],
        output: Path,
        timeout_seconds: float,
    ) -> int | None:
        """Run pytest in a child; give its exit code, or None when it was not done in time.

        Args:
            arguments: of pytest.
            folder: it runs in.
            environment: all of it; PYTHONPATH counts from the first import on.
            output: file for what it prints.
            timeout_seconds: after which it and what it started is killed.
        """
        order = {
            "arguments": arguments, "folder": str(folder), "environment": environment,
            "output": str(output),
        }  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        child = self._answer(None)
        assert child is not None
        status = self._answer(timeout_seconds)
        if status is not None:
            return os.waitstatus_to_exitcode(status)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        self._answer(None)
        return None

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def _answer(self, timeout_seconds: float | None) -> int | None:
        """Read one number; None when none came in time."""
        pipe = self._process.stdout
        assert pipe is not None
        while b"\n" not in self._rest:
            if not select.select([pipe], [], [], timeout_seconds)[0]:
                return None
            if not (read := pipe.read(4096)):
                raise RuntimeError(f"the nursery ended with {self._process.wait(10)}")
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return int(line)


@functools.cache
def nursery() -> Nursery:
    """Give this process's own nursery; it ends with the process."""
    made = Nursery()
    atexit.register(made.close)
    return made


def _preload() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if "." not in name and _NOT_REWRITTEN not in (module.__doc__ or ""):
            with contextlib.suppress(AttributeError, TypeError):
                module.__doc__ = f"{module.__doc__ or ''}\n{_NOT_REWRITTEN}"
    imported = [name for name in sys.modules if name.partition(".")[0] in _OURS]
    assert not imported, f"would not be the mutant's: {imported}"
    assert threading.active_count() == 1, "a fork takes no other thread along"
    gc.freeze()  # children leave these pages as they are


def _serve(orders: IO[bytes], answers: int) -> None:
    for line in orders:
        child = os.fork()
        if not child:
            os.close(answers)
            os._exit(_run(json.loads(line)))
        os.write(answers, b"%d\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(answers, b"%d\n" % status)


def _run(order: dict[str, Any]) -> int:
    """Be the child: pytest, in a session of its own, as if started from a shell."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for opened, wanted in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(opened, wanted)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.path[:0] = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.argv = ["pytest", *order["arguments"]]
    importlib.invalidate_caches()
    import pytest

    try:
        code = int(pytest.main(order["arguments"]))
    except BaseException as error:  # noqa: BLE001 - a forked child must never return
        print(f"pytest did not end: {error!r}")
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _main() -> None:
    _preload()
    answers = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    with os.fdopen(os.dup(0), "rb", buffering=0) as orders:
        _serve(orders, answers)


if __name__ == "__main__":
    _main()
