"""Which uploads go by the second process: small ones for which it has all it must know."""

from __future__ import annotations

import pytest

from s3syncd.core.reconcile import Policy
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.turns import Limits
from s3syncd.s3.pacing import Pacing
from s3syncd.s3.reply import S3Failure
from s3syncd.s3.wire import Frozen
from s3syncd.sender.branch import MOST_BYTES, Branch, Place
from s3syncd.transfer import TransferSettings
from tests.sender.both import SETTLED, Both


def test_without_a_second_process_an_upload_is_done_here(both: Both) -> None:
    _, transfer, _ = both.site()
    assert both.outcome(transfer, both.write("a")).effect == "put"
    assert both.asked() == 0


@pytest.mark.parametrize("size_bytes", [MOST_BYTES, MOST_BYTES + 1])
def test_only_small_files_go_there(both: Both, size_bytes: int) -> None:
    _, transfer, _ = both.site()
    both.begin()
    assert both.outcome(transfer, both.write("a", bytes(size_bytes))).effect == "put"
    assert both.asked() == (size_bytes <= MOST_BYTES)


def test_where_a_foreign_version_waits_for_a_person_nothing_goes_there(both: Both) -> None:
    branch, _, _ = both.site(on_drift="hold")
    both.begin()
    assert branch.carry(both.write("a"), SETTLED, None) is None


def test_under_a_limit_nothing_goes_there(both: Both) -> None:
    pacing = Pacing()
    try:
        branch, _, _ = both.site(turns=pacing.turns("site"))
        both.begin()
        assert branch.carry(both.write("a"), SETTLED, None) is not None
        pacing.limit(Limits(requests_per_second=50.0), {})
        assert branch.carry(both.write("a"), SETTLED, None) is None
    finally:
        pacing.stop()


def test_a_site_with_more_filters_than_a_message_holds_does_without(both: Both) -> None:
    branch, _, bucket = both.site()
    both.begin()
    settings = TransferSettings(Policy(
        "upload", retire_deleted=False, retire_foreign=False, on_drift="overwrite",
        storage_class=None, covers=lambda _path: True,
    ))  # fmt: skip
    taken = []
    for count in (4_000, 5_000):
        place = Place(str(both.root), "p/", ("12345678",) * count, (), ())
        branch = Branch(both.office, bucket, place, settings)
        taken.append(branch.carry(both.write("a"), SETTLED, None) is not None)
    assert taken == [True, False]


def test_credentials_that_cannot_be_had_are_the_first_process_s_affair(both: Both) -> None:
    branch, _, bucket = both.site()
    both.begin()
    assert bucket.contact is not None

    def fail() -> Frozen:
        raise S3Failure(Failure(FailureKind.CREDENTIALS, "Expired", None, "expired", False))

    bucket.contact = bucket.contact._replace(credentials=fail)
    assert branch.carry(both.write("a"), SETTLED, None) is None
