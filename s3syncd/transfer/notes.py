"""What a call tells its site while it runs, so that an interrupted upload can be taken up again.

`IntentNeeded` and `MultipartCreated` are committed: the call goes on only when the ledger has them.
`PartDone` and `EtagLearnt` are reported: the call does not wait.
"""

from __future__ import annotations

from typing import NamedTuple

from s3syncd.core.entry import LocalEntry

__all__ = ["EtagLearnt", "IntentNeeded", "MultipartCreated", "Note", "PartDone"]


class IntentNeeded(NamedTuple):
    """A multipart upload of this very file is about to begin; replaces the path's intent.

    `local` is the stat taken before reading, `etag_before` the version to be replaced (None: no
    object), `part_size_bytes` > 0.
    """

    path: str
    op_id: str
    local: LocalEntry
    etag_before: str | None
    part_size_bytes: int


class MultipartCreated(NamedTuple):
    """The upload exists in the bucket under `upload_id`; no part has been sent yet."""

    path: str
    upload_id: str
    part_size_bytes: int


class PartDone(NamedTuple):
    """A part is in the bucket. For progress: what the bucket lists is the truth."""

    path: str
    upload_id: str
    number: int
    etag: str
    size_bytes: int


class EtagLearnt(NamedTuple):
    """An acknowledged, verified PUT told whether the store's ETag is the MD5 of the body."""

    is_md5: bool


Note = IntentNeeded | MultipartCreated | PartDone | EtagLearnt
