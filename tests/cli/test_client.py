"""The client's end of the control socket: answers that are none."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from s3syncd.cli.client import NoDaemonError, ask
from s3syncd.web.address import socket_path


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"[1]\n", b'{"ok": tr'])
def test_an_answer_that_makes_no_sense_is_no_daemon(tmp_path: Path, answer: bytes) -> None:
    with _scripted(tmp_path, answer), pytest.raises(NoDaemonError):
        ask(tmp_path, "status")


def test_a_daemon_that_never_answers_is_no_daemon(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(socket_path(tmp_path)))
        listener.listen(1)
        with pytest.raises(NoDaemonError, match="does not answer"):
            ask(tmp_path, "status", timeout_seconds=0.1)


class _scripted:  # noqa: N801 - reads as a word of the test
    """A daemon that gives one answer to whoever comes first, and hangs up."""

    def __init__(self, state_dir: Path, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path(state_dir)))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        stream, _ = self._listener.accept()
        with closing(stream):
            stream.recv(65536)
            stream.sendall(self._answer)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()
