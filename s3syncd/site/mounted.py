"""File systems mounted inside the root: which of them belong to the tree. Owned by the site thread.

One that comes over files that are known belongs to it if it has those files, as where a directory
moved to a disk of its own, or if a person says so. Otherwise it hides them, and nothing is done.
One that is gone is missed until it is back, or a person says that it is gone for good.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from s3syncd.core.safety import RootIdentity
from s3syncd.ledger import Ledger
from s3syncd.local.messages import MountAccepted, MountSeen
from s3syncd.site.parts import Parts
from s3syncd.site.sample import SAMPLED_PATHS
from s3syncd.site.timetable import Timetable, Whole

__all__ = ["Mounted", "stored_mounts"]

_MOUNTS = "mounts"  # key of the ledger


class Mounted:
    """The mounts inside one root.

    Args:
        timetable: told when files are found that scans have left out: they are to be compared.
    """

    def __init__(self, parts: Parts, timetable: Timetable) -> None:
        self._parts = parts
        self._timetable = timetable
        self._doubted: dict[str, RootIdentity] = {}

    def seen(self, message: MountSeen, _now: float) -> None:
        """Judge a mount that is not accepted."""
        path, identity = message.path, message.identity
        sample = self._parts.ledger.sample(SAMPLED_PATHS, below=path)
        if sample:
            self._doubted[path] = identity
        self._parts.scanner.accept_mount(path, identity, sample)

    def accepted(self, message: MountAccepted, _now: float) -> None:
        """Remember a mount, without which all below is unknown; or forget one."""
        ledger = self._parts.ledger
        mounts = stored_mounts(ledger)
        if message.identity is None:
            mounts.pop(message.path, None)
        else:
            self._doubted.pop(message.path, None)
            mounts[message.path] = message.identity
        text = {path: [each.inode, each.fsid] for path, each in mounts.items()}
        ledger.set_meta(_MOUNTS, json.dumps(text))
        if message.was_left_out:
            self._timetable.want(Whole.RECONCILE)

    def approve(self) -> int:
        """A person accepts what is mounted over known files; gives how many mounts that may be."""
        doubted, self._doubted = self._doubted, {}
        for path, identity in doubted.items():
            self._parts.scanner.accept_mount(path, identity, ())
        return len(doubted)

    def approve_gone(self, shown: Iterable[str]) -> int:
        """A person says that mounts are gone for good; gives how many that may be.

        Args:
            shown: paths told as `mount_missing`: no other mount than one at or above these.
        """
        places = [f"{path.rstrip('/')}/" for path in shown]
        stored = stored_mounts(self._parts.ledger) if places else {}
        gone = [path for path in stored if any(place.startswith(path) for place in places)]
        for path in gone:
            self._parts.scanner.accept_mount(path, None, ())
        return len(gone)


def stored_mounts(ledger: Ledger) -> dict[str, RootIdentity]:
    """Return which mounts inside the root are accepted (`a/m/`), each with its file system."""
    text = ledger.meta(_MOUNTS)
    stored: dict[str, list[int]] = json.loads(text) if text else {}
    return {path: RootIdentity(*identity) for path, identity in stored.items()}
