"""Builds one site out of its configuration: every collaborator, wired."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from s3syncd import logs
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.state import site_folder
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.core.tally import RequestTally
from s3syncd.core.turns import InForce, Limits
from s3syncd.ledger import Ledger
from s3syncd.local.boot import boot_id
from s3syncd.local.held import HeldRoot
from s3syncd.local.hints import HintTable
from s3syncd.local.room import room_at
from s3syncd.local.scanner import Scanner
from s3syncd.local.watcher import Watcher
from s3syncd.pool import Lane, Pool
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.pacing import Pacing
from s3syncd.s3.poller import new_poller
from s3syncd.s3.settings import bucket_settings
from s3syncd.sender.branch import Branch
from s3syncd.site import Parts, Site
from s3syncd.site.messages import Hinted, Noted, Room
from s3syncd.site.mounted import stored_mounts
from s3syncd.supervisor.beside import branch_for, office_for
from s3syncd.supervisor.desk import Desk
from s3syncd.supervisor.gate import ReconcileGate
from s3syncd.transfer import Note, Ports, Transfer, TransferSettings

__all__ = ["Bench", "Workshop", "ledger_identity", "ledger_path", "policy_of", "scope_of"]


_OFFICE_SECONDS = 2.0  # for an end in good order; nothing is under way there by then


@dataclass(frozen=True, slots=True)
class Bench:
    """What one site holds: its bucket, and its lanes into the shared pools."""

    bucket: Bucket
    lane: Lane
    checksum_lane: Lane
    branch: Branch | None = None

    @property
    def in_flight(self) -> int:
        """Calls of the site that have not ended."""
        return self.lane.in_flight + self.checksum_lane.in_flight

    def expire(self, now: float) -> None:
        """Cancel requests that are over their deadline."""
        self.bucket.expire(now)
        if self.branch is not None:
            self.branch.expire(now)

    def hurry(self) -> None:
        """Cancel what waits for its turn under a limit."""
        self.bucket.turns.leave()

    def close_lanes(self) -> None:
        """Admit no more calls; a lane without calls no longer counts in its pool."""
        self.lane.close()
        self.checksum_lane.close()

    def close_bucket(self, timeout_seconds: float) -> None:
        """Cancel the requests in flight and let go of the connections."""
        if self.branch is not None:
            self.branch.leave()
        self.bucket.close(timeout_seconds)


class Workshop:
    """What all sites share, and how a site is made from it.

    Args:
        config: the configuration at the start; the sizes of the pools stay what they were.
        is_one_shot: without watchers (one pass by the same site, pool and transfer).
    """

    def __init__(self, config: Config, *, is_one_shot: bool = False) -> None:
        self._state_dir = config.state_dir
        self._max_connections = config.max_in_flight
        self._poller = new_poller()
        self._office = office_for(config, self._poller)
        self._pool = Pool(
            workers=config.upload_workers,
            max_in_flight=config.max_in_flight,
            buffer_bytes=config.buffer_bytes,
            waiter=self._poller,
        )
        self._checksums = Pool(
            workers=config.checksum_workers,
            max_in_flight=config.checksum_workers,
            buffer_bytes=config.buffer_bytes,
            roams_from_bytes=0,
        )
        self._gate = ReconcileGate()
        self._pacing = Pacing(on_failure=_log_pacing)
        self._config = config
        self._is_one_shot = is_one_shot
        self._tallies: dict[str, RequestTally] = {}  # kept over restarts: counts only grow

    def start(self) -> None:
        """Start the workers."""
        self.limit(self._config)
        self._pool.start()
        self._checksums.start()

    def limit(self, config: Config) -> None:
        """Put the limits of a configuration in force."""
        self._pacing.limit(_limits_of(config), {s.name: _limits_of(s) for s in config.sites})

    def limits(self, site: str) -> InForce:
        """Give what a site may use at most now. Thread-safe."""
        return self._pacing.in_force(site)

    def tally(self, site: str) -> RequestTally:
        """Give the tally of the requests of a site; begun at the first call. Thread-safe."""
        return self._tallies.setdefault(site, RequestTally())

    def stop(self, timeout_seconds: float) -> None:
        """Stop the workers; what does not end in time is left behind."""
        self._pacing.stop()
        self._pool.stop(timeout_seconds)
        if self._office is not None:
            self._office.stop(_OFFICE_SECONDS)
        self._checksums.stop(timeout_seconds)

    def equip(self, settings: SiteConfig, desk: Desk) -> Bench:
        """Give a site its bucket and its lanes; no network."""
        return self.bench(settings, lambda: desk.inbox.put(Room()))

    def bench(self, settings: SiteConfig, on_room: Callable[[], None]) -> Bench:
        """Give a bucket and lanes within the site's limits; `on_room` is called by the pools."""
        bucket = Bucket(
            bucket_settings(settings, max_connections=self._max_connections),
            turns=self._pacing.turns(settings.name),
            tally=self.tally(settings.name),
            poller=self._poller,
        )
        return Bench(
            bucket,
            self._pool.lane(settings.name, on_room),
            self._checksums.lane(settings.name, on_room),
            branch_for(settings, bucket, self._office, transfers_of(settings)),
        )

    def build(self, settings: SiteConfig, desk: Desk, bench: Bench) -> Site:
        """Build a site. Runs in the site's thread, to which the ledger then belongs.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        folder = self._state_dir / site_folder(settings.name)
        ledger = _opened_ledger(settings, self._state_dir)
        try:
            return Site(self._parts(settings, desk, bench, ledger, folder))
        except BaseException:
            ledger.close()
            raise

    def _parts(
        self, settings: SiteConfig, desk: Desk, bench: Bench, ledger: Ledger, folder: Path
    ) -> Parts:
        inbox, scope = desk.inbox, scope_of(settings)
        hints = HintTable(lambda: inbox.put(Hinted()))
        watcher = None if self._is_one_shot else _watcher(settings, hints, scope, folder)
        return Parts(
            settings=settings,
            scope=scope,
            policy=policy_of(settings),
            ledger=ledger,
            scanner=Scanner(
                settings.root, scope, post=inbox.put, watcher=watcher, name=settings.name,
                mounts=stored_mounts(ledger),
            ),
            watcher=watcher,
            hints=hints,
            bucket=bench.bucket,
            transfer=_transfer(settings, scope, desk, bench, ledger),
            lane=bench.lane,
            checksum_lane=bench.checksum_lane,
            inbox=inbox,
            gate=self._gate,
            clock=time.monotonic,
            wall=time.time,
            jitter=random.random,
            log=logs.logger(site=settings.name),
            boot_id=boot_id(),
            room=lambda: room_at(folder),
        )  # fmt: skip


def _limits_of(settings: Config | SiteConfig) -> Limits:
    return Limits(settings.bandwidth_limit, settings.requests_per_second)


def _log_pacing(error: BaseException) -> None:
    logs.logger().error("limits.failed", error=repr(error), exc_info=error)


def _opened_ledger(settings: SiteConfig, state_dir: Path) -> Ledger:
    path = ledger_path(state_dir, settings)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    ledger = Ledger.open(path, identity=ledger_identity(settings))
    if ledger.put_aside is not None:
        log = logs.logger(site=settings.name)
        log.warning("ledger.begun_anew", old=str(ledger.put_aside))
    return ledger


def _watcher(settings: SiteConfig, hints: HintTable, scope: Scope, folder: Path) -> Watcher:
    return Watcher(
        settings.root,
        hints,
        mode=settings.watcher,
        cookie_dir=folder / "watch",
        is_pruned=scope.is_pruned,
        name=settings.name,
    )


def _transfer(
    settings: SiteConfig, scope: Scope, desk: Desk, bench: Bench, ledger: Ledger
) -> Transfer:
    etag_is_md5 = {"1": True, "0": False}.get(ledger.meta("etag_is_md5") or "")

    def report(note: Note) -> None:
        desk.inbox.put(Noted(note))

    if bench.branch is not None:
        bench.branch.open(report, etag_is_md5=etag_is_md5)
    return Transfer(
        bench.bucket,
        scope,
        settings.root,
        transfers_of(settings),
        clock=time.time_ns,
        lane=bench.lane,
        commit_intent=desk.committed,
        report=report,
        etag_is_md5=etag_is_md5,
        ports=Ports(HeldRoot(settings.root), beside=bench.branch),
    )


def transfers_of(settings: SiteConfig) -> TransferSettings:
    """Give what the transfers of a site obey."""
    return TransferSettings(
        policy_of(settings), settings.multipart_threshold_bytes, settings.s3_ops_retries
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
