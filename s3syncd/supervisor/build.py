"""Builds one site out of its configuration: every collaborator, wired."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from s3syncd import logs
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.state import site_folder
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.ledger import Ledger
from s3syncd.local.hints import HintTable
from s3syncd.local.scanner import Scanner
from s3syncd.local.watcher import Watcher
from s3syncd.pool import Pool, Start
from s3syncd.s3.bucket import Bucket
from s3syncd.site import Inbox, Parts, Site
from s3syncd.site.access import stored_mounts
from s3syncd.site.messages import Hinted, Noted, Room
from s3syncd.supervisor.gate import ReconcileGate
from s3syncd.transfer import Note, Transfer, TransferSettings

__all__ = ["Workshop", "ledger_identity", "ledger_path", "policy_of", "scope_of"]


class Workshop:
    """What all sites share, and how a site is made from it.

    Args:
        config: the whole configuration.
        is_one_shot: without watchers (one pass by the same site, pool and transfer).
    """

    def __init__(
        self, config: Config, pool: Pool, checksums: Pool, gate: ReconcileGate, *, is_one_shot: bool
    ) -> None:
        self._config = config
        self._pool = pool
        self._checksums = checksums
        self._gate = gate
        self._is_one_shot = is_one_shot

    def build(self, settings: SiteConfig, inbox: Inbox, bucket: Bucket) -> Site:
        """Build a site. Runs in the site's thread, to which the ledger then belongs.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        folder = self._config.state_dir / site_folder(settings.name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = logs.logger(site=settings.name)
        ledger = Ledger.open(ledger_path(self._config.state_dir, settings),
                             identity=ledger_identity(settings))  # fmt: skip
        if ledger.put_aside is not None:
            log.warning("ledger.begun_anew", old=str(ledger.put_aside))
        scope, policy = scope_of(settings), policy_of(settings)
        hints = HintTable(lambda: inbox.put(Hinted()))
        watcher = None if self._is_one_shot else self._watcher(settings, hints, scope, folder)
        lane = self._pool.lane(settings.name, lambda: inbox.put(Room()))
        transfer = Transfer(
            bucket,
            scope,
            settings.root,
            TransferSettings(policy, settings.multipart_threshold_bytes),
            clock=time.time_ns,
            lane=lane,
            commit_intent=lambda note: _committed(inbox, note),
            report=lambda note: inbox.put(Noted(note)),
            etag_is_md5={"1": True, "0": False}.get(ledger.meta("etag_is_md5") or ""),
        )
        return Site(Parts(
            settings=settings,
            scope=scope,
            policy=policy,
            ledger=ledger,
            scanner=Scanner(
                settings.root, scope, post=inbox.put, watcher=watcher, name=settings.name,
                mounts=stored_mounts(ledger),
            ),
            watcher=watcher,
            hints=hints,
            bucket=bucket,
            transfer=transfer,
            lane=lane,
            checksum_lane=self._checksums.lane(settings.name, lambda: inbox.put(Room())),
            inbox=inbox,
            gate=self._gate,
            clock=time.monotonic,
            wall=time.time,
            jitter=random.random,
            log=log,
        ))  # fmt: skip

    def _watcher(
        self, settings: SiteConfig, hints: HintTable, scope: Scope, folder: Path
    ) -> Watcher:
        return Watcher(
            settings.root,
            hints,
            mode=settings.watcher,
            cookie_dir=folder / "watch",
            is_pruned=scope.is_pruned,
            name=settings.name,
        )


def scope_of(settings: SiteConfig) -> Scope:
    """Give the scope of a site."""
    return Scope(
        prefix=settings.prefix,
        exclusions=settings.exclusions,
        inclusions=settings.inclusions,
        inner_prefixes=settings.inner_prefixes,
    )


def policy_of(settings: SiteConfig) -> Policy:
    """Give the policy of a site."""
    return Policy(
        mode=settings.mode,
        retire_deleted=settings.retire_deleted,
        retire_foreign=settings.retire_foreign,
        on_drift=settings.on_drift,
        storage_class=settings.storage_class,
        covers=scope_of(settings).covers,
    )


def ledger_path(state_dir: Path, settings: SiteConfig) -> Path:
    """Give where the ledger of a site is."""
    return state_dir / site_folder(settings.name) / "ledger.sqlite"


def ledger_identity(settings: SiteConfig) -> str:
    """Give what the ledger speaks of: another endpoint, bucket or prefix starts a new one."""
    return "|".join((settings.endpoint or "aws", settings.bucket, settings.prefix))


def _committed(inbox: Inbox, note: Note) -> Start:
    def start(resume: Callable[[object], None]) -> None:
        inbox.put(Noted(note, resume))

    return start
