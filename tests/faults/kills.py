"""kill -9 at random moments, again and again, while a user works: the long form.

    python -m tests.faults.kills --count 1000 --seed 1

The same seed has the same user and the same pauses before the kills; what the daemon has come to by
then is as random as the machine is busy. Every 20 kills both sides are waited for and judged; every
100 the run is ended as `tests/strict/ending.py` says, and a new one begun.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.nursery import Nursery, nursery
from tests.faults.ward import MIB, Ward, opened_ward

__all__ = ["Working", "kill_at_random", "main"]

_JUDGED_EVERY: Final = 20
_ENDED_EVERY: Final = 100  # a history without end would be judged without end
_SHORTEST_SECONDS: Final = 0.02  # the lock is not yet taken ...
_LONGEST_SECONDS: Final = 2.0  # ... the first reconcile is over, and live changes are under way
_BETWEEN_SECONDS: Final = 0.02  # two things that the user does, on average
_LARGE_SHARE: Final = 0.01  # of what the user does


class Working(threading.Thread):
    """Has the user work until told to end."""

    def __init__(self, ward: Ward, random: Random, *, large_share: float = _LARGE_SHARE) -> None:
        super().__init__(name="author")
        self._large_share = large_share
        self._author = ward.author
        self._random = random
        self._ends = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._ends.wait(self._random.random() * 2 * _BETWEEN_SECONDS):
                if self._random.random() < self._large_share:
                    self._author.write("large", self._random.randrange(5 * MIB + 1, 12 * MIB))
                else:
                    self._author.act(1)
        except Exception as error:  # noqa: BLE001 - judged by who ends it
            self.error = error

    def end(self, *, is_disk_gone: bool = False) -> None:
        """Have it end; fail if it did so by itself, unless its disk is gone."""
        self._ends.set()
        self.join()
        assert self.error is None or (is_disk_gone and isinstance(self.error, OSError))


def kill_at_random(ward: Ward, count: int, seed: int) -> None:
    """Kill a daemon so often while its user works, and judge.

    Raises:
        AssertionError: something was lost, torn, deleted or left behind.
    """
    random = Random(seed)
    pause = threading.Event()
    ward.author.kept.add("large")
    ward.author.act(20)
    for number in range(count):
        working = Working(ward, Random(random.random()))
        working.start()
        ward.daemon.start(is_waited=False)
        # Evenly over the orders of magnitude: a start has many steps, later is all alike.
        ratio = _LONGEST_SECONDS / _SHORTEST_SECONDS
        pause.wait(_SHORTEST_SECONDS * ratio ** random.random())
        assert ward.daemon.is_running, ward.daemon.tail()
        ward.nursling.kill()
        ward.was_killed(f"kill {number}")
        working.end()
        if number % _JUDGED_EVERY == _JUDGED_EVERY - 1:
            ward.restart()
            ward.judge()
            ward.nursling.kill()
            ward.was_killed("after a judgement")
    ward.restart()
    ward.judge()
    ward.end()


def _run(born: Nursery, count: int, seed: int) -> tuple[Counter[str], Counter[str]]:
    """Run one ward; give what the user did, and what was asked of the store."""
    with (
        tempfile.TemporaryDirectory(prefix="s3syncd-kills-") as folder,
        opened_ward(born, Path(folder), seed=seed) as ward,
    ):
        kill_at_random(ward, count, seed)
        return Counter(ward.author.done), Counter(ward.store.history().requests())


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    done: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    started, killed = time.monotonic(), 0
    with nursery() as born:
        while killed < asked.count:
            count = min(_ENDED_EVERY, asked.count - killed)
            seed = asked.seed * 1000 + killed // _ENDED_EVERY
            print(f"kills {killed} to {killed + count}, seed {seed}", flush=True)
            did, asked_for = _run(born, count, seed)
            done += did
            requests += asked_for
            killed += count
    took = time.monotonic() - started
    print(f"{killed} kills in {took:.0f} s, nothing lost, nothing wrongly deleted")
    print(f"the user did {done.total()} things: {dict(done)}")
    print(f"the store was asked {requests.total()} times: {dict(requests)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
