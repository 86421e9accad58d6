"""The strict S3 of the tests: one for all that only need a bucket, or one of their own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from s3syncd.s3.bucket import Bucket
from tests.strict.face import settings
from tests.strict.fake import FakeStore
from tests.strict.scene import Scene

_numbers = itertools.count()

Refused = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="session")
def shared_store() -> Iterator[FakeStore]:
    with FakeStore().server() as store:
        yield store


@pytest.fixture(scope="session")
def s3(shared_store: FakeStore) -> Iterator[Any]:
    """A client that asks once: what the store says is what the test sees."""
    client = shared_store.as_server.client(retries={"total_max_attempts": 1})
    yield client
    client.close()


@pytest.fixture
def bucket(shared_store: FakeStore) -> str:
    """A new bucket in the shared store."""
    name = f"bucket-{next(_numbers)}"
    shared_store.create_bucket(name)
    return name


@pytest.fixture
def versioned(shared_store: FakeStore) -> str:
    """A new bucket that keeps versions."""
    name = f"versioned-{next(_numbers)}"
    shared_store.create_bucket(name, versioning=True)
    return name


@pytest.fixture
def store() -> Iterator[FakeStore]:
    """A store of the test's own, with the bucket `bucket`: for faults, clocks and options."""
    with FakeStore().server() as own:
        own.create_bucket("bucket")
        yield own


@pytest.fixture
def client(store: FakeStore) -> Iterator[Any]:
    """A client of the test's own store, which asks once."""
    made = store.as_server.client(retries={"total_max_attempts": 1})
    yield made
    made.close()


@pytest.fixture(scope="session")
def refused() -> Refused:
    """Give a context in which a request must be refused with a code and status."""
    from botocore.exceptions import ClientError

    @contextmanager
    def refuse(code: str, status: int) -> Iterator[Any]:
        with pytest.raises(ClientError) as caught:
            yield caught
        told = caught.value.response
        seen = (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"])
        assert seen == (code, status)

    return refuse


@pytest.fixture
def face(store: FakeStore) -> Iterator[Bucket]:
    """The bucket `bucket` of that store, as the daemon sees it."""
    bucket = Bucket(settings(store))
    bucket.connect()
    yield bucket
    assert bucket.close(10)


@pytest.fixture
def scene() -> Scene:
    """A user and a client for an oracle to judge."""
    return Scene()
