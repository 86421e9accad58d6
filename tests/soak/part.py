"""What concerns one site, of a store that others use, too."""

from __future__ import annotations

from typing import Final

from tests.soak.people import is_strange
from tests.strict.history import Event, History
from tests.strict.record import Record
from tests.strict.state import Version

__all__ = ["Part"]

_DELETING: Final = frozenset({"DeleteObject", "DeleteObjects"})


class Part:
    """A `Record` of one site: all that its credentials asked for, wherever; and what others wrote.

    What others wrote below the prefix is a change that readers saw, but no version of the site's:
    where it stands, nothing of the site's does. What they deleted is left out. So each deletion
    that is judged is the site's own.

    Args:
        store: all of it.
        access_key: signs this site's requests and no other's.
        bucket: of the site.
        prefix: of the site; ends in a slash.
    """

    def __init__(self, store: Record, *, access_key: str, bucket: str, prefix: str) -> None:
        self._store = store
        self._access_key = access_key
        self._bucket = bucket
        self._prefix = prefix
        self._taken = 0
        self._events: list[Event] = []
        self._others: set[int] = set()  # serials of what others wrote below the prefix

    def history(self) -> History:
        """Give what happened until now."""
        events = self._store.history().events
        for event in events[self._taken :]:
            if event.access_key == self._access_key:
                self._events.append(event)
            elif self._is_inside(event) and event.changes and event.operation not in _DELETING:
                self._others.add(event.made or 0)
                self._events.append(event._replace(made=None))
        self._taken = len(events)
        return History(self._events)

    def version(self, serial: int) -> Version:
        """Give one of all the versions there ever were."""
        return self._store.version(serial)

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        """Give what readers see of the site, or saw after an event."""
        seen = self._store.tree(bucket, at=at)
        self.history()
        return {
            key: serial
            for key, serial in seen.items()
            if self._is_ours(key) and serial not in self._others
        }

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        """Give key and id of each upload of the site that is neither complete nor aborted."""
        return [each for each in self._store.open_uploads(bucket) if self._is_ours(each[0])]

    def _is_inside(self, event: Event) -> bool:
        return event.bucket == self._bucket and self._is_ours(event.key)

    def _is_ours(self, key: str) -> bool:
        return key.startswith(self._prefix) and not is_strange(key.removeprefix(self._prefix))
