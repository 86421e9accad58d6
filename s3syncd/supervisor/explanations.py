"""Paths that a daemon explains to its clients: one short thread each, for a file system may hang.

A client asks for the answer until it is there; one that nobody fetches is dropped.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from s3syncd import logs
from s3syncd.errors import S3SyncError

__all__ = ["Explanations"]

_AT_ONCE = 4  # each holds a thread, and one request
_ABANDONED_SECONDS = 60.0  # a client asks several times a second

Make = Callable[[str, str], dict[str, Any]]


class Explanations:
    """What is being explained now. Called by the control thread.

    Args:
        make: explains (site, path); called in a thread of its own, may wait.
        clock: monotonic seconds.
    """

    def __init__(self, make: Make, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        self._runs: dict[str, _Run] = {}

    def command(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Begin one (`site`, `path`), or give what became of one (`id`)."""
        now = self._clock()
        self._runs = {
            key: run for key, run in self._runs.items() if now - run.asked_at < _ABANDONED_SECONDS
        }
        wanted = arguments.get("id")
        if wanted is None:
            return self._begin(arguments, now)
        run = self._runs.get(wanted)
        if run is None:
            return _refused("that explanation is over", "ask again")
        run.asked_at = now
        answer = run.answer
        if answer is None:
            return {"ok": True, "is_over": False}
        del self._runs[wanted]
        return answer

    def _begin(self, arguments: Mapping[str, Any], now: float) -> dict[str, Any]:
        site, path = arguments.get("site"), arguments.get("path")
        if site is None or path is None:
            return _refused("explain wants a site and a path", "name them")
        if len(self._runs) >= _AT_ONCE:
            return _refused(f"{_AT_ONCE} paths are being explained", "ask again in a moment")
        run_id = secrets.token_hex(8)
        self._runs[run_id] = run = _Run(site, path, self._make, now)
        run.start()
        return {"ok": True, "id": run_id}


class _Run(threading.Thread):
    """One explanation."""

    def __init__(self, site: str, path: str, make: Make, now: float) -> None:
        super().__init__(name=f"explain-{site}", daemon=True)
        self.asked_at = now
        self.answer: dict[str, Any] | None = None
        self._wanted = (site, path)
        self._make = make

    def run(self) -> None:
        """Explain."""
        try:
            self.answer = {"ok": True, "is_over": True, "explanation": self._make(*self._wanted)}
        except S3SyncError as error:
            self.answer = _refused(error.message, error.hint)
        except Exception as error:  # noqa: BLE001 - top of a thread: told to the client, and logged
            logs.logger(site=self._wanted[0]).error(
                "explain.failed", error=repr(error), exc_info=error
            )
            self.answer = _refused(f"the explanation failed: {error!r}", "see the log")


def _refused(error: str, hint: str) -> dict[str, Any]:
    return {"ok": False, "error": error, "hint": hint}
