"""Offices to play with, alone and with the second process as a thread."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3syncd.pool import Pool
from s3syncd.s3.poller import Poller
from s3syncd.sender.office import Office
from s3syncd.sender.second import Sizes
from s3syncd.transfer import Transfer
from tests.sender.both import Both, ThreadProcess
from tests.sender.bureau import Bureau
from tests.sender.journal import Journal
from tests.servers import stub_server


@pytest.fixture
def launched() -> list[ThreadProcess]:
    """Every second process that was begun."""
    return []


@pytest.fixture
def make_transfer() -> Callable[..., Transfer]:
    """How the second process makes the transfers of a site."""
    return Transfer


@pytest.fixture
def both(
    tmp_path: Path, launched: list[ThreadProcess], make_transfer: Callable[..., Transfer]
) -> Iterator[Both]:
    root, journal, poller = tmp_path / "root", Journal(), Poller()
    root.mkdir()
    pool = Pool(4, 256, 2**27, waiter=poller)

    def launch(end: socket.socket) -> ThreadProcess:
        launched.append(ThreadProcess(end, Sizes(4, 256, 2**27), make_transfer))
        return launched[-1]

    def clock() -> float:
        return time.monotonic() * 1_000_000  # the shortest burst is long enough

    office = Office(poller, launch, clock=clock, log=journal)
    with stub_server() as stub:
        pool.start()
        both = Both(root, stub, pool, poller, pool.lane("site", _nothing), office, journal)
        try:
            yield both
        finally:
            office.stop(10)
            for bucket in both.buckets:
                bucket.close(10)
            pool.stop(10)


def _nothing() -> None:
    return


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    bureau = Bureau()
    yield bureau
    bureau.close()
