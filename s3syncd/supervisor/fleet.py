"""The running sites, the pools they share, and their restarts.

The main thread starts, stops and restarts; the control thread reads snapshots and sends commands.
The lock guards only which sites there are.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s3syncd import logs
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.retry import delay_seconds
from s3syncd.errors import S3SyncError
from s3syncd.pool import Pool
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.settings import bucket_settings
from s3syncd.site import Command, Inbox, Progress, SiteThread
from s3syncd.supervisor.build import Workshop
from s3syncd.supervisor.gate import ReconcileGate

__all__ = ["Fleet"]

_LIVE_SECONDS = 30.0  # a site loop that did not turn for this long is stuck
_CALM_SECONDS = 60.0  # a site that ran this long starts its restarts anew
_ANSWER_SECONDS = 10.0  # a site answers in milliseconds; one that is stuck must not block others


@dataclass(slots=True, eq=False)
class _Running:
    settings: SiteConfig
    inbox: Inbox = field(default_factory=Inbox)
    thread: SiteThread | None = None
    bucket: Bucket | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = 0.0
    error: BaseException | None = None
    last: dict[str, Any] = field(default_factory=dict)


class Fleet:
    """All sites of the daemon."""

    def __init__(self, config: Config, *, is_one_shot: bool = False) -> None:
        self._config = config
        self._is_one_shot = is_one_shot
        self._lock = threading.Lock()
        self._sites: dict[str, _Running] = {}
        self._is_stopping = False
        self._pool = Pool(
            workers=config.upload_workers,
            max_in_flight=config.max_in_flight,
            buffer_bytes=config.buffer_bytes,
        )
        self._checksums = Pool(
            workers=config.checksum_workers,
            max_in_flight=config.checksum_workers,
            buffer_bytes=config.buffer_bytes,
        )
        self._gate = ReconcileGate()
        self._workshop = self._new_workshop(config)

    def start(self, only: str | None = None) -> None:
        """Start the pools and every site (or `only` that one)."""
        self._pool.start()
        self._checksums.start()
        for settings in self._config.sites:
            if only in {None, settings.name}:
                self._add(settings)

    def snapshots(self) -> list[dict[str, Any]]:
        """Give each site's published status, in the order of the configuration."""
        with self._lock:
            running = list(self._sites.values())
        return [_snapshot(one) for one in running]

    def progress(self) -> list[Progress]:
        """Give each site's published progress."""
        with self._lock:
            running = list(self._sites.values())
        found = [_site_of(one) for one in running]
        return [s.board.progress for s in found if s is not None and s.board.progress is not None]

    def stuck(self) -> list[str]:
        """Name the sites whose loop did not turn for 30 s."""
        now = time.monotonic()
        with self._lock:
            running = list(self._sites.values())
        return [
            one.settings.name
            for one in running
            if (site := _site_of(one)) is not None and now - site.board.turned_at > _LIVE_SECONDS
        ]

    def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a command to one site or all; wait until each has accepted."""
        wanted = arguments.get("site")
        with self._lock:
            running = [o for n, o in self._sites.items() if wanted in {None, n}]
            names = list(self._sites)
        if not running:
            return {"ok": False, "error": f"there is no site {wanted!r}",
                    "hint": f"sites: {', '.join(names)}"}  # fmt: skip
        answers = [_ask(one, name, arguments) for one in running]
        refused = [answer for answer in answers if not answer.get("ok")]
        return refused[0] if refused else answers[0]

    def worst_contact(self) -> int:
        """Give how often in a row the worst bucket could not be reached, or a site failed."""
        with self._lock:
            return max(map(_failures, self._sites.values()), default=0)

    def tick(self) -> bool:
        """Look after the sites; return whether one failed more often than is allowed."""
        now = time.monotonic()
        with self._lock:
            running = list(self._sites.values())
        for one in running:
            if one.bucket is not None:
                one.bucket.expire(now)
            self._look_after(one, now)
        limit = self._config.max_failures
        return bool(limit) and any(_failures(one) >= limit for one in running)

    def reload(self, config: Config) -> dict[str, list[str]]:
        """Stop sites that went or changed, start those that came or changed; leave the others."""
        old = {name: one.settings for name, one in self._sites.items()}
        new = {settings.name: settings for settings in config.sites}
        gone = [name for name in old if name not in new]
        changed = [name for name in old if name in new and old[name] != new[name]]
        came = [name for name in new if name not in old]
        self._config = config
        self._workshop = self._new_workshop(config)
        self._retire([*gone, *changed])
        for name in [*changed, *came]:
            self._add(new[name])
        with self._lock:
            self._sites = {name: self._sites[name] for name in new}
        return {"stopped": gone, "restarted": changed, "started": came}

    def begin_stop(self, deadline: float) -> None:
        """Ask every site to drain."""
        self._is_stopping = True
        for one in self._sites.values():
            if one.thread is not None:
                one.thread.stop(deadline)

    def has_stopped(self) -> bool:
        """Whether every site thread has ended."""
        return not any(_is_alive(one) for one in self._sites.values())

    def end_stop(self) -> None:
        """Stop what is left, then the pools and the connections."""
        self._pool.stop(0.5)
        self._checksums.stop(0.5)
        for one in self._sites.values():
            if one.thread is not None:
                one.thread.stop(time.monotonic())
                one.thread.join(_ANSWER_SECONDS)
            if one.bucket is not None:
                one.bucket.close(0.5)

    def _new_workshop(self, config: Config) -> Workshop:
        return Workshop(
            config, self._pool, self._checksums, self._gate, is_one_shot=self._is_one_shot
        )

    def _add(self, settings: SiteConfig) -> None:
        one = _Running(settings)
        with self._lock:
            self._sites[settings.name] = one
        self._launch(one)

    def _launch(self, one: _Running) -> None:
        settings, workshop = one.settings, self._workshop
        one.inbox = Inbox()
        inbox = one.inbox
        bucket = Bucket(bucket_settings(settings, max_connections=self._config.max_in_flight))
        one.bucket, one.error, one.started_at = bucket, None, time.monotonic()
        one.thread = SiteThread(
            settings.name,
            inbox,
            lambda: workshop.build(settings, inbox, bucket),
            clock=time.monotonic,
            on_end=lambda error: self._ended(one, error),
        )
        one.thread.start()

    def _ended(self, one: _Running, error: BaseException | None) -> None:
        """Take the news of a site thread's end (in that thread)."""
        one.error = error
        if error is None:
            return
        now = time.monotonic()
        is_calm = now - one.started_at > _CALM_SECONDS
        one.failures = 1 if is_calm else one.failures + 1
        jitter = random.random()  # noqa: S311 - spreads restarts, keeps no secret
        one.restart_at = now + max(1.0, delay_seconds(one.failures, jitter, cap=60.0))
        hint = error.hint if isinstance(error, S3SyncError) else ""
        logs.logger(site=one.settings.name).error(
            "site.failed", error=f"{type(error).__name__}: {error}", hint=hint,
            exc_info=None if isinstance(error, S3SyncError) else error,
        )  # fmt: skip

    def _look_after(self, one: _Running, now: float) -> None:
        is_dead = one.thread is not None and not one.thread.is_alive()
        if is_dead and not self._is_stopping and now >= one.restart_at:
            logs.logger(site=one.settings.name).info("site.restarted", failures=one.failures)
            if one.bucket is not None:
                one.bucket.close(0.0)
            self._launch(one)

    def _retire(self, names: list[str]) -> None:
        deadline = time.monotonic() + self._config.shutdown_timeout_seconds
        leaving = [self._sites[name] for name in names]
        for one in leaving:
            if one.thread is not None:
                one.thread.stop(deadline)
        for one in leaving:
            if one.thread is not None:
                one.thread.join(max(0.1, deadline - time.monotonic()) + _ANSWER_SECONDS)
            if one.bucket is not None:
                one.bucket.close(0.5)
            with self._lock:
                self._sites.pop(one.settings.name, None)


