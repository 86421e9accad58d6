"""Find out that an object already holds the file's content: nothing is sent then.

Unknown content is never taken for equal: without a proof the file is uploaded.
"""

from __future__ import annotations

from s3syncd import failpoints
from s3syncd.core.entry import Action, Outcome, Result, Settle
from s3syncd.core.reconcile import adopted_class, follow_up
from s3syncd.pool import Call
from s3syncd.transfer.comparing import Verdict, compare
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.outcomes import superseded
from s3syncd.transfer.small import row_for
from s3syncd.transfer.source import open_source

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
        verdict, md5 = yield from compare(kit, action, source, remote)
        failpoints.reach("adopt.after_proof")
        source.check_settled()
        if verdict is not Verdict.EQUAL:
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
