"""Verifications that a daemon carries out for its clients: one thread each, bounded in memory.

A client fetches what was found in pieces. Where nobody does, the verification waits, and is given
up after a while.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, Full, Queue
from typing import Any

from s3syncd import logs
from s3syncd.core.difference import Difference
from s3syncd.errors import S3SyncError
from s3syncd.supervisor.verifying import StoppedError, Verification

__all__ = ["Verifications"]

_AT_ONCE = 4  # sites verified at a time: each lists, and holds a thread
_WAITING = 512  # differences not fetched yet; an answer with all of them stays below 256 KiB
_ABANDONED_SECONDS = 60.0  # a client asks several times a second
_PUT_SECONDS = 1.0

Make = Callable[[str, Callable[[], bool]], Verification]


class Verifications:
    """What is being verified now. Called by the control thread.

    Args:
        make: begins the verification of a site; takes what tells that it is given up.
        clock: monotonic seconds.
    """

    def __init__(self, make: Make, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._make = make
        self._clock = clock
        self._runs: dict[str, _Run] = {}

    def command(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Begin one (`site`), or give what a running one (`id`) has found since the last time."""
        self._runs = {key: run for key, run in self._runs.items() if not run.is_abandoned}
        wanted, site = arguments.get("id"), arguments.get("site")
        if wanted is not None:
            return self._fetched(wanted)
        if site is None:
            return _refused("verify wants a site", "name one")
        return self._begin(site)

    def stop(self, timeout_seconds: float) -> None:
        """Give all of them up."""
        for run in self._runs.values():
            run.give_up()
        for run in self._runs.values():
            run.join(timeout_seconds)

    def _fetched(self, wanted: str) -> dict[str, Any]:
        run = self._runs.get(wanted)
        if run is None:
            return _refused("that verification is over", "verify again")
        answer = run.fetched()
        if answer.get("is_over", True):
            del self._runs[wanted]
        return answer

    def _begin(self, site: str) -> dict[str, Any]:
        if any(run.site == site for run in self._runs.values()):
            return _refused(f"site {site} is being verified", "wait until it is done")
        if len(self._runs) >= _AT_ONCE:
            return _refused(f"{_AT_ONCE} sites are being verified", "wait until one is done")
        run_id = secrets.token_hex(8)
        self._runs[run_id] = run = _Run(site, self._make, self._clock)
        run.start()
        return {"ok": True, "id": run_id}


class _Run(threading.Thread):
    """One verification, and what it found that nobody has fetched yet."""

    def __init__(self, site: str, make: Make, clock: Callable[[], float]) -> None:
        super().__init__(name=f"verify-{site}", daemon=True)
        self.site = site
        self._make = make
        self._clock = clock
        self._found: Queue[Difference] = Queue(_WAITING)
        self._fetched_at = clock()
        self._is_given_up = False
        self._verification: Verification | None = None
        self._error: S3SyncError | None = None

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody asked for so long that nobody will."""
        return self._is_given_up or self._clock() - self._fetched_at > _ABANDONED_SECONDS

    def give_up(self) -> None:
        """End it at its next step."""
        self._is_given_up = True

    def fetched(self) -> dict[str, Any]:
        """Give what was found since the last time, and how far it has come."""
        self._fetched_at = self._clock()
        is_over = not self.is_alive()  # before the queue is emptied: nothing comes after it
        found: list[dict[str, str]] = []
        try:
            while True:
                one = self._found.get_nowait()
                found.append({"path": one.path, "reason": one.reason})
        except Empty:
            pass
        if is_over and self._error is not None:
            return _refused(self._error.message, self._error.hint)
        work = self._verification
        return {
            "ok": True,
            "differences": found,
            "is_over": is_over,
            "files": work.files if work else 0,
            "bytes": work.bytes if work else 0,
            "objects": work.objects if work else 0,
            "reason": work.reason if work else None,
            "hint": work.hint if work else None,
        }

    def run(self) -> None:
        """Verify."""
        log = logs.logger(site=self.site)
        try:
            work = self._verification = self._make(self.site, lambda: self.is_abandoned)
            for difference in work.differences():
                self._put(difference)
        except StoppedError:
            log.info("verify.given_up")
        except S3SyncError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - top of a thread: told to the client, and logged
            self._failed(error)
        else:
            log.info("verify.done", files=work.files, reason=work.reason)

    def _failed(self, error: Exception) -> None:
        self._error = S3SyncError(f"the verification failed: {error!r}", hint="see the log")
        logs.logger(site=self.site).error("verify.failed", error=repr(error), exc_info=error)

    def _put(self, difference: Difference) -> None:
        while not self.is_abandoned:
            try:
                self._found.put(difference, timeout=_PUT_SECONDS)
            except Full:
                continue
            return
        raise StoppedError


def _refused(error: str, hint: str) -> dict[str, Any]:
    return {"ok": False, "error": error, "hint": hint}
