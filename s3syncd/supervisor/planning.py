"""What would be done: the scan, listing, baseline and table of the daemon, and no effect at all."""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.digest import part_size_for
from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry, RemoteEntry, UnknownMark
from s3syncd.core.messages import RootSeen, ScanBatch
from s3syncd.core.reconcile import Tally, merge
from s3syncd.core.safety import REASONS, judge_mass_delete
from s3syncd.errors import ConfigError, SiteUnavailable
from s3syncd.ledger import Ledger
from s3syncd.local.scanner import Scanner
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import parse_listing
from s3syncd.s3.settings import bucket_settings
from s3syncd.supervisor.build import (
    ledger_identity,
    ledger_path,
    policy_of,
    scope_of,
)

__all__ = ["PlanReport", "SitePlan", "plan"]

_DAY_SECONDS = 86_400.0
_PLANNED_CONNECTIONS = 8  # one listing at a time; a few for its retries
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
        ConfigError: there is no such site.
    """
    wanted = [each for each in config.sites if site in {None, each.name}]
    if not wanted:
        names = ", ".join(each.name for each in config.sites)
        raise ConfigError([f"there is no site {site!r}"], hint=f"sites: {names}")
    return PlanReport(_planner(config, settings).plan for settings in wanted)


def _planner(config: Config, settings: SiteConfig) -> _Planner:
    return _Planner(config, settings)


class _Planner:
    def __init__(self, config: Config, settings: SiteConfig) -> None:
        self._config = config
        self._settings = settings
        self._scope = scope_of(settings)
        self._answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._bucket = Bucket(bucket_settings(settings, max_connections=_PLANNED_CONNECTIONS))
        self._counts: Counter[str] = Counter()
        self.plan = SitePlan(settings.name, self._actions(), counts=self._counts)

    def _actions(self) -> Iterator[Action]:
        path = ledger_path(self._config.state_dir, self._settings)
        ledger = Ledger.open_readonly(path, identity=ledger_identity(self._settings))
        scanner = Scanner(self._settings.root, self._scope, post=self._answers.put, watcher=None)
        scanner.start()
        try:
            self._bucket.connect()
            self.plan.requests += 1
            yield from self._counted(self._merged(ledger, scanner))
            self._judge(ledger)
        except SiteUnavailable as error:
            self._stop(error.reason, error.hint or error.message)
        except _CannotPlanError as error:
            self._stop(error.reason, error.hint)
        finally:
            scanner.stop(2.0)
            self._bucket.close(1.0)
            ledger.close()

    def _merged(self, ledger: Ledger, scanner: Scanner) -> Iterator[Action]:
        scanner.full(1)
        tally = Tally()
        local, rows, remote = self._local(scanner), _rows(ledger), self._remote()
        for action in merge(local, rows, remote, policy_of(self._settings), tally):
            if action is not None:
                yield action

    def _counted(self, actions: Iterator[Action]) -> Iterator[Action]:
        for action in actions:
            self._counts[action.kind] += 1
            self.plan.requests += self._requests_of(action)
            if action.kind is Kind.UPLOAD and action.local is not None:
                self.plan.bytes += action.local.size_bytes
            yield action

    def _requests_of(self, action: Action) -> int:
        local = action.local
        threshold = self._settings.multipart_threshold_bytes
        if action.kind is Kind.UPLOAD and local is not None and local.size_bytes > threshold:
            return 2 - -local.size_bytes // part_size_for(local.size_bytes)
        return _REQUESTS.get(action.kind, 1)

    def _local(self, scanner: Scanner) -> Iterator[Sequence[LocalEntry | UnknownMark] | None]:
        while True:
            answer = self._answers.get()
            if isinstance(answer, RootSeen) and answer.reason:
                raise _CannotPlanError(answer.reason, REASONS[answer.reason].remedy)
            if isinstance(answer, ScanBatch):
                scanner.taken(answer.pass_id)
                yield answer.entries
                if answer.is_last:
                    self._check_complete(answer)
                    return

    def _check_complete(self, last: ScanBatch) -> None:
        if not last.is_complete:
            raise _CannotPlanError("root_missing", REASONS["root_missing"].remedy)

    def _remote(self) -> Iterator[list[RemoteEntry] | None]:
        token: str | None = None
        while True:
            reply = self._bucket.call(self._bucket.list_page(self._scope.prefix, token=token))
            self.plan.requests += 1
            if reply.failure is not None:
                raise _CannotPlanError("listing_incomplete", reply.failure.message)
            page = parse_listing(reply.body, self._scope.path_for)
            yield page.entries
            token = page.next_token
            if token is None:
                return

    def _judge(self, ledger: Ledger) -> None:
        """Say whether the deletions of this plan would be held."""
        day_ago = time.time() - _DAY_SECONDS
        is_held = judge_mass_delete(
            wanted=self._counts[Kind.DELETE_REMOTE],
            carried_out_unapproved_24h=ledger.deletions_logged_since(day_ago),
            baseline_count_24h_ago=ledger.baseline_count_at(day_ago),
            max_delete=self._settings.max_delete,
        )
        if is_held:
            self._stop("mass_delete", REASONS["mass_delete"].remedy)

    def _stop(self, reason: str, hint: str) -> None:
        self.plan.reason, self.plan.hint = reason, hint


class _CannotPlanError(Exception):
    """One side could not be looked at to its end."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def _rows(ledger: Ledger) -> Iterator[list[BaselineRow] | None]:
    after = ""
    while rows := ledger.page(after):
        after = rows[-1].path
        yield rows
