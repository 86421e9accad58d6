"""What would be done: the scan, listing, baseline and table of the daemon, and no effect at all."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.digest import part_size_for
from s3syncd.core.entry import Action, Kind
from s3syncd.core.reconcile import StreamDisorderError, Tally, merge
from s3syncd.core.safety import REASONS
from s3syncd.errors import SiteUnavailable, UnknownSiteError
from s3syncd.ledger import Ledger
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.settings import bucket_settings
from s3syncd.supervisor.build import ledger_identity, ledger_path, policy_of, scope_of
from s3syncd.supervisor.forecast import Forecast
from s3syncd.supervisor.sides import CannotPlanError, LocalSide, remote_pages, rows_of

__all__ = ["PlanReport", "SitePlan", "plan"]

_PLANNED_CONNECTIONS = 8  # one listing at a time; a few for its retries
_CLOSE_SECONDS = 1.0
_FOREIGN_HINT = "Objects this site never put are deleted only after: s3syncd approve SITE."
_DRIFT_HINT = "Objects changed by somebody else are overwritten only after: s3syncd approve SITE."
_REQUESTS = {Kind.UPLOAD: 1, Kind.DELETE_REMOTE: 2, Kind.RECLASS: 2, Kind.ADOPT: 0, Kind.FORGET: 0}


@dataclass(slots=True)
class SitePlan:
    """The plan of one site; `actions` can be read once, the rest is right after that.

    `bytes` are body bytes to send at most (what proves equal is not sent), `requests` what they
    and the listing take. `reason` is a guard that stops all or holds the deletions.
    """

    name: str
    actions: Iterator[Action]
    reason: str | None = None
    hint: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    requests: int = 0


@dataclass(slots=True)
class PlanReport:
    """The plans of the sites asked for, in the order of the configuration."""

    sites: Iterable[SitePlan]


def plan(config: Config, site: str | None) -> PlanReport:
    """Plan without changing anything, on either side or in the ledger; beside a daemon, too.

    Raises:
        UnknownSiteError: there is no such site.
    """
    wanted = [each for each in config.sites if site in {None, each.name}]
    if not wanted:
        raise UnknownSiteError.of(site, [each.name for each in config.sites])
    return PlanReport(_Planner(config, settings).plan for settings in wanted)


class _Planner:
    def __init__(self, config: Config, settings: SiteConfig) -> None:
        self._settings = settings
        self._ledger_path = ledger_path(config.state_dir, settings)
        self._scope = scope_of(settings)
        self._counts: Counter[str] = Counter()
        self.plan = SitePlan(settings.name, self._actions(), counts=self._counts)

    def _actions(self) -> Iterator[Action]:
        settings = self._settings
        ledger = Ledger.open_readonly(self._ledger_path, identity=ledger_identity(settings))
        bucket = Bucket(bucket_settings(settings, max_connections=_PLANNED_CONNECTIONS))
        try:
            with LocalSide(settings, self._scope, ledger) as local:
                local.check_root()
                self._count_request()
                bucket.connect()
                yield from self._decided(ledger, local, bucket)
        except SiteUnavailable as error:
            self._stop(error.reason, f"{error.message} {error.hint}".strip())
        except CannotPlanError as error:
            self._stop(error.reason, error.hint)
        except StreamDisorderError as error:
            self._stop("listing_incomplete", str(error))
        finally:
            bucket.close(_CLOSE_SECONDS)
            ledger.close()

    def _decided(self, ledger: Ledger, local: LocalSide, bucket: Bucket) -> Iterator[Action]:
        settings, tally = self._settings, Tally()
        forecast = Forecast(ledger, max_delete=settings.max_delete)
        remote = remote_pages(
            bucket, self._scope, retries=settings.s3_ops_retries, on_request=self._count_request
        )
        policy = policy_of(settings)
        for action in merge(local.batches(), rows_of(ledger), remote, policy, tally):
            if action is not None:
                self._count(action)
                forecast.note(action)
                yield action
        reason = forecast.reason(tally, wall=time.time())
        if reason is not None:
            own = {"foreign": _FOREIGN_HINT, "drift": _DRIFT_HINT}
            self._stop(reason, own[reason] if reason in own else REASONS[reason].remedy)

    def _count(self, action: Action) -> None:
        self._counts[action.kind] += 1
        self.plan.requests += self._requests_of(action)
        if action.kind is Kind.UPLOAD and action.local is not None:
            self.plan.bytes += action.local.size_bytes

    def _requests_of(self, action: Action) -> int:
        local = action.local
        threshold = self._settings.multipart_threshold_bytes
        if action.kind is Kind.UPLOAD and local is not None and local.size_bytes > threshold:
            return 2 - -local.size_bytes // part_size_for(local.size_bytes)
        if action.kind is Kind.FORGET and action.reason == "gone":
            return int(self._settings.retire_deleted)  # it is asked whether the object is gone
        return _REQUESTS.get(action.kind, 1)

    def _count_request(self) -> None:
        self.plan.requests += 1

    def _stop(self, reason: str, hint: str) -> None:
        self.plan.reason, self.plan.hint = reason, hint
