"""Compare one path's file and object anew, whatever the baseline says; changes nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd.core.entry import Action, LocalEntry, RemoteEntry, Settle, UnknownMark
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import S3Failure
from s3syncd.transfer.comparing import Verdict, compare
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import look_at, version_of
from s3syncd.transfer.outcomes import Ended
from s3syncd.transfer.source import open_source

__all__ = ["verify"]

_CHANGED_MEANWHILE = "foreign_change"  # the object is not the listed one any more
_WORDS = {Verdict.EQUAL: "", Verdict.DIFFERENT: "other_content", Verdict.UNPROVED: "unproved"}


def verify(kit: Kit, action: Action, settle: Settle) -> Call:
    """Give the word of the difference (`core.difference`), empty where the two are proved equal.

    Scan and listing are some time apart, so what looks different is looked at once more, on both
    sides. Never raises for expected trouble.
    """
    try:
        return (yield from _verified(kit, action, settle))
    except Ended as ended:
        return "changing" if ended.outcome.scope == "path" else "not_compared"
    except S3Failure:
        return "not_compared"
    except OSError:
        return "unreadable"


def _verified(kit: Kit, action: Action, settle: Settle) -> Generator[Start, Any, str]:
    if action.local is not None and action.remote is not None:
        try:
            word = yield from _hashed(kit, action, settle, action.local, action.remote)
        except Ended as ended:
            if ended.outcome.reason != _CHANGED_MEANWHILE:
                raise
        else:
            if not word:
                return ""
    look = kit.look(action)
    if isinstance(look, UnknownMark):
        return "unreadable"
    if not isinstance(look, LocalEntry) and action.local is None:
        return "foreign_object"
    seen = yield from look_at(kit, action)
    if not isinstance(look, LocalEntry):
        return "" if seen is None else "foreign_object"
    if seen is None:
        return "missing_in_bucket"
    remote = version_of(action, seen)
    return (yield from _hashed(kit, action, settle, look, remote))


def _hashed(
    kit: Kit, action: Action, settle: Settle, local: LocalEntry, remote: RemoteEntry
) -> Generator[Start, Any, str]:
    if local.size_bytes != remote.size_bytes:
        return "other_content"
    compared_action = action._replace(local=local, remote=remote)
    with open_source(kit, compared_action, settle, is_adopting=True) as source:
        if source.entry.size_bytes != remote.size_bytes:
            return "changing"
        verdict, _md5 = yield from compare(kit, compared_action, source, remote)
        source.check_settled()
        return _WORDS[verdict]
