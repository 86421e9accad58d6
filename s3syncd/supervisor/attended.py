"""A bucket for somebody who asks and waits for each answer, with nobody else to look after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from s3syncd.s3.bucket import Bucket
from s3syncd.s3.poller import Poller, new_poller
from s3syncd.s3.settings import BucketSettings

__all__ = ["attended"]

_CLOSE_SECONDS = 1.0
"""What is in flight is cut at once; nobody waits for how the store takes it."""


@contextmanager
def attended(settings: BucketSettings) -> Iterator[Bucket]:
    """Yield the bucket; a thread waits for its answers where it sends by connections of its own.

    Those spare boto3 and the CRT, which take longer to load than most such commands run.
    """
    poller = new_poller()
    bucket = Bucket(settings, poller=poller)
    over = threading.Event()
    thread = None
    if poller is not None:
        thread = threading.Thread(target=_attend, args=(poller, over), name="answers", daemon=True)
        thread.start()
    try:
        yield bucket
    finally:
        bucket.close(_CLOSE_SECONDS)
        over.set()
        if poller is not None and thread is not None:
            poller.wake()
            thread.join(_CLOSE_SECONDS)


def _attend(poller: Poller, over: threading.Event) -> None:
    while not over.is_set():
        for tell in poller.wait():
            tell()
        poller.flush()
