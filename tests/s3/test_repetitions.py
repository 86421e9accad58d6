"""What is asked again after a passing failure, how often, and how long it waits meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.multipart import Multipart
from s3syncd.s3.pauses import Pauses
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.settings import BucketSettings

LOOKS: dict[str, Callable[[Multipart], object]] = {
    "list_parts": lambda multipart: multipart.parts("k", "u"),
    "list_multipart_uploads": lambda multipart: multipart.uploads("k"),
    "abort_multipart_upload": lambda multipart: multipart.abort("k", "u"),
}
EFFECTS: dict[str, Callable[[Multipart], object]] = {
    "create_multipart_upload": lambda multipart: multipart.create(
        "k", content_type="text/plain", metadata={}, storage_class=None
    ),
    "complete_multipart_upload": lambda multipart: multipart.complete(
        "k", "u", [(1, "e")], if_match=None, if_none_match=False, size_bytes=1
    ),
}


class TroubledError(Exception):
    """What the client raises."""


class Client:
    """Counts what it is asked and fails the first `left` times."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def ask(**_: object) -> dict[str, Any]:
            self.asked.append(name)
            self.left -= 1
            if self.left >= 0:
                raise TroubledError
            return {"UploadId": "u"}

        return ask


def multipart(
    client: Client, kind: FailureKind = FailureKind.TRANSIENT, *, retries: int = 5
) -> tuple[Multipart, list[float]]:
    pauses: list[float] = []

    @contextmanager
    def failures() -> Iterator[None]:
        try:
            yield
        except TroubledError as error:
            raise S3Failure(Failure(kind, "X", 500, "", True)) from error

    return Multipart(client, "b", failures, retries=retries, pause=pauses.append), pauses


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.THROTTLED])
def test_looks_and_aborts_are_repeated_after_passing_trouble(name: str, kind: FailureKind) -> None:
    client = Client(left=5)
    asked, pauses = multipart(client, kind)
    LOOKS[name](asked)
    assert client.asked == [name] * 6
    assert len(pauses) == 5
    assert max(pauses) <= 1.0, "a pause holds a worker, so it is short"


@pytest.mark.parametrize("retries", [0, 2])
def test_repetitions_end_where_the_configuration_says(retries: int) -> None:
    client = Client(left=100)
    asked, _ = multipart(client, retries=retries)
    with pytest.raises(S3Failure):
        asked.parts("k", "u")
    assert len(client.asked) == 1 + retries


@pytest.mark.parametrize("name", EFFECTS)
def test_effects_are_never_repeated_blindly(name: str) -> None:
    client = Client(left=1)
    asked, _ = multipart(client)
    with pytest.raises(S3Failure):
        EFFECTS[name](asked)
    assert client.asked == [name]


def test_refusals_are_not_repeated() -> None:
    client = Client(left=1)
    asked, pauses = multipart(client, FailureKind.REFUSED)
    with pytest.raises(S3Failure):
        asked.uploads("k")
    assert not pauses


def test_a_pause_ends_at_the_first_release_after_its_time_and_once() -> None:
    now = [100.0]
    pauses, resumed = Pauses(lambda: now[0]), []
    pauses.start(5.0)(lambda _: resumed.append("long"))
    pauses.start(1.0)(lambda _: resumed.append("short"))
    pauses.release(100.9)
    assert not resumed
    pauses.release(101.0)
    assert resumed == ["short"]
    pauses.release(106.0)
    pauses.release(200.0)
    assert resumed == ["short", "long"]


def test_a_bucket_that_closes_holds_nobody_back() -> None:
    bucket = Bucket(BucketSettings(bucket="b"), clock=lambda: 0.0)
    resumed: list[str] = []
    bucket.back_off(20)(lambda _: resumed.append("before"))
    assert not resumed
    bucket.close(0.0)
    assert resumed == ["before"]
    bucket.back_off(20)(lambda _: resumed.append("after"))
    assert resumed == ["before", "after"]


def test_a_back_off_ends_when_the_bucket_is_cared_for() -> None:
    bucket = Bucket(BucketSettings(bucket="b"), clock=lambda: 0.0)
    resumed: list[None] = []
    bucket.back_off(1)(resumed.append)
    bucket.expire(1.0)
    assert resumed == [None]
    bucket.close(0.0)
