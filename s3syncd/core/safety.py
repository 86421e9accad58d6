"""The guards: rules that would rather hold a right deletion than let a wrong one through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

__all__ = [
    "GUARDED_PATHS",
    "REASONS",
    "Guard",
    "RootIdentity",
    "is_mass_rewrite",
    "is_root_emptied",
    "is_same_tree",
    "judge_mass_delete",
    "judge_root",
    "least_room",
    "list_hash",
    "mass_delete_limit",
]

GUARDED_PATHS: Final = 20
"""Deletions a small site may see in 24 h without asking: an afternoon's tidying by hand."""

GUARDED_PERCENT: Final = 25
"""Share of the baseline that may go in 24 h without asking; above it an accident is likelier."""

MATCHING_PERCENT: Final = 90
"""Share of sampled baseline paths a root of another identity must still show to be the same."""

REWRITTEN_PATHS: Final = 100
"""Files that may get other content within an hour without a word: a build, a batch of edits."""

REWRITTEN_PERCENT: Final = 50
"""Share of the baseline that may, too; above both it is more than people do by hand."""

EMPTIED_ROWS: Final = 2
"""Baseline rows from which an empty scan is suspicious; one file may well be deleted alone."""

HASH_DIGITS: Final = 12
"""Hex digits shown of a list's hash: short enough to type, 48 bits against mixing up two lists."""


LEAST_ROOM_BYTES: Final = 32 * 1024 * 1024
"""Room the ledger must have: its WAL may grow to 16 MiB, and is then copied into the database."""

LEAST_ROOM_PERCENT: Final = 5
"""The same as a share, for small volumes: a container's state may have 64 MiB in all."""


class Guard(NamedTuple):
    """What the operator is told: what happened, and what to do about it."""

    message: str
    remedy: str


REASONS: Final[dict[str, Guard]] = {
    "root_missing": Guard(
        "The site's directory is missing or cannot be read; nothing is done.",
        "Mount the volume, or correct `path` and its permissions. It is looked for every 5 s.",
    ),
    "root_replaced": Guard(
        "Another directory stands where the site's root was, and its files differ.",
        "Bring the old root back, or accept this one: `s3syncd approve SITE --only root_replaced`. "
        "For roots that are replaced on purpose: `root_check: off`.",
    ),
    "root_emptied": Guard(
        "The root holds no file any more; no deletion is believed.",
        "Bring the files back, or confirm that they are gone: `s3syncd approve SITE --list HASH`.",
    ),
    "mass_delete": Guard(
        "More files are gone than the limit allows; every deletion is held, uploads go on.",
        "Bring the files back, or confirm the held list: `s3syncd approve SITE --list HASH`.",
    ),
    "bucket_unavailable": Guard(
        "The bucket cannot be used; changes wait.",
        "Correct bucket, region, endpoint or credentials: `s3syncd check` names the fault.",
    ),
    "subtree_unknown": Guard(
        "A directory could not be read; nothing at or under it is deleted.",
        "Make it readable for the daemon's user, or exclude it.",
    ),
    "mount_missing": Guard(
        "A filesystem that was mounted inside the root is not; what is at or under it is neither "
        "sent nor deleted.",
        "Mount it again, exclude its directory, or, if it is gone for good: "
        "`s3syncd approve SITE --only mount_missing`.",
    ),
    "mount_new": Guard(
        "A filesystem was mounted over files that are synced, and has others; what is at or under "
        "it is neither sent nor deleted.",
        "Unmount it, exclude its directory, or accept it as it is: "
        "`s3syncd approve SITE --only mount_new`.",
    ),
    "directory_became_symlink": Guard(
        "A directory was replaced by a symbolic link; nothing under it is deleted.",
        "Put the directory back, or add a site for the link's target.",
    ),
    "state_dir_full": Guard(
        "The file system of `state_dir` is nearly full; nothing is begun, what is under way ends.",
        "Free space there, or move `state_dir`: it goes on by itself.",
    ),
    "ledger_unavailable": Guard(
        "The site's ledger cannot be written; nothing is done that could not be remembered.",
        "Free space in `state_dir`, or make it writable: it goes on by itself.",
    ),
    "listing_incomplete": Guard(
        "The listing of the prefix failed or came out of order; this pass deletes nothing.",
        "None needed: it ends with the next complete pass.",
    ),
}
"""The guards of a site, by the closed word that status, metrics and logs show."""


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """What tells one root from another: the inode and the filesystem's id (`f_fsid`).

    Not `st_dev`: it changes with every mount, and a wrong disk can come up with the right one.
    """

    inode: int
    fsid: int


