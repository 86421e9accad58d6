"""Find out whether a store keeps the conditions of writes, by a write that it has to refuse.

Some take no notice of If-Match and store what they should refuse. The write is on a condition that
nothing fulfils, to a key that nobody has: where it is refused, nothing was made; where it is not,
what was made is removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import Any, NamedTuple

from s3syncd import failpoints
from s3syncd.core.retry import FailureKind
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply
from s3syncd.transfer.kit import Kit

__all__ = ["Probed", "probe"]

_NOTHING = hashlib.md5(b"", usedforsecurity=False)
_STALE = "0" * 32  # the MD5 of nothing that anybody has
_REFUSED = frozenset({FailureKind.MISSING, FailureKind.PRECONDITION, FailureKind.CONFLICT})
_UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "HTTP501", "HTTP405"})


class Probed(NamedTuple):
    """What a probe found: None where it cannot be told now; `is_clean`: nothing was left behind."""

    keeps_conditions: bool | None
    is_clean: bool
    hint: str = ""


def probe(kit: Kit, key: str, *, left: str | None) -> Call:
    """Write on a condition that does not hold; it returns a `Probed`.

    Args:
        kit: of the site.
        key: a new one, below the prefix.
        left: the key of a probe that did not end, whose object is removed first.
    """
    if left is not None and not (yield from _is_removed(kit, left)):
        return Probed(None, is_clean=False, hint=f"the object {left} could not be removed")
    failpoints.reach("probe.before_put")
    reply: Reply = yield kit.bucket.put(key, b"", md5=_NOTHING.digest(), if_match=_STALE)
    failpoints.reach("probe.after_put")
    failure = reply.failure
    if failure is None:
        is_clean = yield from _is_removed(kit, key)
        hint = "" if is_clean else f"the object {key} could not be removed"
        return Probed(False, is_clean, hint)
    if failure.code in _UNSUPPORTED:
        return Probed(False, is_clean=True)
    if failure.kind in _REFUSED:
        return Probed(True, is_clean=True)
    return Probed(None, not failure.is_unknown, f"{failure.code}: {failure.message}"[:300])


def _is_removed(kit: Kit, key: str) -> Generator[Start, Any, bool]:
    """Remove what a probe has made; whether nothing is there any more."""
    seen: Reply = yield kit.bucket.head(key)
    if seen.failure is not None:
        return seen.failure.kind is FailureKind.MISSING
    failpoints.reach("probe.before_remove")
    reply: Reply = yield kit.bucket.delete(key, if_match=seen.etag)
    failpoints.reach("probe.after_remove")
    return reply.failure is None or reply.failure.kind is FailureKind.MISSING
