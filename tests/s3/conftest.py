"""Servers and buckets for the tests of the S3 side."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from s3syncd.core.window import Window
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.poller import Poller
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import Endpoint, Frozen
from tests.polling import polling
from tests.s3.asking import STATIC, host_of
from tests.servers import (
    ACCESS_KEY,
    SECRET_ACCESS_KEY,
    S3Server,
    StubServer,
    moto_server,
    rclone_server,
    stub_server,
)

_numbers = itertools.count()

OpenBucket = Callable[..., Bucket]


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    with moto_server() as server:
        yield server


@pytest.fixture(scope="session")
def rclone() -> Iterator[S3Server]:
    with rclone_server() as server:
        yield server


@pytest.fixture(scope="session", params=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> S3Server:
    """Each of the two real servers in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with stub_server() as server:
        yield server


@pytest.fixture(scope="session")
def session_poller() -> Iterator[Poller]:
    with polling() as poller:
        yield poller


@pytest.fixture(params=["crt", "direct"])
def poller(request: pytest.FixtureRequest, session_poller: Poller) -> Poller | None:
    """Both ways that a small request can go: by the CRT, and directly."""
    return session_poller if request.param == "direct" else None


@pytest.fixture
def open_bucket(poller: Poller | None) -> Iterator[OpenBucket]:
    """Give a function that connects to a bucket at an endpoint; all are closed at the end."""
    opened: list[Bucket] = []

    def open_one(endpoint: str, name: str = "bucket", **settings: Any) -> Bucket:
        given = {
            "region": "us-east-1",
            "access_key": ACCESS_KEY,
            "secret_access_key": SECRET_ACCESS_KEY,
            "max_connections": 32,
        } | settings
        bucket = Bucket(BucketSettings(bucket=name, endpoint=endpoint, **given), poller=poller)
        opened.append(bucket)
        bucket.connect()
        return bucket

    yield open_one
    for bucket in opened:
        assert bucket.close(10)


@pytest.fixture
def bucket(server: S3Server, open_bucket: OpenBucket) -> Bucket:
    """A new, empty bucket on each of the two real servers."""
    name = f"bucket-{next(_numbers)}"
    server.create_bucket(name)
    return open_bucket(server.endpoint, name)


@pytest.fixture
def stub_bucket(stub: StubServer, open_bucket: OpenBucket) -> Bucket:
    """A bucket on the stub; first contact is forgotten."""
    bucket = open_bucket(stub.endpoint)
    stub.history.clear()
    return bucket


@pytest.fixture
def open_transport(stub: StubServer, poller: Poller | None) -> Iterator[Callable[..., Transport]]:
    """Give a function that makes transports to the stub; all are closed at the end."""
    with ExitStack() as stack:

        def open_one(
            credentials: Callable[[], Frozen] = lambda: STATIC, window: int = 8
        ) -> Transport:
            transport = Transport(
                Endpoint(False, host_of(stub), "us-east-1"),
                credentials=credentials,
                window=Window(window),
                max_connections=window,
                clock=lambda: 0.0,
                poller=poller,
            )
            stack.callback(lambda: transport.close(10))
            return transport

        yield open_one
