"""The line of `systemctl status`: how the sites are, not whether the daemon lives. Main thread."""

from __future__ import annotations

from s3syncd.notify import Notifier
from s3syncd.supervisor.view import DaemonView, standing

__all__ = ["StatusLine"]

_TOLD_SECONDS = 5.0  # people read it


class StatusLine:
    """Tells systemd, if it listens, and what it tells is new.

    Args:
        notifier: tells it.
        view: of the sites.
    """

    def __init__(self, notifier: Notifier, view: DaemonView) -> None:
        self._notifier = notifier
        self._view = view
        self._told = ""
        self._told_at = float("-inf")

    def tell(self, now: float) -> None:
        """Tell how the sites are; `now` is monotonic seconds."""
        if not self._notifier.is_heard or now - self._told_at < _TOLD_SECONDS:
            return
        self._told_at = now
        told = f"STATUS={standing(self._view.checked())}"
        if told != self._told:
            self._told = told
            self._notifier.send(told)
