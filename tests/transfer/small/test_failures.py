"""Each failure of a request says whose trouble it is."""

from __future__ import annotations

import pytest

from s3syncd.core.entry import Kind, Result
from s3syncd.core.retry import FailureKind
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.transfer import TransferSettings
from s3syncd.transfer.outcomes import from_failure
from tests.fakes_bucket import failure
from tests.transfer.world import World


@pytest.mark.parametrize(
    ("kind", "result", "scope", "reason"),
    [
        (FailureKind.THROTTLED, Result.RETRYABLE, "bucket", "throttled"),
        (FailureKind.TRANSIENT, Result.RETRYABLE, "path", "transient"),
        (FailureKind.CREDENTIALS, Result.RETRYABLE, "bucket", "credentials"),
        (FailureKind.BUCKET, Result.RETRYABLE, "bucket", "bucket_unavailable"),
        (FailureKind.CLOCK, Result.RETRYABLE, "bucket", "clock_skewed"),
        (FailureKind.PRECONDITION, Result.SUPERSEDED, "path", "foreign_change"),
        (FailureKind.MISSING, Result.RETRYABLE, "path", "vanished"),
        (FailureKind.CONFLICT, Result.SUPERSEDED, "path", "concurrent_change"),
        (FailureKind.REFUSED, Result.REFUSED, "path", "refused"),
        (FailureKind.LOCAL, Result.RETRYABLE, "path", "local_error"),
        (FailureKind.CANCELED, Result.RETRYABLE, "path", "canceled"),
    ],
)
@pytest.mark.parametrize("is_unknown", [False, True])
def test_failure_says_whose_trouble_it_is(
    world: World, kind: FailureKind, result: Result, scope: str, reason: str, is_unknown: bool
) -> None:
    world.write("a", b"x")
    world.bucket.fail("put", failure(kind, is_unknown=is_unknown))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.scope, outcome.reason) == (result, scope, reason)
    assert outcome.is_unknown is is_unknown
    assert outcome.row is None


def test_every_kind_of_failure_has_a_verdict(world: World) -> None:
    world.write("a", b"x")
    for kind in FailureKind:
        assert from_failure(world.upload("a"), failure(kind)).result is not Result.DONE


def test_forbidden_key_is_refused_by_name(world: World) -> None:
    world.write("a", b"x")
    world.bucket.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason) == (Result.REFUSED, "access_denied")
    assert "AccessDenied" in outcome.hint


def test_bucket_without_contact_is_tried_again(world: World) -> None:
    world.write("a", b"x")
    world.bucket = Bucket(BucketSettings(bucket="b"))  # type: ignore[assignment]
    world.transfer = world.make(TransferSettings(world.policy))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, False)


def test_broken_body_replaces_nothing(world: World) -> None:
    world.bucket.store("p/a", b"good copy")
    world.write("a", b"newer content")
    told = failure(FailureKind.TRANSIENT, "BadDigest", 400)
    world.bucket.fail("put", told)
    assert world.carry_out(world.upload("a")).result is Result.RETRYABLE
    assert world.bucket.objects["p/a"].body == b"good copy"


def test_kinds_without_a_transfer_are_answered_too(world: World) -> None:
    world.write("a", b"x")
    assert world.carry_out(world.upload("a", kind=Kind.FORGET)).result is Result.DONE
    assert world.carry_out(world.upload("a", kind=Kind.DOWNLOAD)).result is Result.REFUSED
