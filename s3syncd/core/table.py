"""The decision table: what follows for one path from (local, baseline, remote), in each mode.

`ROWS` is the whole truth and is looked up, not retold in code. Unknown is never absent: a side
that could not be looked at stops every decision about the path (row 0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

from s3syncd.core.entry import Action, BaselineRow, Kind, LocalEntry, RemoteEntry

__all__ = [
    "ROWS",
    "UNKNOWN",
    "Local",
    "Mode",
    "Policy",
    "Remote",
    "Row",
    "Rule",
    "Unknown",
    "adopted_class",
    "colder_classes",
    "decide",
    "follow_up",
    "judge",
]

Mode: TypeAlias = Literal["upload", "download", "two-way"]


class Unknown(Enum):
    """The type of `UNKNOWN`: that side could not be looked at. Not the same as absent."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
Local: TypeAlias = LocalEntry | Literal[Unknown.UNKNOWN] | None
Remote: TypeAlias = RemoteEntry | Literal[Unknown.UNKNOWN] | None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one site.

    Attributes:
        mode: which way changes flow.
        retire_deleted: deletions cross from the side with authority to the other. In `two-way`
            both sides have authority and deletions always cross.
        retire_foreign: with `retire_deleted`, objects this site never put or adopted go too.
        on_drift: what becomes of a version we did not put: `overwrite` it, or `hold` for a person.
        storage_class: the class asked for; None when not configured, and then none is changed.
        covers: tells whether a path belongs to the site (`Scope.covers`). What a filter took out
            of the site must not look deleted.
    """

    mode: Mode
    retire_deleted: bool
    retire_foreign: bool
    on_drift: Literal["overwrite", "hold"]
    storage_class: str | None
    covers: Callable[[str], bool]


class Rule(NamedTuple):
    """What a row does in one mode.

    Attributes:
        kind: of the action; None leaves the path alone.
        reason: closed word for logs.
        needs: names of the switches of `Policy` that must all be on; otherwise nothing is done.
        is_drift: it replaces a version we did not put, so `on_drift` has a say.
        may_adopt: with equal sizes the contents may be equal: that is looked at first.
    """

    kind: Kind | None
    reason: str = ""
    needs: tuple[str, ...] = ()
    is_drift: bool = False
    may_adopt: bool = False


class Row(NamedTuple):
    """One row: the state of the three, and what follows in each mode.

    `local` and `remote`: A absent, P present, S same as the baseline, C changed; a present or
    changed remote beside a present or changed local is `=` (the size is the same, so the content
    may be) or `!=`. `baseline`: B there is a row, - there is none.
    """

    baseline: str
    local: str
    remote: str
    upload: Rule
    download: Rule
    two_way: Rule


_LEAVE = Rule(None)
_FORGET = Rule(Kind.FORGET, "gone")
_FORGET_KEPT = Rule(Kind.FORGET, "kept")
_CONFLICT = Rule(Kind.CONFLICT, "conflict")
_NEW = Rule(Kind.UPLOAD, "new")
_EDITED = Rule(Kind.UPLOAD, "changed")
_VANISHED = Rule(Kind.UPLOAD, "vanished")
_OVERWRITE = Rule(Kind.UPLOAD, "drift", is_drift=True, may_adopt=True)
_OVERWRITE_FIRST = Rule(Kind.UPLOAD, "first_contact", is_drift=True)
_FETCH = Rule(Kind.DOWNLOAD, "new")
_FETCH_EDITED = Rule(Kind.DOWNLOAD, "changed", may_adopt=True)
_FETCH_MISSING = Rule(Kind.DOWNLOAD, "vanished")
_ADOPT_FIRST = Rule(Kind.ADOPT, "first_contact")
_ADOPT = Rule(Kind.ADOPT, "drift")
_RETIRE = Rule(Kind.DELETE_REMOTE, "retired", needs=("retire_deleted",))
_RETIRE_FOREIGN = Rule(
    Kind.DELETE_REMOTE, "foreign", needs=("retire_deleted", "retire_foreign")
)  # fmt: skip
_RETIRE_ALWAYS = Rule(Kind.DELETE_REMOTE, "retired")
_RETIRE_LOCAL = Rule(Kind.DELETE_LOCAL, "retired", needs=("retire_deleted",))
_RETIRE_LOCAL_ALWAYS = Rule(Kind.DELETE_LOCAL, "retired")
# A local edit in download mode; a touch alone is seen by content first.
_CONFLICT_OR_TOUCH = Rule(Kind.CONFLICT, "conflict", may_adopt=True)

# fmt: off
ROWS: Final[tuple[Row, ...]] = (
    #   base local remote upload            download            two-way
    Row("?", "?", "?",  _LEAVE,           _LEAVE,             _LEAVE),                # 0
    Row("-", "A", "A",  _LEAVE,           _LEAVE,             _LEAVE),                # 1
    Row("-", "P", "A",  _NEW,             _LEAVE,             _NEW),                  # 2
    Row("-", "A", "P",  _RETIRE_FOREIGN,  _FETCH,             _FETCH),                # 3
    Row("-", "P", "=",  _ADOPT_FIRST,     _ADOPT_FIRST,       _ADOPT_FIRST),          # 4
    Row("-", "P", "!=", _OVERWRITE_FIRST, _CONFLICT,          _CONFLICT),             # 5
    Row("B", "S", "S",  _LEAVE,           _LEAVE,             _LEAVE),                # 6
    Row("B", "S", "C",  _OVERWRITE,       _FETCH_EDITED,      _FETCH_EDITED),         # 7
    Row("B", "S", "A",  _VANISHED,        _RETIRE_LOCAL,      _RETIRE_LOCAL_ALWAYS),  # 8
    Row("B", "C", "S",  _EDITED,          _CONFLICT_OR_TOUCH, _EDITED),               # 9
    Row("B", "C", "=",  _ADOPT,           _ADOPT,             _ADOPT),                # 10
    Row("B", "C", "!=", _OVERWRITE,       _CONFLICT,          _CONFLICT),             # 11
    Row("B", "C", "A",  _VANISHED,        _FORGET_KEPT,       _VANISHED),             # 12
    Row("B", "A", "S",  _RETIRE,          _FETCH_MISSING,     _RETIRE_ALWAYS),        # 13
    Row("B", "A", "C",  _FORGET_KEPT,     _FETCH_MISSING,     _FETCH_MISSING),        # 14
    Row("B", "A", "A",  _FORGET,          _FORGET,            _FORGET),               # 15
)
# fmt: on

_NUMBERS: Final = {(row.baseline, row.local, row.remote): n for n, row in enumerate(ROWS)}
_RULES: Final[Mapping[Mode, tuple[Rule, ...]]] = {
    "upload": tuple(row.upload for row in ROWS),
    "download": tuple(row.download for row in ROWS),
    "two-way": tuple(row.two_way for row in ROWS),
}

# Classes from warm to cold; equal numbers are no colder than each other. A name not listed (a
# store's own) counts as warm: an object is then never taken for colder than configured.
_COLDNESS: Final = {
    "INTELLIGENT_TIERING": 1,
    "STANDARD_IA": 2,
    "ONEZONE_IA": 2,
    "GLACIER_IR": 3,
    "GLACIER": 4,
    "DEEP_ARCHIVE": 5,
}


def decide(
    path: str,
    local: Local,
    baseline: BaselineRow | None,
    remote: Remote,
    policy: Policy,
    *,
    is_listed: bool = True,
    is_different: bool = False,
) -> Action | None:
    """Decide about one path; None: nothing is to be done.

    Args:
        path: site-relative.
        local: as seen by lstat; None only for a proven absence.
        baseline: what both sides last agreed on.
        remote: as listed; None only if a listing that succeeded does not have it.
        policy: the site's rules.
        is_listed: False when the remote side was not looked at (rescan, live change): it is then
            taken to be as in the baseline, and `remote` is not read. The worker looks before it
            deletes.
        is_different: the contents were compared and differ, whatever the sizes say.
    """
    return judge(
        path, local, baseline, remote, policy, is_listed=is_listed, is_different=is_different
    )[1]


def judge(
    path: str,
    local: Local,
    baseline: BaselineRow | None,
    remote: Remote,
    policy: Policy,
    *,
    is_listed: bool = True,
    is_different: bool = False,
) -> tuple[int, Action | None]:
    """Decide as `decide` does, and give the number of the row too."""
    seen = remote if is_listed and remote is not UNKNOWN else None
    found = local if local is not UNKNOWN else None
    if not policy.covers(path):
        if baseline is None:
            return 1, None
        return 15, Action(Kind.FORGET, path, found, baseline, seen, 15, "out_of_scope")
    if local is UNKNOWN or (is_listed and remote is UNKNOWN):
        return 0, None
    number = _number_of(found, baseline, seen, is_listed=is_listed, is_different=is_different)
    rule = _RULES[policy.mode][number]
    if number == 6 and seen is not None:
        rule = _class_rule(baseline, seen, policy)
    elif rule.may_adopt and not is_different and _is_size_equal(found, seen or baseline):
        rule = rule._replace(kind=Kind.ADOPT, is_drift=False)
    if rule.kind is None or not all(getattr(policy, switch) for switch in rule.needs):
        return number, None
    kind, reason = rule.kind, rule.reason
    if rule.is_drift and policy.on_drift == "hold":
        kind, reason = Kind.CONFLICT, "drift"
    return number, Action(kind, path, found, baseline, seen, number, reason)


def follow_up(action: Action, policy: Policy) -> Action | None:
    """Decide again after an `Adopt` whose contents turned out to differ."""
    return decide(
        action.path,
        action.local,
        action.baseline,
        action.remote,
        policy,
        is_listed=action.remote is not None,
        is_different=True,
    )


def adopted_class(listed: str, wanted: str | None) -> str:
    """Give the storage class to record for an adopted object, which nobody asked us for.

    STANDARD is recorded, so that a colder class configured (now or later) is applied; so is the
    class we want. Any other is recorded as empty: somebody chose it, and it is left alone.
    """
    return listed if listed in {"STANDARD", wanted} else ""


def colder_classes(wanted: str | None) -> frozenset[str]:
    """Give the classes colder than the one wanted; none when none is configured."""
    if wanted is None:
        return frozenset()
    return frozenset(c for c, n in _COLDNESS.items() if n > _COLDNESS.get(wanted, 0))


def _number_of(
    local: LocalEntry | None,
    baseline: BaselineRow | None,
    remote: RemoteEntry | None,
    *,
    is_listed: bool,
    is_different: bool,
) -> int:
    is_equal = not is_different and _is_size_equal(local, remote)
    here, there = "A" if local is None else "P", "A" if remote is None else "P"
    if baseline is not None:
        if local is not None:
            here = "S" if local[1:5] == baseline[1:5] else "C"
        if not is_listed:
            there = "S"
        elif remote is not None:
            is_same = remote.etag == baseline.etag and remote.size_bytes == baseline.size_bytes
            there = "S" if is_same else "C"
    if (here, there) in {("P", "P"), ("C", "C")}:
        there = "=" if is_equal else "!="
    return _NUMBERS["-" if baseline is None else "B", here, there]


def _is_size_equal(local: LocalEntry | None, other: RemoteEntry | BaselineRow | None) -> bool:
    return local is not None and other is not None and local.size_bytes == other.size_bytes


def _class_rule(baseline: BaselineRow | None, remote: RemoteEntry, policy: Policy) -> Rule:
    """Row 6: change the class if the one asked for is not the one configured.

    An empty class in the baseline was nobody's asking. A class colder than configured that we did
    not ask for is a lifecycle rule's doing, and left alone.
    """
    asked = baseline.storage_class if baseline else ""
    wanted = policy.storage_class
    if policy.mode == "download" or wanted is None or asked in {"", wanted}:
        return _LEAVE
    if remote.storage_class != asked and remote.storage_class in colder_classes(wanted):
        return _LEAVE
    return Rule(Kind.RECLASS, "class")
