"""Keeps Python's state of a thread that is not Python's between its visits.

For each callback into Python a thread of the CRT makes a thread state, with 16 KiB of stack that is
mapped, cleared and unmapped again, and does away with it at the end: five times for a small PUT,
a twentieth of all its CPU. One visit that is never ended keeps it. It is one state for each such
thread, and these are as many as event loops: one.
"""

from __future__ import annotations

import ctypes
import threading

__all__ = ["settle"]

_here = threading.local()  # lives in the thread state: it is new where that is
_api = getattr(ctypes, "pythonapi", None)  # CPython's; others have no such state to lose


def settle() -> None:
    """Keep the state of this thread; to be called from callbacks, and only from those.

    Nothing is held between them but memory: the end of a callback lets go of the interpreter as
    before.
    """
    if not hasattr(_here, "is_settled"):
        _here.is_settled = True
        if _api is not None:
            _api.PyGILState_Ensure()
