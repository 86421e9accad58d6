"""The record of a store without the writes that ask it what it keeps of the promises of S3."""

from __future__ import annotations

from tests.strict.history import History
from tests.strict.process import RemoteStore

__all__ = ["Unprobed"]


class Unprobed:
    """What an oracle asks a store; what a probe has left would still stand in the tree.

    Args:
        store: that was probed.
    """

    def __init__(self, store: RemoteStore) -> None:
        self.version = store.version
        self.tree = store.tree
        self.open_uploads = store.open_uploads
        self._history = store.history

    def history(self) -> History:
        """Give what happened until now."""
        return History(each for each in self._history() if ".s3syncd-probe-" not in each.key)
