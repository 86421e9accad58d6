"""What goes wrong in a run: some kinds of faults, each now and then, while the user is at work."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Final
from zlib import crc32

from tests.strict.faults import Fault, Kind

__all__ = ["EVENTS", "KINDS", "REQUESTS", "Chances"]


@dataclass(frozen=True)
class _Plan:
    """A fault of requests: of which operations, and how."""

    kind: Kind
    operations: tuple[str, ...]
    code: str = "InternalError"


_EFFECTS: Final = ("PutObject", "DeleteObject", "CopyObject", "*Multipart*", "UploadPart")
_ANY: Final = ("*",)

REQUESTS: Final = {
    "internal_error": _Plan(Kind.ERROR, _ANY),
    "slow_down": _Plan(Kind.ERROR, _ANY, "SlowDown"),
    "forbidden": _Plan(Kind.ERROR, _ANY, "AccessDenied"),
    "expired": _Plan(Kind.ERROR, _ANY, "ExpiredToken"),
    "skewed": _Plan(Kind.ERROR, _ANY, "RequestTimeTooSkewed"),
    "no_upload": _Plan(
        Kind.ERROR, ("UploadPart", "CompleteMultipartUpload", "ListParts"), "NoSuchUpload"
    ),
    "conflict": _Plan(
        Kind.ERROR, ("PutObject", "DeleteObject", "Complete*"), "ConditionalRequestConflict"
    ),
    "error_after": _Plan(Kind.ERROR_AFTER, _EFFECTS),
    "error_in_success": _Plan(Kind.ERROR_IN_SUCCESS, ("CopyObject", "CompleteMultipartUpload")),
    "drop_request": _Plan(Kind.DROP_REQUEST, _ANY),
    "drop_response": _Plan(Kind.DROP_RESPONSE, _ANY),
    # An upload that is begun late is left behind: storage, until a rule of the bucket ends it.
    "late": _Plan(
        Kind.LATE, ("PutObject", "DeleteObject", "CopyObject", "Complete*", "UploadPart")
    ),
    "delay": _Plan(Kind.DELAY, _ANY),
    "truncate": _Plan(Kind.TRUNCATE, ("ListObjectsV2", "CopyObject")),
    "page_fails": _Plan(Kind.ERROR, ("ListObjectsV2",), "ServiceUnavailable"),
    "unsorted": _Plan(Kind.UNSORTED, ("ListObjectsV2",)),
    "stale": _Plan(Kind.STALE, ("ListObjectsV2",)),
}
"""By name; each request that fits meets it by chance while it is switched on."""

EVENTS: Final = (
    "crash", "crash_inside", "ledger_lost", "clock_jump", "root_missing", "root_replaced",
    "root_emptied", "unreadable", "outage", "bucket_gone", "foreign", "overflow", "scan_breaks",
    "write_while_read", "pause", "rescan", "approve", "stop",
)  # fmt: skip
"""Things that happen at a moment, or for a while."""

KINDS: Final = (*REQUESTS, *EVENTS)

# Where these are forbidden an upload in parts is left rather than a file held.
_OF_LEFT: Final = frozenset({"AbortMultipartUpload", "ListMultipartUploads"})
_CHANCE: Final = 0.3  # of each kind, to be part of a sequence


class Chances:
    """Which faults are switched on, and which request meets one.

    Attributes:
        met: how often each kind was met.
        left_keys: where nobody was let see, or abort, what was left of uploads in parts; since
            then nobody has seen it either.
        is_cut_off: nobody reaches the store.
        is_bucket_gone: the store knows no such bucket.
        events: kinds of the sequence under way that are no faults of requests.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._sequences = 0
        self.met: Counter[str] = Counter()
        self.left_keys: set[str] = set()
        self.random = Random(name)
        self.is_cut_off = False
        self.is_bucket_gone = False
        self.events: list[str] = []
        self._requests: list[str] = []
        self._share = 0.0

    def begin(self, only: frozenset[str] | None = None) -> None:
        """Draw the kinds of a sequence; `only`: exactly these.

        Each kind is drawn by its own name: a kind that is new leaves the others of a seed as they
        are.
        """
        self._sequences += 1
        name = f"{self._name} {self._sequences} "
        drawn = [kind for kind in KINDS if crc32((name + kind).encode()) < _CHANCE * 2**32]
        chosen = drawn if only is None else [kind for kind in KINDS if kind in only]
        self.events = [kind for kind in chosen if kind in EVENTS]
        self._requests = [kind for kind in chosen if kind in REQUESTS]
        self._share = self.random.choice((0.1, 0.3, 0.6))

    def switch_on(self, kind: str, share: float) -> None:
        """Have requests meet a kind from now on, beside those that they meet already."""
        self._requests, self._share = sorted({*self._requests, kind}), share

    def switch_off(self) -> None:
        """Have requests meet nothing from now on."""
        self._requests = []

    def end(self) -> None:
        """Let nothing go wrong any more."""
        self.events, self._requests = [], []
        self.is_cut_off = self.is_bucket_gone = False

    def fault_for(self, operation: str, key: str) -> Fault | None:
        """Give the fault that a request meets."""
        fault = self._drawn(operation, key)
        if operation == "ListMultipartUploads" and fault is None and not self.is_cut_off:
            self.left_keys.discard(key)  # who sees it can end it
        return fault

    def _drawn(self, operation: str, key: str) -> Fault | None:
        if self.is_bucket_gone:
            return Fault(kind=Kind.ERROR, code="NoSuchBucket")
        if not self._requests or self.random.random() >= self._share:
            return None
        fitting = [name for name in self._requests if _fits(operation, name)]
        if not fitting:
            return None
        name = self.random.choice(fitting)
        plan = REQUESTS[name]
        self.met[name] += 1
        if name == "forbidden" and operation in _OF_LEFT:
            self.left_keys.add(key)
        seconds = self.random.choice((0.1, 1.0, 5.0, 40.0)) if plan.kind is Kind.DELAY else 0.0
        return Fault(
            kind=plan.kind, code=plan.code, seconds=seconds, name=key or "listing",
            changes=self.random.choice((1, 1, 2, 4)) if plan.kind is Kind.STALE else 1,
        )  # fmt: skip


def _fits(operation: str, name: str) -> bool:
    return any(fnmatchcase(operation, each) for each in REQUESTS[name].operations)
