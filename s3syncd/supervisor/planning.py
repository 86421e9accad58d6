"""What would be done: the scan, listing, baseline and table of the daemon, and no effect at all."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from s3syncd.config.checks import store_of
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.cost import (
    SMALL_BYTES,
    Requests,
    class_hints,
    dollars,
    listing_finding,
    storage_class_of,
)
from s3syncd.core.digest import part_size_for
from s3syncd.core.entry import Action, Kind
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.reconcile import StreamDisorderError, Tally, merge
from s3syncd.core.safety import REASONS
from s3syncd.errors import SiteUnavailable, UnknownSiteError
from s3syncd.ledger import Ledger
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.settings import bucket_settings
from s3syncd.site.hold import held_list
from s3syncd.supervisor.attended import attended
from s3syncd.supervisor.build import ledger_identity, ledger_path, policy_of, scope_of
from s3syncd.supervisor.forecast import Forecast
from s3syncd.supervisor.sides import CannotPlanError, LocalSide, remote_pages, rows_of

__all__ = ["PlanReport", "SitePlan", "plan"]

_PLANNED_CONNECTIONS = 8  # one listing at a time; a few for its retries
_FOREIGN_HINT = (
    "Objects this site never put are deleted only after their list is approved: "
    "s3syncd approve SITE --list HASH"
)
_DRIFT_HINT = (
    "Objects changed by somebody else are overwritten only after: s3syncd approve SITE --only drift"
)
_REQUESTS = {
    Kind.UPLOAD: Requests(writes=1),
    Kind.DELETE_REMOTE: Requests(reads=1, deletes=1),
    Kind.RECLASS: Requests(reads=1, writes=1),
    Kind.ADOPT: Requests(),
    Kind.FORGET: Requests(),
}
_DAY_NS = 86_400 * 10**9
_IRREVOCABLE = Finding(
    Verdict.WARNING,
    "deletions",
    "a deleted object can be brought back only where the bucket keeps versions",
    "`s3syncd check` tells whether it does",
)


@dataclass(slots=True)
class SitePlan:
    """The plan of one site; `actions` can be read once, the rest is right after that.

    `bytes` are body bytes to send at most (what proves equal is not sent), `asked` the requests
    that they and the listing take, `dollars` their price at AWS where that is known. `reason` is a
    guard that stops all or holds the deletions; `hints` tell what it costs to go on like this.
    `held_list` is the hash of the list that is held already.
    Before `is_whole` is true, no number says anything of what there is to do.
    """

    name: str
    actions: Iterator[Action]
    reason: str | None = None
    hint: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    asked: Requests = field(default_factory=Requests)
    dollars: float | None = None
    hints: Sequence[Finding] = ()
    held_list: str | None = None
    is_whole: bool = False

    @property
    def requests(self) -> int:
        """All of them."""
        return self.asked.total

    def close(self) -> None:
        """Let go of what the actions come from, where they are not read to their end."""
        if isinstance(self.actions, Generator):
            self.actions.close()


@dataclass(slots=True)
class PlanReport:
    """The plans of the sites asked for, in the order of the configuration."""

    sites: Iterable[SitePlan]


def plan(
    config: Config, site: str | None, *, tell: Callable[[str], None] = lambda _step: None
) -> PlanReport:
    """Plan without changing anything, on either side or in the ledger; beside a daemon, too.

    Args:
        config: that has the sites.
        site: the only one to plan; None: all.
        tell: told each step that may take long, when it begins.

    Raises:
        UnknownSiteError: there is no such site.
    """
    wanted = [each for each in config.sites if site in {None, each.name}]
    if not wanted:
        raise UnknownSiteError.of(site, [each.name for each in config.sites])
    return PlanReport(_Planner(config, settings, tell).plan for settings in wanted)


class _Planner:
    def __init__(self, config: Config, settings: SiteConfig, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._tell = tell
        self._ledger_path = ledger_path(config.state_dir, settings)
        self._scope = scope_of(settings)
        self._counts: Counter[str] = Counter()
        self._class = storage_class_of(settings.storage_class)
        self._is_aws = not store_of(settings, os.environ)
        self._small = self._recent = 0
        self._yesterday_ns = time.time_ns() - _DAY_NS
        self.plan = SitePlan(settings.name, self._actions(), counts=self._counts)

    def _actions(self) -> Iterator[Action]:
        settings = self._settings
        ledger = Ledger.open_readonly(self._ledger_path, identity=ledger_identity(settings))
        to = bucket_settings(settings, max_connections=_PLANNED_CONNECTIONS)
        try:
            with LocalSide(settings, self._scope, ledger) as local, attended(to) as bucket:
                self._tell(f"{settings.name}: to look at {settings.root}")
                local.check_root()
                self._count_request()
                self._tell(f"{settings.name}: for {_place(settings)} to answer")
                bucket.connect()
                yield from self._decided(ledger, local, bucket)
        except SiteUnavailable as error:
            self._stop(error.reason, f"{error.message} {error.hint}".strip())
        except CannotPlanError as error:
            self._stop(error.reason, error.hint)
        except StreamDisorderError as error:
            self._stop("listing_incomplete", str(error))
        finally:
            self._tell("")
            ledger.close()

    def _decided(self, ledger: Ledger, local: LocalSide, bucket: Bucket) -> Iterator[Action]:
        settings, tally = self._settings, Tally()
        forecast = Forecast(ledger, max_delete=settings.max_delete)
        remote = remote_pages(
            bucket, self._scope, retries=settings.s3_ops_retries, on_request=self._count_request
        )
        policy = policy_of(settings)
        self._tell(f"{settings.name}: to compare {settings.root} with {_place(settings)}")
        for action in merge(local.batches(), rows_of(ledger), remote, policy, tally):
            if action is not None:
                self._count(action)
                forecast.note(action)
                yield action
        self.plan.is_whole, self.plan.held_list = True, held_list(ledger)
        self._estimate(tally)
        reason = forecast.reason(tally, wall=time.time())
        if reason is not None:
            own = {"foreign": _FOREIGN_HINT, "drift": _DRIFT_HINT}
            self._stop(reason, own[reason] if reason in own else REASONS[reason].remedy)

    def _count(self, action: Action) -> None:
        self._counts[action.kind] += 1
        self.plan.asked = self.plan.asked.plus(self._requests_of(action))
        local = action.local
        if action.kind is Kind.UPLOAD and local is not None:
            self.plan.bytes += local.size_bytes
            self._small += local.size_bytes < SMALL_BYTES
            self._recent += local.mtime_ns > self._yesterday_ns

    def _requests_of(self, action: Action) -> Requests:
        local = action.local
        threshold = self._settings.multipart_threshold_bytes
        if action.kind is Kind.UPLOAD and local is not None and local.size_bytes > threshold:
            return Requests(writes=2 - -local.size_bytes // part_size_for(local.size_bytes))
        if action.kind is Kind.FORGET and action.reason == "gone":
            # It is asked whether the object is gone.
            return Requests(reads=int(self._settings.retire_deleted))
        return _REQUESTS.get(action.kind, Requests(writes=1))

    def _count_request(self) -> None:
        self.plan.asked = self.plan.asked.plus(Requests(lists=1))

    def _estimate(self, tally: Tally) -> None:
        """Tell what the plan and a month of reconciles cost, and what will cost more than need."""
        plan, interval = self.plan, self._settings.reconcile_interval_seconds
        objects = tally.local_files + tally.foreign_objects
        hints = [listing_finding(objects, interval, is_aws=self._is_aws)]
        if self._is_aws:
            plan.dollars = dollars(plan.asked, self._class) if self._class else None
            hints += class_hints(
                self._class, files=tally.local_files, small=self._small, recent=self._recent
            )
        if self._counts[Kind.DELETE_REMOTE]:
            hints.append(_IRREVOCABLE)
        plan.hints = hints

    def _stop(self, reason: str, hint: str) -> None:
        self.plan.reason, self.plan.hint = reason, hint


def _place(settings: SiteConfig) -> str:
    return f"s3://{settings.bucket}/{settings.prefix} at {settings.endpoint or 'AWS S3'}"
