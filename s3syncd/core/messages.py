"""What the scan thread tells the site thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from s3syncd.core.entry import LocalEntry, UnknownMark
from s3syncd.core.safety import RootIdentity

__all__ = ["Look", "Looked", "RootSeen", "ScanBatch"]

Look: TypeAlias = LocalEntry | UnknownMark | Literal["absent", "directory"]
"""What one look at a path found: `absent` is ENOENT or ENOTDIR, and nothing else."""


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """A stretch of a scan, in the order of `core.entry`; at most 512 entries.

    Attributes:
        pass_id: the request it answers.
        entries: files and marks, continuing where the batch before ended.
        is_last: nothing follows in this scan.
        is_complete: with `is_last`: every directory was read or marked unknown, and the root was
            the same before and after. Meaningless (True) in the batches before.
    """

    pass_id: int
    entries: list[LocalEntry | UnknownMark]
    is_last: bool
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """The answers to single looks, each through the root's own descriptor.

    `root_ok` is False when the root could not be opened or was not the accepted one: `results`
    is then empty.
    """

    results: Mapping[str, Look]
    root_ok: bool


@dataclass(frozen=True, slots=True)
class RootSeen:
    """What stands at the root's place.

    `identity` is None when it cannot be told; `reason` is then a guard of `core.safety`
    (`root_missing`), otherwise empty. `detail` is for the operator: the system's words.
    """

    identity: RootIdentity | None
    reason: str
    detail: str
