"""What the scan thread tells the site besides `core.messages`: things to remember or to show."""

from __future__ import annotations

from dataclasses import dataclass

from s3syncd.core.safety import RootIdentity

__all__ = ["MountAccepted", "MountSeen", "NamesSkipped"]


@dataclass(frozen=True, slots=True)
class MountSeen:
    """A filesystem is mounted inside the root that is not accepted: the site judges it.

    Until it has (`Scanner.accept_mount`), all at and under `path` (`a/b/`) is unknown.
    """

    path: str
    identity: RootIdentity


@dataclass(frozen=True, slots=True)
class MountAccepted:
    """A filesystem mounted inside the root belongs to the tree: to be remembered.

    The scanner remembers it for its own life; the site keeps it for the next
    (`Scanner(mounts=...)`). While another one, or none, is there, all at and under `path`
    (`a/b/`) is unknown. `was_left_out`: scans have left out what is below. `identity` None: what
    was mounted there is gone for good, and forgotten.
    """

    path: str
    identity: RootIdentity | None
    was_left_out: bool


@dataclass(frozen=True, slots=True)
class NamesSkipped:
    """How many names of a complete full scan are not UTF-8, so that no key can stand for them.

    `sample`: the first few, escaped for display; `inodes`: of the files there, directories and all;
    `is_full`: there are more of these; `has_directory`: what is moved there is not heard of. They
    are in no batch, since no object and no baseline row can have such a path.
    """

    pass_id: int
    count: int
    sample: tuple[str, ...]
    inodes: frozenset[int] = frozenset()
    is_full: bool = False
    has_directory: bool = False
