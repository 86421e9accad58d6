"""What a site is made of: the collaborators its thread speaks to, given once at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from s3syncd.config.models import SiteConfig
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.ledger import Ledger
from s3syncd.local.hints import HintTable
from s3syncd.local.room import DiskRoom
from s3syncd.local.scanner import Scanner
from s3syncd.local.watcher import Watcher
from s3syncd.pool import Lane
from s3syncd.s3.bucket import Bucket
from s3syncd.site.inbox import Inbox
from s3syncd.transfer import Transfer, new_id

__all__ = ["Gate", "Log", "Parts"]


class Log(Protocol):
    """The part of a structlog logger that a site uses."""

    def debug(self, event: str, **facts: object) -> object:
        """Log at DEBUG."""

    def info(self, event: str, **facts: object) -> object:
        """Log at INFO."""

    def warning(self, event: str, **facts: object) -> object:
        """Log at WARNING."""

    def error(self, event: str, **facts: object) -> object:
        """Log at ERROR."""


class Gate(Protocol):
    """Lets a few sites reconcile at once (memory and requests stay bounded)."""

    def try_enter(self, name: str) -> bool:
        """Return whether the site may begin a reconcile now."""

    def leave(self, name: str) -> None:
        """Say that the site's reconcile is over (or never began)."""


@dataclass(slots=True)
class Parts:
    """The collaborators of one site. Owned by its thread.

    `clock` gives monotonic seconds, `wall` seconds since the epoch, `jitter` numbers in [0, 1).
    `new_id` makes the ids of operations.
    `room` tells of the file system of the state directory, None where it cannot.
    `boot_id` names this boot of the machine, where that is known.
    `range_rows`: baseline rows in a range of a listing; five pages, fetched one after another.
    """

    settings: SiteConfig
    scope: Scope
    policy: Policy
    ledger: Ledger
    scanner: Scanner
    watcher: Watcher | None
    hints: HintTable
    bucket: Bucket
    transfer: Transfer
    lane: Lane
    checksum_lane: Lane
    inbox: Inbox
    gate: Gate
    clock: Callable[[], float]
    wall: Callable[[], float]
    jitter: Callable[[], float]
    log: Log
    range_rows: int = 5_000
    boot_id: str = ""
    room: Callable[[], DiskRoom | None] = lambda: None
    is_one_shot: bool = field(default=False)
    new_id: Callable[[], str] = new_id
