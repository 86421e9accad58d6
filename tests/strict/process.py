"""The strict S3 in a process of its own, so that its work does not take turns with the test's.

The child serves HTTP; questions and faults go to it over its standard input, answers come back over
its standard output. It ends when its standard input does, so it never outlives the test.
"""

from __future__ import annotations

import contextlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from tests.servers import S3Server
from tests.strict.fake import FakeStore, usual_options
from tests.strict.faults import Fault
from tests.strict.history import Event, History
from tests.strict.state import Version
from tests.strict.store import Options

__all__ = ["RemoteStore", "strict_process"]

_ROOT: Final = Path(__file__).resolve().parents[2]
_QUESTIONS: Final = frozenset({
    "clear_faults", "create_bucket", "events_after", "expire", "fault", "met", "open_uploads",
    "release", "shift_clock", "tree", "version",
})  # fmt: skip


class RemoteStore:
    """A `Control` whose store is in another process."""

    def __init__(self, process: subprocess.Popen[bytes], endpoint: str) -> None:
        self._process = process
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self.endpoint = endpoint

    @property
    def as_server(self) -> S3Server:
        """The same as the other servers of the tests: with a client to look behind."""
        return S3Server(self.endpoint)

    def create_bucket(self, name: str, *, versioning: bool = False, region: str = "") -> None:
        self._ask("create_bucket", name, versioning=versioning, region=region)

    def fault(self, fault: Fault) -> int:
        number: int = self._ask("fault", fault)
        return number

    def met(self, number: int) -> int:
        count: int = self._ask("met", number)
        return count

    def clear_faults(self) -> None:
        self._ask("clear_faults")

    def release(self, name: str) -> None:
        self._ask("release", name)

    def history(self) -> History:
        with self._lock:
            self._events += self._ask_unlocked("events_after", len(self._events))
            return History(self._events)

    def version(self, serial: int) -> Version:
        version: Version = self._ask("version", serial)
        return version

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        tree: dict[str, int] = self._ask("tree", bucket, at=at)
        return tree

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        uploads: list[tuple[str, str]] = self._ask("open_uploads", bucket)
        return uploads

    def shift_clock(self, seconds: float) -> None:
        self._ask("shift_clock", seconds)

    def expire(self, access_key: str) -> None:
        self._ask("expire", access_key)

    def _ask(self, question: str, *arguments: object, **named: object) -> Any:
        with self._lock:
            return self._ask_unlocked(question, *arguments, **named)

    def _ask_unlocked(self, question: str, *arguments: object, **named: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((question, arguments, named), self._process.stdin)
        self._process.stdin.flush()
        is_answer, value = pickle.load(self._process.stdout)
        if not is_answer:
            raise value
        return value


@contextlib.contextmanager
def strict_process(*, options: Options | None = None, seed: int = 0) -> Iterator[RemoteStore]:
    """Run a strict S3 in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.strict.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump((options or usual_options(), seed), process.stdin)
        process.stdin.flush()
        yield RemoteStore(process, pickle.load(process.stdout))
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _answer_questions(store: FakeStore, questions: BinaryIO, answers: BinaryIO) -> None:
    while True:
        try:
            question, arguments, named = pickle.load(questions)
        except EOFError:
            return
        assert question in _QUESTIONS, question
        try:
            value = getattr(store, question)(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - it is the asking process's to judge
            pickle.dump((False, error), answers)
        else:
            pickle.dump((True, value), answers)
        answers.flush()


def _main() -> None:
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    options, seed = pickle.load(questions)
    with FakeStore(options=options, seed=seed).server() as store:
        pickle.dump(store.endpoint, answers)
        answers.flush()
        _answer_questions(store, questions, answers)


if __name__ == "__main__":
    _main()
