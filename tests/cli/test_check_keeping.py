"""`check` of what the bucket keeps: rules that expire or abort, and versions."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.finding import Verdict
from s3syncd.s3.bucket import BucketSettings
from s3syncd.s3.keeping import judge_lifecycle, judge_versioning
from s3syncd.s3.probe import Wanted, probe_contacted
from tests.cli.store import DENIED, FakeStore, probed


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"Filter": {"Prefix": "p/"}, "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {}, "Expiration": {"Date": "2030-01-01"}}, Verdict.WARNING),
        ({"Prefix": "p/inner/", "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {"And": {"Prefix": "p"}}, "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {"Prefix": "q/"}, "Expiration": {"Days": 30}}, Verdict.OK),
        ({"Filter": {"Prefix": "p/"}, "Status": "Disabled", "Expiration": {"Days": 1}}, Verdict.OK),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, Verdict.OK),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}, Verdict.OK),
    ],
)
def test_a_rule_that_expires_objects_of_the_prefix_is_a_warning(
    rule: dict[str, Any], verdict: Verdict
) -> None:
    findings = list(judge_lifecycle([{"Status": "Enabled", "ID": "r", **rule}], "p/"))
    assert findings[0].verdict is verdict


def test_rules_that_cannot_be_read_are_a_warning() -> None:
    store = FakeStore(get_bucket_lifecycle_configuration=DENIED)
    assert probed(store)["lifecycle"].verdict is Verdict.WARNING


NOT_THERE = (501, "NotImplemented")
NO_RULES = (404, "NoSuchLifecycleConfiguration")


@pytest.mark.parametrize(
    ("answer", "is_told"),
    [
        (NO_RULES, True),
        ({"Rules": []}, True),
        ({"Rules": [{"Status": "Disabled", "AbortIncompleteMultipartUpload": {}}]}, True),
        ({"Rules": [{"Status": "Enabled", "Prefix": "q/", "AbortIncompleteMultipartUpload": {}}]},
         True),
        ({"Rules": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {}}]}, False),
        (NOT_THERE, False),
    ],
)  # fmt: skip
def test_unfinished_uploads_that_no_rule_ends_are_a_warning(answer: Any, is_told: bool) -> None:
    found = probed(FakeStore(get_bucket_lifecycle_configuration=answer))
    assert found["lifecycle"].verdict is Verdict.OK
    assert ("unfinished uploads" in found) is is_told
    if is_told:
        assert found["unfinished uploads"].verdict is Verdict.WARNING
        assert "AbortIncompleteMultipartUpload" in found["unfinished uploads"].remedy


@pytest.mark.parametrize(
    ("answer", "is_retiring", "verdict"),
    [
        ({"Status": "Enabled"}, True, Verdict.OK),
        ({"Status": "Suspended"}, True, Verdict.WARNING),
        ({}, True, Verdict.WARNING),
        (NOT_THERE, True, Verdict.WARNING),
        (DENIED, True, Verdict.WARNING),
        ({}, False, Verdict.OK),
    ],
)
def test_deleting_where_no_versions_are_kept_is_a_warning(
    answer: Any, is_retiring: bool, verdict: Verdict
) -> None:
    found = probed(FakeStore(get_bucket_versioning=answer), is_retiring=is_retiring)["versioning"]
    assert found.verdict is verdict
    if verdict is Verdict.WARNING:
        right = "s3:GetBucketVersioning" if answer == DENIED else "put-bucket-versioning --bucket b"
        assert right in found.remedy


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, "put-bucket-versioning --bucket b --versioning"),
        ({"endpoint": "http://[::1]:9000"},
         "put-bucket-versioning --endpoint-url 'http://[::1]:9000' --bucket b --versioning"),
        ({"endpoint": "https://s3", "profile": "my own"},
         "put-bucket-versioning --endpoint-url https://s3 --profile 'my own' --bucket b --vers"),
    ],
)  # fmt: skip
def test_the_command_that_turns_versioning_on_asks_the_store_of_the_site(
    place: dict[str, str], said: str
) -> None:
    assert said in judge_versioning("", "b", True, **place).remedy  # type: ignore[arg-type]


def test_the_probe_names_the_endpoint() -> None:
    settings = BucketSettings(bucket="b", endpoint="http://127.0.0.1:9000", profile="mine")
    wanted = Wanted(is_retiring=True, needs_conditions=False, storage_class=None)
    findings = list(probe_contacted(FakeStore(get_bucket_versioning={}), settings, wanted))
    (found,) = [each for each in findings if each.probe == "versioning"]
    assert "--endpoint-url http://127.0.0.1:9000 --profile mine --bucket b" in found.remedy
