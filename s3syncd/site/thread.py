"""The thread around a site: three lines of loop, and the news of its end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from s3syncd.errors import LedgerError
from s3syncd.site.inbox import Inbox
from s3syncd.site.messages import Stop
from s3syncd.site.outage import Outage
from s3syncd.site.site import Site

__all__ = ["SiteThread"]

_GATHER_SECONDS = 0.001  # halves the CPU per small file; measured: bench/first_upload.py


class SiteThread(threading.Thread):
    """Runs one site until it has stopped or failed.

    Args:
        build: makes the site; called in this thread, because the ledger belongs to it.
        on_end: told once, from this thread, when it ends: with the exception, or None.
    """

    def __init__(
        self,
        name: str,
        inbox: Inbox,
        build: Callable[[], Site],
        *,
        clock: Callable[[], float],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        super().__init__(name=f"site-{name}", daemon=True)
        self.inbox = inbox
        self.site: Site | None = None
        self._build = build
        self._clock = clock
        self._on_end = on_end
        self._pause = threading.Event()

    def run(self) -> None:
        """Build, loop, close."""
        error: BaseException | None = None
        try:
            self.site = self._build()
            self._loop(self.site)
        except BaseException as raised:  # noqa: BLE001 - a thread's top: reported, never lost
            error = raised
        finally:
            error = self._close(error)
            self._on_end(error)

    def stop(self, deadline: float) -> None:
        """Ask the site to drain until `deadline` (monotonic seconds)."""
        self.inbox.put(Stop(deadline))

    def _loop(self, site: Site) -> None:
        site.begin(self._clock())
        wait = 0.0
        while not site.is_stopped:
            if site.is_busy:
                # A turn costs the same for one outcome as for fifty: let some come together.
                self._pause.wait(_GATHER_SECONDS)
            messages = self.inbox.take(wait)
            try:
                while messages:
                    site.handle(messages[0], self._clock())
                    del messages[0]
                wait = site.advance(self._clock())
            except LedgerError as error:
                self._wait_out(site, error, messages)
                raise

    def _wait_out(self, site: Site, error: LedgerError, messages: list[object]) -> None:
        """Keep what is known until the ledger takes it; the site is begun anew after that."""
        outage = Outage(site, self.inbox, error, clock=self._clock)
        for message in messages:
            outage.keep(message)
        outage.wait()

    def _close(self, error: BaseException | None) -> BaseException | None:
        if self.site is None:
            return error
        try:
            self.site.close()
        except BaseException as raised:  # noqa: BLE001 - as above
            return error or raised
        return error
