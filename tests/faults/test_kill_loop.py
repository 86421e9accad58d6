"""kill -9 again and again, at any moment, while programs write."""

from __future__ import annotations

import os
import random
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.faults.kills import kill_at_random
from tests.faults.nursery import nursery
from tests.faults.ward import opened_ward

pytestmark = pytest.mark.e2e

_ROUNDS = 10


class Writer(threading.Thread):
    """Does to files whatever programs do, seeded, until told to end."""

    def __init__(self, root: Path, seed: int) -> None:
        super().__init__(name="writer")
        self._root = root
        self._random = random.Random(seed)
        self.ends = threading.Event()

    def run(self) -> None:
        """Change something every few milliseconds."""
        while not self.ends.wait(self._random.random() * 0.02):
            with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, OSError):
                self._change()

    def _change(self) -> None:
        choice = self._random
        path = self._root / f"d{choice.randrange(5)}/{choice.randrange(30)}"
        what = choice.random()
        if what < 0.55:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(choice.randbytes(choice.choice((0, 10, 5_000, 300_000))))
        elif what < 0.7:
            path.unlink()
        elif what < 0.85:
            path.rename(self._root / f"d{choice.randrange(5)}/{choice.randrange(30)}")
        elif what < 0.9:
            path.parent.rename(self._root / f"d{choice.randrange(5, 8)}")
        elif what < 0.98:
            with path.open("ab") as opened:
                opened.write(b"more")
        else:
            (self._root / "large").write_bytes(choice.randbytes(17 * 2**20))


@pytest.mark.timeout(180)
def test_nothing_is_lost_or_wrongly_deleted_by_twenty_kills(tmp_path: Path) -> None:
    with nursery() as born, opened_ward(born, tmp_path, seed=20) as ward:
        kill_at_random(ward, 20, 20)


@pytest.mark.parametrize("seed", [21])
def test_a_daemon_killed_ten_times_while_files_change_converges(world: World, seed: int) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    site.write("stays", "stays")
    foreign = {f"foreign/{number}" for number in range(5)}
    for key in foreign:
        site.put(key, b"not ours")
    moments = random.Random(seed)
    writer = Writer(site.root, seed)
    daemon = world.daemon(settle_open_seconds=0.3)
    writer.start()
    try:
        for _ in range(_ROUNDS):
            daemon.start()
            writer.ends.wait(moments.random() * 0.4)  # the moment of the kill is the test
            daemon.kill()
    finally:
        writer.ends.set()
        writer.join()
    daemon.start().in_sync()
    for key in foreign:
        site.write(key, "not ours")
    site.assert_equal()
    assert site.uploads() == []
    assert os.path.exists(daemon.ledger())  # noqa: PTH110
