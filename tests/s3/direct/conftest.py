"""A rig of direct connections, closed when the test is over."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from s3syncd.s3.direct import Direct
from s3syncd.s3.link import Address
from s3syncd.s3.poller import Poller
from tests.certificates import Authority
from tests.polling import polling
from tests.s3.direct.rig import Rig, Store


@pytest.fixture(scope="module")
def module_poller() -> Iterator[Poller]:
    with polling() as poller:
        yield poller


@pytest.fixture
def rig(module_poller: Poller) -> Iterator[Rig]:
    rig = Rig(module_poller)
    yield rig
    rig.close()


@pytest.fixture
def alone() -> Iterator[Rig]:
    """A rig on whose poller nobody waits: what happens is told when the test steps."""
    poller = Poller()
    rig = Rig(poller)
    yield rig
    rig.close()
    poller.close()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def other() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def direct(rig: Rig, store: Store) -> Direct:
    return rig.open(store.address)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def black_hole() -> Iterator[Address]:
    """An address that neither accepts nor refuses: its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield socket.AF_INET, listener.getsockname()
