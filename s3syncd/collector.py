"""Python's collector of cyclic garbage, set for a process that is ours alone.

A pass makes millions of small tuples, none of them in a cycle. With the settings that Python has by
default, the collector looks again and again at them and at the 400,000 objects of the libraries:
a quarter of all CPU of a pass that found nothing to do. What is garbage without a cycle, all that
a pass makes, is freed at once and not by the collector.

In a process of somebody else (`s3syncd.api`) nothing here does anything.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["collect", "loading", "own_process", "spare_loaded"]

# A pass holds some 10,000 entries at a time (scan batches, pages of listing and ledger): below
# that number the collector would run for them. 20,000 objects in cycles are a few MiB.
_YOUNG: Final = 20_000
_MIDDLE = 10  # Python's own
_OLD: Final = 5  # a million objects at most: our own code makes cycles one at a time

_state = {"is_ours": False, "is_spared": False}


def own_process() -> None:
    """Say that this process runs nothing but us; to be called before the libraries are loaded."""
    _state["is_ours"] = True
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage while libraries are loaded: all of it stays, and looking is a fifth."""
    was_enabled = gc.isenabled()
    if _state["is_ours"]:
        gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect() -> None:
    """Free what large garbage was just left, such as a client of boto3 (10 MiB in cycles)."""
    if _state["is_ours"]:
        gc.collect()


def spare_loaded() -> None:
    """Never look again at what is there now, once all libraries are loaded.

    The first call counts: later ones could keep garbage for ever. Any thread may call it.
    """
    if _state["is_ours"] and not _state["is_spared"]:
        _state["is_spared"] = True
        gc.freeze()
