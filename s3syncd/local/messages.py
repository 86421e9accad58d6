"""What the scan thread tells the site besides `core.messages`: things to remember or to show."""

from __future__ import annotations

from dataclasses import dataclass

from s3syncd.core.safety import RootIdentity

__all__ = ["MountSeen", "NamesSkipped"]


@dataclass(frozen=True, slots=True)
class MountSeen:
    """A filesystem is mounted inside the root, met for the first time: to be remembered.

    The scanner remembers it for its own life; the site keeps it for the next
    (`Scanner(mounts=...)`). While another one, or none, is there, all at and under `path`
    (`a/b/`) is unknown.
    """

    path: str
    identity: RootIdentity


@dataclass(frozen=True, slots=True)
class NamesSkipped:
    """How many names of a complete full scan are not UTF-8, so that no key can stand for them.

    `sample`: the first few, escaped for display. They are in no batch, since no object and no
    baseline row can have such a path.
    """

    pass_id: int
    count: int
    sample: tuple[str, ...]
