"""What a site has decided to do and not yet handed to the pool.

Two lanes, live changes and reconcile work; one planned action per path. Owned by the site thread.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Set
from dataclasses import dataclass

from s3syncd.core.entry import Action, Kind, LocalEntry, Settle
from s3syncd.ledger import Intent

__all__ = ["HIGH_WATERMARK", "Backlog", "Planned"]

# The merge stops above this many planned actions: enough to keep 256 requests in flight through a
# group commit, small enough that a plan of ten million actions stays a stream.
HIGH_WATERMARK = 2_000

_RECONCILE_SHARE = 4  # every fourth admission is the reconcile's if it has any (fairness)
_LARGE_AT_ONCE = 4  # 8 parts of each keep the byte budget full; more would only hold descriptors


@dataclass(slots=True, eq=False)
class Planned:
    """One action on its way: in the backlog, then in flight. Owned by the site thread.

    `taken_up`: the intent of an upload in parts that was interrupted, if it goes on with one.
    `is_remote_other`: while it was in flight a listing had something else than the baseline.
    """

    action: Action
    settle: Settle
    is_live: bool
    intent: Intent | None = None
    taken_up: Intent | None = None
    planned_at: float = 0.0
    started_at: float = 0.0
    is_remote_other: bool = False

    @property
    def is_as_taken_up(self) -> bool:
        """Whether what it was to go on with has not been replaced by what it began."""
        return self.taken_up is not None and self.intent == self.taken_up


_Plans = OrderedDict[str, Planned]


class Backlog:
    """The planned and the in-flight actions of one site, at most one per path.

    `deletions` are those planned or in flight.

    Args:
        large_bytes: uploads above this go in parts. They have a lane of their own and go a few at
            a time, because each holds a descriptor for long and feeds many requests.
    """

    def __init__(self, *, large_bytes: int) -> None:
        self._large_bytes = large_bytes
        self._live: _Plans = OrderedDict()
        self._reconcile: _Plans = OrderedDict()
        self._large: _Plans = OrderedDict()
        self._adopted: _Plans = OrderedDict()
        self._large_in_flight = 0
        self.in_flight: dict[str, Planned] = {}
        self.deletions = 0
        self._dropped: list[Intent] = []
        self._inodes: Counter[int] = Counter()
        self._admitted = 0
        self.planned_bytes = 0

    def __len__(self) -> int:
        """Return how many actions are planned and not yet in flight."""
        return sum(map(len, self._lanes))

    def __contains__(self, path: str) -> bool:
        return path in self.in_flight or any(path in lane for lane in self._lanes)

    def waiting(self, path: str) -> Planned | None:
        """Return what is planned for `path` and not in flight, or None."""
        return next((lane[path] for lane in self._lanes if path in lane), None)

    def has_next(self, *, may_work: bool, may_hash: bool) -> bool:
        """Whether `next` may have something to give."""
        work = self._live or self._reconcile or (self._large and self._has_large_turn)
        return bool((may_work and work) or (may_hash and self._adopted))

    @property
    def has_room(self) -> bool:
        """Whether a pass may add more reconcile work."""
        waiting = len(self._reconcile) + len(self._large) + len(self._adopted)
        return waiting < HIGH_WATERMARK

    @property
    def has_live_room(self) -> bool:
        """Whether more settled paths may be looked at."""
        return len(self._live) < HIGH_WATERMARK

    @property
    def pending_bytes(self) -> int:
        """Body bytes planned or in flight."""
        return self.planned_bytes + sum(_bytes_of(p.action) for p in self.in_flight.values())

    def add(self, planned: Planned) -> None:
        """Plan an action; a newer decision about the same path takes the older one's place."""
        path = planned.action.path
        self.drop(path)
        self._lane_of(planned)[path] = planned
        self._count(planned, 1)

    def drop(self, path: str) -> None:
        """Forget what was planned for `path` (not what is in flight)."""
        for lane in self._lanes:
            planned = lane.pop(path, None)
            if planned is not None:
                self._count(planned, -1)
                if planned.intent is not None:
                    self._dropped.append(planned.intent)

    def drop_all(self) -> None:
        """Forget everything planned (a guard tripped); what is in flight goes on."""
        for path in [path for lane in self._lanes for path in lane]:
            self.drop(path)

    def next(self, limit: int, *, may_work: bool = True, may_hash: bool = True) -> list[Planned]:
        """Take up to `limit` actions whose path is not in flight, live ones first but fairly.

        Args:
            limit: number of actions.
            may_work: the pool of workers may have room.
            may_hash: the pool that compares existing objects by content may have room.
        """
        chosen: list[Planned] = []
        skipped: list[Planned] = []
        large = self._large_in_flight
        while len(chosen) < limit:
            lane = self._next_lane(large) if may_work else None
            if lane is None and may_hash:
                lane = self._adopted or None
            if lane is None:
                break
            planned = self._pop(lane)
            large += lane is self._large
            if planned.action.path in self.in_flight:
                skipped.append(planned)
            else:
                self._admitted += 1
                chosen.append(planned)
        for planned in reversed(skipped):
            self._restore(planned)
        return chosen

    def give_back(self, planned: list[Planned]) -> None:
        """Return actions that the pool had no room for, to the front, in their old order."""
        for one in reversed(planned):
            self._admitted -= 1
            self._restore(one)

    def start(self, planned: Planned, now: float) -> None:
        """Note that an action taken by `next` is in flight."""
        planned.started_at = now
        self._large_in_flight += self._is_large(planned)
        self.in_flight[planned.action.path] = planned
        self._count_inode(planned, 1)

    def finish(self, path: str) -> Planned | None:
        """Note that the action in flight for `path` came to an end."""
        planned = self.in_flight.pop(path, None)
        if planned is not None:
            self._large_in_flight -= self._is_large(planned)
            self._count_inode(planned, -1)
        return planned

    def is_awaited(self, inode: int) -> bool:
        """Whether an upload of the file with this inode is planned or in flight.

        A deletion of another path with the same inode waits for it: it may be a rename.
        """
        return self._inodes[inode] > 0

    @property
    def inodes(self) -> Set[int]:
        """The inodes of the files whose upload is planned or in flight."""
        return self._inodes.keys()

    def files(self, path: str | None = None) -> Iterator[LocalEntry]:
        """Give the files whose upload is planned or in flight; only those at `path`, if given."""
        for plans in (self.in_flight, *self._lanes):
            found = plans.values() if path is None else filter(None, [plans.get(path)])
            yield from filter(None, map(_file_of, found))

    def files_in_flight(self) -> list[LocalEntry]:
        """Return the files about which an action is in flight, as they were decided on."""
        entries = (planned.action.local for planned in self.in_flight.values())
        return [entry for entry in entries if entry is not None]

    def is_deleting(self, path: str) -> bool:
        """Whether the deletion of `path` is planned or in flight."""
        plans = (self.in_flight, *self._lanes) if self.deletions else ()
        return any(path in plan and plan[path].action.kind is Kind.DELETE_REMOTE for plan in plans)

    def planned_deletions(self) -> list[str]:
        """Return the paths whose deletion is planned and not in flight."""
        lanes = self._lanes if self.deletions else ()
        return [
            path
            for lane in lanes
            for path, planned in lane.items()
            if planned.action.kind is Kind.DELETE_REMOTE
        ]

    def oldest(self) -> float | None:
        """Return when the oldest plan was made, in flight or not (monotonic), or None."""
        firsts = [next(iter(lane.values())) for lane in (self.in_flight, *self._lanes) if lane]
        return min((planned.planned_at for planned in firsts), default=None)

    def take_dropped(self) -> list[Intent]:
        """Return the intents of dropped plans that were written and never acted on, once."""
        dropped, self._dropped = self._dropped, []
        return dropped

    @property
    def _lanes(self) -> tuple[_Plans, ...]:
        return self._live, self._reconcile, self._large, self._adopted

    @property
    def _has_large_turn(self) -> bool:
        return self._large_in_flight < _LARGE_AT_ONCE

    def _next_lane(self, large_in_flight: int) -> _Plans | None:
        if self._large and large_in_flight < _LARGE_AT_ONCE:
            return self._large
        is_reconcile_turn = self._admitted % _RECONCILE_SHARE == _RECONCILE_SHARE - 1
        if self._reconcile and (is_reconcile_turn or not self._live):
            return self._reconcile
        return self._live or None

    def _is_large(self, planned: Planned) -> bool:
        return _bytes_of(planned.action) > self._large_bytes

    def _lane_of(self, planned: Planned) -> _Plans:
        if planned.action.kind is Kind.ADOPT:
            return self._adopted
        if self._is_large(planned):
            return self._large
        return self._live if planned.is_live else self._reconcile

    def _pop(self, lane: _Plans) -> Planned:
        _path, planned = lane.popitem(last=False)
        self._count(planned, -1)
        return planned

    def _restore(self, planned: Planned) -> None:
        path = planned.action.path
        if any(path in lane for lane in self._lanes):
            return  # a newer decision came meanwhile
        lane = self._lane_of(planned)
        lane[path] = planned
        lane.move_to_end(path, last=False)
        self._count(planned, 1)

    def _count(self, planned: Planned, by: int) -> None:
        """Count a plan in or out."""
        self.planned_bytes += by * _bytes_of(planned.action)
        self._count_inode(planned, by)

    def _count_inode(self, planned: Planned, by: int) -> None:
        self.deletions += by * (planned.action.kind is Kind.DELETE_REMOTE)
        local = _file_of(planned)
        if local is None:
            return
        self._inodes[local.inode] += by
        if not self._inodes[local.inode]:
            del self._inodes[local.inode]


def _file_of(planned: Planned) -> LocalEntry | None:
    is_sent = planned.action.kind in {Kind.UPLOAD, Kind.ADOPT}
    return planned.action.local if is_sent else None


def _bytes_of(action: Action) -> int:
    is_body = action.kind is Kind.UPLOAD and action.local is not None
    return action.local.size_bytes if is_body and action.local else 0
