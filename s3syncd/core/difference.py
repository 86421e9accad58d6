"""What a verification finds: where a file and its object are not proved to be equal."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["EXTRA", "HINTS", "Difference"]


class Difference(NamedTuple):
    """One path; `reason` is a key of `HINTS`, or why no key can stand for the file."""

    path: str
    reason: str

    @property
    def hint(self) -> str:
        """What it means, and what to do."""
        return HINTS.get(self.reason, "No key can stand for it: see the problems in the status.")


HINTS: Final[dict[str, str]] = {
    "missing_in_bucket": "There is no object: a reconcile sends it (`s3syncd sync`).",
    "other_content": "The object holds something else: a reconcile sends the file, or holds it as "
    "`on_drift` says.",
    "silent_change": "The file differs from what was sent, and its size and times do not: an edit "
    "by mmap, or a failing disk. Compare it with the object; `touch` it to send it as it is.",
    "unproved": "The store tells nothing by which the content can be proved (SSE-KMS, parts of "
    "unknown sizes): only fetching the object would tell.",
    "unreadable": "The file or directory cannot be read: let the daemon's user read it.",
    "changing": "It is being written or was replaced meanwhile: verify again.",
    "not_compared": "The store did not answer about it, or the root was lost: verify again.",
    "deleted_here": "Its file was deleted: the object stays, or goes with `retire_deleted`, where "
    "need be once that is approved: see `s3syncd status SITE`.",
    "foreign_object": "This site never put it; it is left alone (`retire_foreign`).",
}
"""The closed words of differences, with what an operator should know."""

EXTRA: Final = frozenset({"deleted_here", "foreign_object"})
"""Objects without a file: told, and no fault of an upload."""
