"""Tells others how the daemon is: systemd, a dead man's switch, people."""

from __future__ import annotations

from s3syncd.notify.systemd import Notifier

__all__ = ["Notifier"]
