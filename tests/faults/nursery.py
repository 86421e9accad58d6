"""Daemons that are born quickly: a process that has loaded all libraries forks them.

Half of what a kill test takes is Python loading boto3. The nursery has loaded it, is alone in its
process (one thread, so that forking is safe), and gives each child what the command line would.
Its children die with it, and it ends when its standard input does: nothing outlives a test.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.waiting import until

__all__ = ["Nursery", "Nursling", "nursery"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG: Final = 1  # prctl(2)


class Nursling:
    """A daemon of a nursery; as much of `subprocess.Popen` as the tests use."""

    def __init__(self, nursery: Nursery, pid: int, armed: Path) -> None:
        self._nursery = nursery
        self._armed = armed
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Give the exit code, negative for a signal, or None while it lives."""
        if self.returncode is None:
            self.returncode = self._nursery.ask("poll", self.pid)
        return self.returncode

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for its end."""
        until(lambda: self.poll() is not None, timeout, f"process {self.pid} ends")
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def arm(self, spec: str) -> None:
        """Arm failpoints while it runs; returns when they are."""
        self._armed.write_text(spec)
        os.kill(self.pid, signal.SIGUSR1)
        until(lambda: not self._armed.exists() or self.poll() is not None, 20, "it is armed")


class Nursery:
    """See the module; use `nursery()`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._lock = threading.Lock()

    def start(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        is_held: bool = False,
    ) -> Nursling:
        """Start `s3syncd` with arguments.

        Args:
            arguments: of the command line.
            log: where its output is added.
            environment: added to that of the test.
            is_held: it stops itself at once (SIGSTOP), so that a tracer can come first.
        """
        given = dict(environment or {})
        armed = log.with_name(f"{log.name}.armed")
        pid = self.ask("start", list(arguments), str(log), given, str(armed), is_held)
        return Nursling(self, pid, armed)

    def ask(self, question: str, *arguments: object) -> Any:
        """Ask the process; for `Nursling`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            pickle.dump((question, arguments), self._process.stdin)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)


@contextlib.contextmanager
def nursery(*, wrapper: Sequence[str] = ()) -> Iterator[Nursery]:
    """Run a nursery; `wrapper` is a command that runs it, such as one that changes libc."""
    process = subprocess.Popen(
        [*wrapper, sys.executable, "-m", "tests.faults.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
    )
    made = Nursery(process)
    try:
        yield made
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait(20)
        process.stdout.close()


def _start(
    arguments: list[str], log: str, environment: dict[str, str], armed: str, is_held: bool
) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _redirect(log)
        os.environ.update(environment)
        random.seed()
        signal.signal(signal.SIGUSR1, lambda *_: _arm(Path(armed)))
        if is_held:
            os.kill(os.getpid(), signal.SIGSTOP)
        sys.argv = ["s3syncd", *arguments]
        from s3syncd.__main__ import main

        code = main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def _arm(path: Path) -> None:
    from s3syncd import failpoints

    failpoints.arm(path.read_text())
    path.unlink()


def _poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _load() -> None:
    import boto3

    import s3syncd.cli.run
    import s3syncd.cli.sync
    import s3syncd.s3.client
    import s3syncd.s3.transport
    import s3syncd.supervisor

    # botocore keeps the models it has read; reading them is half of making a client.
    session = boto3.Session(botocore_session=s3syncd.s3.client._lean_session())
    session.client(
        "s3", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    ).close()
    tasks = os.listdir("/proc/self/task")  # noqa: PTH208
    assert len(tasks) == 1, "a thread would be missing in the children"


def _main() -> None:
    _load()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.set_inheritable(answers.fileno(), False)
    while True:
        try:
            question, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        answer = _start(*arguments) if question == "start" else _poll(*arguments)
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    _main()
