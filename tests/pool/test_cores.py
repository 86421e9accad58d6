"""Workers leave the home core only for large bodies."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from s3syncd import cores
from s3syncd.pool import Pool
cores.own_process()
cores.settle()
pool = Pool(workers=1, max_in_flight=4, buffer_bytes=1 << 26)
pool.start()
lane = pool.lane("site", lambda: None)
from queue import SimpleQueue
answers = SimpleQueue()
def call():
    yield from ()
    return len(os.sched_getaffinity(0))
for size_bytes in (4096, 8 << 20, 4096):
    assert lane.offer(call, size_bytes=size_bytes, done=answers.put)
    print(answers.get(timeout=10))
pool.stop(5)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="needs two cores, on Linux"
)
def test_a_worker_with_a_large_body_uses_every_core() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    small, large, small_again = map(int, done.stdout.split())
    assert (small, small_again) == (1, 1)
    assert large > 1
