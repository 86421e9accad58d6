"""Named points around every effect where a test can kill, stall or fail the process.

Inert unless `arm` was called: `reach` is then one comparison with None. `S3SYNCD_FAILPOINTS` arms
them in the installed command (`name=kill`, `name=kill@3` for the third time, `name=raise`,
separated by commas); CONTRIBUTING lists how tests use it.
"""

from __future__ import annotations

import os
import signal
import threading

__all__ = ["NAMES", "arm", "disarm", "reach"]

# Kinds of writes to the ledger; each commit passes the points of all that its group holds.
_WRITES = frozenset({
    "candidate",  # a path that may have to be deleted, or no longer
    "end",  # of an intent
    "forget",
    "intent",
    "judgement",  # held, cleared, approved
    "log",  # of a deletion that was carried out
    "part",
    "record",
    "retry",
    "setting",  # root identity, mounts, what an ETag is, pause, why deletions are held
})  # fmt: skip

NAMES = frozenset({
    *(f"{write}.{place}_commit" for write in _WRITES for place in ("before", "after")),
    "adopt.after_proof",
    "confirmation.before_head",
    "confirmation.after_head",
    "delete.before_head",
    "delete.before_delete",
    "delete.after_delete",
    "ledger.before_aside",
    "ledger.after_aside",
    "ledger.before_create",
    "ledger.after_create",
    "ledger.before_migrate",
    "ledger.after_migrate",
    "ledger.before_unclean",
    "ledger.after_unclean",
    "ledger.before_clean",
    "ledger.after_clean",
    "lock.before_take",
    "lock.after_take",
    "probe.before_put",
    "probe.after_put",
    "probe.before_remove",
    "probe.after_remove",
    "reclass.before_copy",
    "reclass.after_copy",
    "recovery.before_head",
    "recovery.after_head",
    "reload.before_apply",
    "reload.after_apply",
    "upload.before_put",
    "upload.after_put",
    "upload.before_create",
    "upload.after_create",
    "upload.before_part",
    "upload.after_part",
    "upload.before_complete",
    "upload.after_complete",
    "upload.before_abort",
    "upload.after_abort",
})  # fmt: skip
"""Every point there is; a test finds each in the code, and a kill test passes each."""

_armed: dict[str, tuple[str, int]] | None = None
_lock = threading.Lock()


def arm(spec: str) -> None:
    """Arm points from `name=action[@nth],...`; action is kill or raise.

    Raises:
        ValueError: a name or an action is not known.
    """
    global _armed  # noqa: PLW0603 - one process, one set of failpoints
    points: dict[str, tuple[str, int]] = {}
    for part in filter(None, spec.split(",")):
        name, _, what = part.partition("=")
        action, _, nth = what.partition("@")
        if name not in NAMES or action not in {"kill", "raise"}:
            raise ValueError(f"unknown failpoint {part!r}")
        points[name] = (action, int(nth or 1))
    _armed = points


def disarm() -> None:
    """Make every point inert again."""
    global _armed  # noqa: PLW0603 - see arm
    _armed = None


def reach(name: str) -> None:
    """Pass the point `name`; does nothing unless armed."""
    if _armed is not None:
        _fire(name)


def _fire(name: str) -> None:
    with _lock:
        if _armed is None or name not in _armed:
            return
        action, left = _armed[name]
        if left > 1:
            _armed[name] = (action, left - 1)
            return
        del _armed[name]
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RuntimeError(f"failpoint {name}")
