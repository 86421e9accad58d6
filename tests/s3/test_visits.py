"""The CRT's thread in Python: its state stays from one callback to the next."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading

from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import Reply
from tests.servers import StubServer

BODY = b"abc"
MD5 = hashlib.md5(BODY, usedforsecurity=False).digest()


def test_what_a_callback_leaves_in_its_thread_the_next_one_finds(stub_bucket: Bucket) -> None:
    here = threading.local()
    seen: list[tuple[int, int]] = []
    answered = threading.Event()

    def note(_reply: Reply) -> None:
        here.visits = getattr(here, "visits", 0) + 1
        seen.append((threading.get_ident(), here.visits))
        answered.set()

    for _ in range(20):
        answered.clear()
        stub_bucket.put("k", BODY, md5=MD5)(note)
        assert answered.wait(10)
    threads = {thread for thread, _ in seen}
    assert threading.get_ident() not in threads
    # A thread that is new to Python begins at 1; one whose state is lost begins anew each time.
    assert [visit for _, visit in seen].count(1) == len(threads) < len(seen)


PROGRAM = """
import sys, threading
from s3syncd.core.window import Window
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest
transport = Transport(
    Endpoint(False, sys.argv[1], "us-east-1"), credentials=lambda: Frozen("AKID", "secret", None),
    window=Window(8), max_connections=8, clock=lambda: 0.0,
)
answered = threading.Event()
transport.send(WireRequest("HeadObject", "HEAD", "/b/k"))(lambda reply: answered.set())
assert answered.wait(10)
print("answered")
"""


def test_a_process_that_just_ends_ends_well(stub: StubServer) -> None:
    host = stub.endpoint.partition("//")[2]
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, host],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "answered\n", "")
