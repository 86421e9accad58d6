"""The power is cut while a user works and the daemon uploads; ledger and root are on that disk.

    python -m tests.faults.power --count 300 --seed 1 [--control]

After each cut, before anything is started, the ledger must explain the bucket: each object is that
of a row of the baseline, or an intent tells of it. A row without its object is a baseline ahead of
reality; an object without row and intent is a commit that was said to be durable and is lost. Then
the daemon starts, and both sides must become equal.

`--control` runs the daemon under eatmydata, which makes fsync do nothing: commits must be lost
then, or this test could not see it.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final

from tests.e2e.site import tree
from tests.faults.disk import LOGFLUSH, NOLOGFLUSH, Disk, why_no_disk
from tests.faults.kills import Working
from tests.faults.nursery import Nursery, nursery
from tests.faults.ward import Ward, opened_ward
from tests.strict.author import Author
from tests.strict.diary import digest_of

__all__ = ["CONTROL", "cut_power", "main", "run_cuts"]

_SHORTEST_SECONDS: Final = 0.05
_LONGEST_SECONDS: Final = 1.5
_UNDER_WAY_SHARE: Final = 0.7  # of the cuts: those while the daemon works, not while it starts
_ENDED_EVERY: Final = 50
CONTROL: Final = ("eatmydata",)


class Careful(Author):
    """A user whose programs replace files whole: whatever a cut leaves of that is whole, too."""

    weights: Mapping[str, int] = {
        "create": 25, "edit": 25, "edit_equal_length": 8, "delete": 14, "rename": 12,
        "rename_over": 4, "restore": 5, "rename_directory": 3,
    }  # fmt: skip

    def _write(self, path: str, content: bytes) -> None:
        with (self._aside / "saved").open("wb") as saved:
            saved.write(content)
            saved.flush()
            os.fsync(saved.fileno())
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        self.diary.wrote(path, content, time.time())
        (self._aside / "saved").rename(self._root / path)

    def look_again(self) -> None:
        """Take for what is wanted what the cut has left: what was not synced was the user's."""
        found, known = tree(self._root), self.diary.files()
        for path in known.keys() - found.keys():
            self.diary.removed(path, time.time())
        for path, content in found.items():
            if known.get(path) != digest_of(content):
                self.diary.wrote(path, content, time.time())


def cut_power(ward: Ward, disk: Disk, random: Random, *, flag: int) -> list[str]:
    """Let user and daemon work, cut the power at some moment; give what is not explained then."""
    assert isinstance(ward.author, Careful)
    working = Working(ward, Random(random.random()), large_share=0.0)
    working.start()
    ward.daemon.start(is_waited=random.random() < _UNDER_WAY_SHARE)
    ratio = _LONGEST_SECONDS / _SHORTEST_SECONDS
    threading.Event().wait(_SHORTEST_SECONDS * ratio ** random.random())
    disk.cut(flag)
    ward.nursling.kill()
    ward.nursling.wait()
    working.end(is_disk_gone=True)
    disk.come_back()
    ward.author.look_again()
    try:
        return ward.unexplained()
    except (AssertionError, sqlite3.DatabaseError) as error:
        return [f"the ledger is damaged: {error}"]


def run_cuts(
    born: Nursery, count: int, seed: int, *, is_control: bool = False, is_enough: bool = False
) -> tuple[int, int]:
    """Run one ward; give how many cuts left something unexplained, and how many uploads there were.

    Args:
        born: gives the daemons.
        count: of cuts.
        seed: of user and moments.
        is_control: cuts are expected to lose something; nothing is made good between them.
        is_enough: the first loss ends a control.

    Raises:
        AssertionError: something is not explained, and this is no control; or another violation.
    """
    random = Random(seed)
    with tempfile.TemporaryDirectory(prefix="s3syncd-power-") as name:
        folder = Path(name)
        (folder / "world").mkdir()
        disk = Disk(folder)
        with (
            disk.on() as mounted,
            opened_ward(born, folder / "world", seed=seed, place=mounted, author=Careful) as ward,
        ):
            lost = 0
            ward.author.act(20)
            for number in range(count):
                found = cut_power(ward, disk, random, flag=(NOLOGFLUSH, LOGFLUSH)[number % 2])
                lost += bool(found)
                assert is_control or not found, f"seed {seed}, cut {number}: {found}"
                if is_control and found and is_enough:
                    break
                if is_control:
                    continue
                ward.restart()
                ward.judge()
                ward.nursling.kill()
                ward.was_killed("after a judgement")
            if not is_control:
                ward.restart()
                ward.end()
                ward.nursling.kill()
                ward.nursling.wait()
            return lost, len(ward.store.history().of("PutObject"))


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", action="store_true", help="under eatmydata; must find losses")
    asked = parser.parse_args()
    if reason := why_no_disk():
        print(reason)
        return 1
    started = time.monotonic()
    if asked.control:
        with nursery(wrapper=CONTROL) as born:
            lost, puts = run_cuts(born, asked.count, asked.seed, is_control=True)
        print(f"control: {lost} of {asked.count} cuts lost commits, after {puts} uploads")
        return 0 if lost else 1
    cuts = puts = 0
    with nursery() as born:
        while cuts < asked.count:
            count = min(_ENDED_EVERY, asked.count - cuts)
            seed = asked.seed * 1000 + cuts // _ENDED_EVERY
            print(f"cuts {cuts} to {cuts + count}, seed {seed}", flush=True)
            puts += run_cuts(born, count, seed)[1]
            cuts += count
    took = time.monotonic() - started
    print(f"{cuts} cuts in {took:.0f} s, {puts} uploads, no commit lost, baseline never ahead")
    return 0


if __name__ == "__main__":
    sys.exit(main())
