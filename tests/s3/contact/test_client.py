"""What first contact finds out, and the client it makes of that."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.reply import S3Failure
from tests.s3.contact.stores import only_in_frankfurt, unavailable
from tests.servers import (
    StubServer,
)


def test_region_the_store_names_is_followed_where_none_is_configured(
    stub: StubServer, open_bucket: Any
) -> None:
    stub.behave(only_in_frankfurt, times=9)

    bucket = open_bucket(stub.endpoint, region=None)
    bucket.call(bucket.head("k"))

    assert "/eu-central-1/s3/" in stub.history[-1].headers["authorization"]


def test_wrong_region_is_reported_even_if_a_second_request_finds_the_bucket(
    stub: StubServer, open_bucket: Any
) -> None:
    stub.behave(only_in_frankfurt, times=9)

    error = unavailable(open_bucket, stub.endpoint, region="us-west-2")

    assert "region: eu-central-1" in error.hint


def test_path_addressing_puts_the_bucket_into_the_path(stub: StubServer, open_bucket: Any) -> None:
    for addressing in ("path", "auto"):
        bucket = open_bucket(stub.endpoint, addressing=addressing)
        bucket.call(bucket.head("k"))
        assert stub.history[-1].target == "/bucket/k"


def test_virtual_addressing_puts_the_bucket_into_the_host(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", stub.endpoint)  # so that the name needs no resolver

    bucket = open_bucket("http://s3.example.test", addressing="virtual")
    bucket.call(bucket.head("k"))

    assert stub.history[-1].target == "http://bucket.s3.example.test:80/k"
    assert stub.history[-1].headers["host"] == "bucket.s3.example.test"


def test_nothing_is_sent_without_contact() -> None:
    bucket = Bucket(BucketSettings(bucket="b"))

    failure = bucket.call(bucket.head("k")).failure
    assert failure is not None
    assert failure.kind is FailureKind.CANCELED
    with pytest.raises(S3Failure):
        bucket.list_uploads("k")
    assert bucket.close(1)


def test_what_the_library_reads_from_files_is_read_once(stub: StubServer, open_bucket: Any) -> None:
    """Else each attempt of an outage leaves 10 MiB in the memory of the worker that made it."""
    stub.behave(only_in_frankfurt, times=9)  # what nobody knows but boto3
    bucket = open_bucket(stub.endpoint, region=None)

    def loader() -> Any:
        return bucket._client._session._session.get_component("data_loader")

    first = loader()
    paths = list(first.search_paths)
    bucket.connect()

    assert loader() is first
    assert first.search_paths == paths


def test_only_completing_an_upload_may_be_silent_for_minutes(
    stub: StubServer, open_bucket: Any
) -> None:
    """A worker is held meanwhile: after a network that lost the connection, too."""
    stub.behave(only_in_frankfurt, times=99)  # what nobody knows but boto3
    bucket = open_bucket(stub.endpoint, region=None)

    def patience() -> list[int]:
        made = bucket._client._controls.values()
        return sorted(each.meta.config.read_timeout for each in made)

    bucket.abort_multipart("k", "id")
    with contextlib.suppress(S3Failure, KeyError):  # the stub knows nothing of parts
        bucket.create_multipart("k")
    for look in (lambda: bucket.list_parts("k", "id"), lambda: bucket.list_uploads("k")):
        with contextlib.suppress(S3Failure):
            look()
    assert patience() == [60]
    with contextlib.suppress(S3Failure):
        bucket.complete_multipart("k", "id", [(1, "etag")])
    assert patience() == [60, 300]
