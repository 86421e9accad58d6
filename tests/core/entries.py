"""Short ways to write entries down, for tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from s3syncd.core.entry import BaselineRow, LocalEntry, RemoteEntry
from s3syncd.core.reconcile import Policy
from s3syncd.core.table import Mode

T = TypeVar("T")


def covers_all(_path: str) -> bool:
    return True


def local(path: str = "p", *, size: int = 10, stamp: int = 1) -> LocalEntry:
    """A file; `stamp` makes its stat (not its size) differ."""
    return LocalEntry(path, size, stamp * 1000, stamp * 1000 + 1, stamp, 0o100644)


def row(
    path: str = "p", *, size: int = 10, stamp: int = 1, etag: str = "e1", asked: str = "STANDARD"
) -> BaselineRow:
    """A baseline row that agrees with `local` and `remote` of the same arguments."""
    return BaselineRow(*local(path, size=size, stamp=stamp), None, etag, asked)


def remote(
    path: str = "p", *, size: int = 10, etag: str = "e1", listed: str = "STANDARD"
) -> RemoteEntry:
    return RemoteEntry(path, size, etag, listed)


def policy(
    mode: Mode = "upload",
    *,
    retire: bool = False,
    foreign: bool = False,
    hold: bool = False,
    storage_class: str | None = None,
    covers: Callable[[str], bool] = covers_all,
) -> Policy:
    return Policy(mode, retire, foreign, "hold" if hold else "overwrite", storage_class, covers)


RETIRE = policy(retire=True)


def chunks(entries: Sequence[T], size: int = 3) -> Iterator[Sequence[T] | None]:
    """A stream of the entries in chunks of `size`."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