def mass_delete_limit(max_delete: int | None, baseline_count: int) -> int:
    """Give how many paths may be deleted in 24 h without asking; `max_delete` when configured."""
    if max_delete is not None:
        return max_delete
    return max(GUARDED_PATHS, baseline_count * GUARDED_PERCENT // 100)


def judge_mass_delete(
    *,
    wanted: int,
    carried_out_unapproved_24h: int,
    baseline_count_24h_ago: int,
    max_delete: int | None,
) -> bool:
    """Tell whether every deletion not yet sent must be held for a person.

    Args:
        wanted: deletions wanted and not carried out, renames not counted.
        carried_out_unapproved_24h: deletions of the last 24 h that no person approved. They
            count, so that a slow `rm -r` cannot pass in batches.
        baseline_count_24h_ago: paths in the baseline when those 24 h began.
        max_delete: the configured limit in paths, or None.
    """
    limit = mass_delete_limit(max_delete, baseline_count_24h_ago)
    return wanted > 0 and wanted + carried_out_unapproved_24h > limit


def list_hash(paths: Iterable[str]) -> str:
    """Name a list of deletions: hex of the SHA-256 over the paths, joined by NUL.

    Args:
        paths: sorted; read once, so a list of millions costs no memory.
    """
    digest = hashlib.sha256()
    joint = b""
    for path in paths:
        digest.update(joint + path.encode())
        joint = b"\0"
    return digest.hexdigest()[:HASH_DIGITS]


def least_room(total_bytes: int) -> int:
    """Give how many bytes must be free in a state directory's file system of this size."""
    return min(LEAST_ROOM_BYTES, total_bytes * LEAST_ROOM_PERCENT // 100)


def judge_root(
    stored: RootIdentity | None,
    seen: RootIdentity,
    *,
    root_check: Literal["strict", "off"],
    sampled: int,
    matching: int,
) -> Literal["ok", "replaced"]:
    """Tell whether the root is the one the baseline speaks of.

    Args:
        stored: the identity accepted before; None when there was none yet.
        seen: the identity found now.
        root_check: `off` accepts any directory.
        sampled: baseline paths picked for comparison, those that could not be looked at
            included; 0 only when the baseline is empty, and then there is nothing to lose.
        matching: how many of them have equal size and mtime_ns in the root found.
    """
    if stored is None or stored == seen or root_check == "off":
        return "ok"
    return "ok" if is_same_tree(sampled=sampled, matching=matching) else "replaced"


def is_same_tree(*, sampled: int, matching: int) -> bool:
    """Tell whether enough of the sampled files are there still; of none, all are."""
    return matching * 100 >= sampled * MATCHING_PERCENT


def is_root_emptied(baseline_count: int, scanned_count: int, is_complete: bool) -> bool:
    """Tell whether a complete scan found nothing where the baseline knows of files."""
    return is_complete and scanned_count == 0 and baseline_count >= EMPTIED_ROWS


def is_mass_rewrite(rewritten: int, baseline_count: int) -> bool:
    """Tell whether so many files that had other content are worth a warning; nothing stops."""
    is_many = rewritten >= REWRITTEN_PATHS
    return is_many and rewritten * 100 >= baseline_count * REWRITTEN_PERCENT
