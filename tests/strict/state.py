"""What the store holds: buckets, versions, unfinished uploads. Plain values, no rules."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

__all__ = ["Bucket", "Change", "Described", "Part", "Seen", "Upload", "Version", "seen_of"]

NULL: Final = "null"
"""Id of the version that is written while versioning is not enabled; there is one at most."""


class Seen(NamedTuple):
    """One version, as the history tells it: `serial` counts all versions ever made."""

    serial: int
    version_id: str
    etag: str
    size_bytes: int


class Change(NamedTuple):
    """What readers of a key see from now on; None: no object."""

    event: int
    key: str
    before: Seen | None
    after: Seen | None


@dataclass(frozen=True, slots=True)
class Described:
    """What is told about an object when it is written: system headers and the user's metadata."""

    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a delete marker; never changed once made.

    `part_sizes` is empty for one that was put whole. `checksum_type` is FULL_OBJECT or COMPOSITE.
    """

    serial: int
    key: str
    version_id: str
    modified: float
    body: bytes = b""
    etag: str = ""
    is_marker: bool = False
    about: Described = Described({}, {})
    checksums: Mapping[str, str] = field(default_factory=dict)
    checksum_type: str = "FULL_OBJECT"
    part_sizes: tuple[int, ...] = ()

    @property
    def seen(self) -> Seen:
        """Give what the history keeps of it."""
        return Seen(self.serial, self.version_id, self.etag, len(self.body))


def seen_of(version: Version | None) -> Seen | None:
    """Give what the history keeps of a version."""
    return None if version is None else version.seen


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an unfinished upload."""

    number: int
    body: bytes
    md5: bytes
    modified: float
    checksums: Mapping[str, str]


@dataclass(slots=True)
class Upload:
    """A multipart upload that is neither complete nor aborted."""

    upload_id: str
    key: str
    started: float
    order: int
    about: Described
    algorithm: str = ""
    checksum_type: str = ""
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """One bucket.

    Attributes:
        stacks: key -> its versions, the current one last.
        keys: those whose current version is an object, in the order of their UTF-8 bytes (which is
            that of Python's str).
        changes: everything readers ever saw change, in order.
    """

    name: str
    region: str
    created: float
    versioning: Literal["", "Enabled", "Suspended"] = ""
    stacks: dict[str, list[Version]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    lifecycle: bytes = b""

    def top(self, key: str) -> Version | None:
        """Give the current version, a delete marker included."""
        stack = self.stacks.get(key)
        return stack[-1] if stack else None

    def current(self, key: str) -> Version | None:
        """Give the object that readers see."""
        top = self.top(key)
        return None if top is None or top.is_marker else top

    def version(self, key: str, version_id: str) -> Version | None:
        """Find one version."""
        stack = self.stacks.get(key, ())
        return next((one for one in stack if one.version_id == version_id), None)

    def push(self, version: Version, event: int) -> None:
        """Make a version the current one; the null version there was is replaced."""
        before = self.current(version.key)
        stack = self.stacks.setdefault(version.key, [])
        if version.version_id == NULL:
            stack[:] = [one for one in stack if one.version_id != NULL]
        stack.append(version)
        self._note(version.key, before, event)

    def remove(self, version: Version, event: int) -> None:
        """Take a version away for ever; the one before it becomes the current one."""
        before = self.current(version.key)
        stack = self.stacks[version.key]
        stack.remove(version)
        if not stack:
            del self.stacks[version.key]
        self._note(version.key, before, event)

    def keys_at(self, event: int) -> dict[str, int]:
        """Give what readers saw after an event: key -> serial of its version."""
        found: dict[str, int] = {}
        for change in self.changes:
            if change.event > event:
                break
            if change.after is None:
                found.pop(change.key, None)
            else:
                found[change.key] = change.after.serial
        return found

    def _note(self, key: str, before: Version | None, event: int) -> None:
        after = self.current(key)
        if before is after:
            return
        if before is None:
            insort(self.keys, key)
        elif after is None:
            del self.keys[bisect_left(self.keys, key)]
        self.changes.append(Change(event, key, seen_of(before), seen_of(after)))
