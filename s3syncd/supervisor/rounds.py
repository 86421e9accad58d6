"""A thread that takes turns: what the daemon does on the side, without holding up the main one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from s3syncd import logs

__all__ = ["Rounds"]

_AGAIN_SECONDS = 5.0  # after a turn that failed


class Rounds:
    """Calls `turn` again and again, in a thread of its own, until it is stopped.

    Args:
        name: of the thread.
        turn: given the monotonic seconds; gives after how many seconds it is to be called again.
        again_seconds: the same where it failed.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[float], float],
        *,
        again_seconds: float = _AGAIN_SECONDS,
    ) -> None:
        self._turn = turn
        self._again_seconds = again_seconds
        self._is_stopping = threading.Event()
        # A turn may wait for a server or a disk; the end of the process does not wait for it.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let there be no more turns; waits for none."""
        self._is_stopping.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait for the end."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._is_stopping.wait(pause):
            try:
                pause = self._turn(time.monotonic())
            except Exception as error:  # noqa: BLE001 - a thread's top; the daemon goes on
                logs.logger().error("side.failed", thread=self._thread.name, exc_info=error)
                pause = self._again_seconds
