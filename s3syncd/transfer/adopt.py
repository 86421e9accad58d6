"""Find out that an object already holds the file's content: nothing is sent then.

Unknown content is never taken for equal: without a proof the file is uploaded.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd import failpoints
from s3syncd.core.digest import is_md5_etag, part_count_of
from s3syncd.core.entry import Action, Outcome, RemoteEntry, Result, Settle
from s3syncd.core.reconcile import adopted_class, follow_up
from s3syncd.pool import Call, Start
from s3syncd.s3.reply import Reply, etag_may_be_md5
from s3syncd.transfer.digests import (
    is_proved,
    md5_of,
    multipart_etag_of,
    new_md5,
    proof_in,
)
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import decided_again, look_at
from s3syncd.transfer.outcomes import Ended, superseded
from s3syncd.transfer.small import row_for
from s3syncd.transfer.source import Source, open_source

__all__ = ["adopt"]


def adopt(kit: Kit, action: Action, settle: Settle) -> Call:
    """Hash the file; Done `adopted` if the object is proved equal, else a follow-up.

    Raises:
        Ended: the file is not settled, or a look at the object failed.
        OSError: the file cannot be read.
    """
    remote = action.remote
    if remote is None:
        return _different(kit, action)
    with open_source(kit, action, settle, is_adopting=True) as source:
        if source.entry.size_bytes != remote.size_bytes:
            return _different(kit, action)
        md5, is_equal = yield from _compare_etag(kit, action, source, remote)
        if not is_equal:
            is_equal = yield from _compare_proof(kit, action, source, remote, md5)
        failpoints.reach("adopt.after_proof")
        source.check_settled()
        if not is_equal:
            return _different(kit, action)
        wanted = kit.settings.policy.storage_class
        row = row_for(
            source.recorded,
            md5=md5,
            etag=remote.etag,
            storage_class=adopted_class(remote.storage_class, wanted),
        )
        return Outcome(action, Result.DONE, "adopted", row, is_stale=source.is_racy)


def _different(kit: Kit, action: Action) -> Outcome:
    after = follow_up(action, kit.settings.policy)
    return superseded(action, "content_differs", follow_up=after)


def _compare_etag(
    kit: Kit, action: Action, source: Source, remote: RemoteEntry
) -> Generator[Start, Any, tuple[str | None, bool]]:
    """Compare by ETag: (hex MD5 if the whole content was hashed, whether they are equal)."""
    if is_md5_etag(remote.etag):
        md5 = yield from md5_of(source)
        return md5, md5 == remote.etag
    if part_count_of(remote.etag) is None:
        return None, False
    part_size_bytes = yield from _learn_layout(kit, action, remote)
    if part_size_bytes is None:
        return None, False
    etag = yield from multipart_etag_of(source, part_size_bytes)
    return None, etag == remote.etag


def _learn_layout(
    kit: Kit, action: Action, remote: RemoteEntry
) -> Generator[Start, Any, int | None]:
    """Ask for the size of the first part, in bytes; None where it does not fit the ETag.

    Other programs use other part sizes, and a store that knows no parts tells the whole size.
    The answer's ETag says nothing: moto tells that of the part.
    """
    seen = yield from look_at(kit, action, part_number=1)
    if seen is None:
        raise Ended(decided_again(kit, action, action.local, seen, local_state="file"))
    size_bytes = seen.size_bytes
    if not size_bytes or -(-remote.size_bytes // size_bytes) != part_count_of(remote.etag):
        return None
    return size_bytes


def _compare_proof(
    kit: Kit, action: Action, source: Source, remote: RemoteEntry, md5: str | None
) -> Generator[Start, Any, bool]:
    """Compare by what the store or we ourselves noted of the content; no proof is a no.

    `md5`: of the whole content, hex, where it was computed already: it is not read again for that.
    """
    seen = yield from look_at(kit, action, with_checksum=True)
    if seen is None or seen.etag != remote.etag:
        raise Ended(decided_again(kit, action, action.local, seen, local_state="file"))
    if _has_settled_it(kit, seen):
        return False
    proof = proof_in(seen.headers)
    if proof is not None and proof.make is new_md5 and md5 is not None:
        return proof.digest.hex() == md5
    return proof is not None and (yield from is_proved(source, proof))


def _has_settled_it(kit: Kit, seen: Reply) -> bool:
    """Whether the ETag is surely the MD5 of the content, so that its differing says all.

    Metadata may have been carried over to other content by another program.
    """
    return kit.etag_is_md5 is True and etag_may_be_md5(seen)