def _is_alive(one: _Running) -> bool:
    return one.thread is not None and one.thread.is_alive()


def _site_of(one: _Running) -> Any:
    return one.thread.site if one.thread is not None else None


def _failures(one: _Running) -> int:
    site = _site_of(one)
    contacts: int = site.access.attempts if site is not None else 0
    return max(one.failures, contacts)


def _ask(one: _Running, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    answered, box = threading.Event(), []

    def reply(answer: dict[str, object]) -> None:
        box.append(answer)
        answered.set()

    one.inbox.put(Command(name, arguments, reply))
    if not _is_alive(one) or not answered.wait(_ANSWER_SECONDS):
        return {"ok": False, "error": f"site {one.settings.name} does not answer",
                "hint": "see its log; it is restarted by itself"}  # fmt: skip
    return box[0]


def _snapshot(one: _Running) -> dict[str, Any]:
    site = _site_of(one)
    snapshot: dict[str, Any] = site.board.snapshot if site is not None else {}
    one.last = snapshot or one.last or _unstarted(one)
    if one.error is None:
        return one.last
    hint = one.error.hint if isinstance(one.error, S3SyncError) else "see the log"
    return {**one.last, "state": "unavailable", "in_sync": False,
            "hint": hint or str(one.error)}  # fmt: skip


def _unstarted(one: _Running) -> dict[str, Any]:
    return {
        "name": one.settings.name, "state": "starting", "reason": None, "hint": None,
        "mode": one.settings.mode, "in_sync": False, "last_in_sync_at": None,
        "pending": {"actions": 0, "bytes": 0}, "oldest_pending_seconds": 0.0,
        "held_deletions": 0, "held_list": None, "foreign_objects": 0, "problems": [],
        "problems_total": 0, "last_rescan_at": None, "last_reconcile_at": None,
        "watcher": "down", "files": 0, "bytes": 0,
    }  # fmt: skip
