"""What a site's published status means to whoever asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = [
    "APPROVALS",
    "DELETIONS",
    "HELD",
    "IN_SYNC",
    "KINDS",
    "NOT_IN_SYNC",
    "SKIPPED",
    "awaited_of",
    "code_of",
    "code_of_work",
    "is_left_to_person",
    "waits_for_person",
]

IN_SYNC: Final = 0
HELD: Final = 3
NOT_IN_SYNC: Final = 4

KINDS: Final = ("held", "halted", "unavailable", "unhealthy", "recovered")
"""What people are told of: see `core.notices`."""


DELETIONS: Final = "deletions"

APPROVALS: Final = (
    "root_replaced",
    DELETIONS,
    "drift",
    "silent_change",
    "mount_new",
    "mount_missing",
)
"""What may be approved alone (`s3syncd approve SITE --only WORD`), and the order of doing so.

The reasons that wait for a person, as the status shows them; but what `root_emptied`, `mass_delete`
or `foreign` holds are all `deletions`, of one list.
"""

SKIPPED: Final = frozenset({"symlink", "special_file", "unwatched", "emptied_at_boot"})
"""Problems that are only reported: nobody is needed, and the site is in sync with them."""

_BY_HAND: Final = frozenset(
    {
        "undecodable_name", "key_too_long", "inner_prefix",
        "mount_missing", "mount_new", "directory_became_symlink",
    }
)  # fmt: skip
"""Problems that stay until somebody renames, excludes, mounts or puts back."""


def code_of(sites: Iterable[Mapping[str, Any]]) -> int:
    """Give the exit code that tells how sites stand: what waits for a person comes first.

    Args:
        sites: those of a status document.
    """
    listed = list(sites)
    if any(map(waits_for_person, listed)):
        return HELD
    return IN_SYNC if all(site["in_sync"] for site in listed) else NOT_IN_SYNC


def code_of_work(sites: Iterable[Mapping[str, Any]]) -> int:
    """Give the exit code of a command that asked for work: a paused site has done none.

    Args:
        sites: those of a status document, once no more is to be had of them.
    """
    listed = list(sites)
    code = code_of(listed)
    is_paused = any(site["state"] == "paused" for site in listed)
    return NOT_IN_SYNC if code == IN_SYNC and is_paused else code


def waits_for_person(status: Mapping[str, Any]) -> bool:
    """Whether a site cannot get in sync before somebody looks and runs `s3syncd approve`.

    Args:
        status: one site of a status document.
    """
    return bool(awaited_of(status))


def is_left_to_person(status: Mapping[str, Any]) -> bool:
    """Whether nothing is left to do at a site but what only a person can put right.

    Nothing of it is held, so that it is merely not in sync. Of what was heard just now the status
    may not tell yet: see that it stays so.

    Args:
        status: one site of a status document.
    """
    is_still = status["state"] == "idle" and not status["pending"]["actions"]
    reasons = {problem["reason"] for problem in status["problems"]} - SKIPPED
    told = reasons | {status["reason"]} - {None}
    return is_still and bool(reasons) and told <= _BY_HAND


def awaited_of(status: Mapping[str, Any]) -> str:
    """Give which of `APPROVALS` a site waits for before all others; '': it waits for nobody.

    Args:
        status: one site of a status document.
    """
    if status["state"] == "halted":
        return "root_replaced"
    if status["held_deletions"]:
        return DELETIONS
    reasons = (problem["reason"] for problem in status["problems"])
    return next((reason for reason in reasons if reason in {"drift", "silent_change"}), "")
