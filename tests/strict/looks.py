"""Looks at versions: what each one is known by, and what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

from tests.strict.blobs import FlawError, read_blob
from tests.strict.diary import digest_of
from tests.strict.record import Record

__all__ = ["Look", "Looks"]


class Look(NamedTuple):
    """What is kept of a version that was looked at; no flaw is ''."""

    digest: str
    size_bytes: int
    flaw: str


class Looks:
    """Looks at each version once; it may come from another process and be large."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._known: dict[int, Look] = {}

    def __call__(self, serial: int) -> Look:
        """Look at a version, or remember."""
        found = self._known.get(serial)
        if found is None:
            body, flaw = self._record.version(serial).body, ""
            try:
                read_blob(body)
            except FlawError as error:
                flaw = str(error)
            found = self._known[serial] = Look(digest_of(body), len(body), flaw)
        return found
