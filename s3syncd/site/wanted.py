"""A wanted deletion on its way: the action that carries it out, and how that is called back.

Owned by the site thread.
"""

from __future__ import annotations

from s3syncd.core.entry import Action, Kind, RemoteEntry
from s3syncd.ledger import Deletion, Ledger
from s3syncd.site.backlog import Backlog

__all__ = ["action_for", "call_back"]


def action_for(ledger: Ledger, deletion: Deletion) -> Action | None:
    """Give the action that deletes the version agreed on, or met; None: there is none any more."""
    row = ledger.baseline(deletion.path)
    if row is not None:
        return Action(Kind.DELETE_REMOTE, row.path, None, row, None, 13, "retired")
    if deletion.foreign_etag is None or deletion.foreign_bytes is None:
        return None
    remote = RemoteEntry(deletion.path, deletion.foreign_bytes, deletion.foreign_etag, "STANDARD")
    return Action(Kind.DELETE_REMOTE, remote.path, None, None, remote, 3, "foreign")


def call_back(ledger: Ledger, backlog: Backlog) -> None:
    """Drop the deletions that are planned and not sent, and wanted no more, or held."""
    for path in backlog.planned_deletions():
        deletion = ledger.deletion(path)
        if deletion is None or deletion.state == "held":
            backlog.drop(path)
