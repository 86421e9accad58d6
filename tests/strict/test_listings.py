"""Listings: every key once, in the order of bytes, in pages that can be continued."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strict.conftest import Refused

KEYS = ["a", "a!", "a/", "a/b", "a/b/c", "a0", "b c", "b+c", "é", "中", "😀"]


def fill(s3: Any, bucket: str, keys: list[str]) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def keys_of(page: Any) -> list[str]:
    return [each["Key"] for each in page.get("Contents", [])]


def groups_of(page: Any) -> list[str]:
    return [each["Prefix"] for each in page.get("CommonPrefixes", [])]


def all_pages(s3: Any, **asked: Any) -> list[Any]:
    pages = [s3.list_objects_v2(**asked)]
    while pages[-1]["IsTruncated"]:
        pages.append(
            s3.list_objects_v2(**asked, ContinuationToken=pages[-1]["NextContinuationToken"])
        )
    return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.parametrize("encoding", [{}, {"EncodingType": "url"}])
def test_every_key_is_listed_once_in_the_order_of_bytes(
    s3: Any, bucket: str, limit: int, encoding: dict[str, str]
) -> None:
    fill(s3, bucket, KEYS[::-1])
    pages = all_pages(s3, Bucket=bucket, MaxKeys=limit, **encoding)
    # boto3 undoes the quoting only where it asked for it by itself.
    seen = [key for page in pages for key in keys_of(page)]
    if not encoding:
        assert seen == sorted(KEYS, key=str.encode)
    assert all(page["KeyCount"] == len(keys_of(page)) <= limit for page in pages)
    assert len(seen) == len(KEYS)


def test_quoting_makes_a_space_a_plus_and_leaves_slashes(s3: Any, bucket: str) -> None:
    fill(s3, bucket, ["a b/c+d~é"])
    (page,) = all_pages(s3, Bucket=bucket, EncodingType="url")
    assert keys_of(page) == ["a+b/c%2Bd%7E%C3%A9"]


def test_a_prefix_chooses(s3: Any, bucket: str) -> None:
    fill(s3, bucket, KEYS)
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="a/")) == ["a/", "a/b", "a/b/c"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="a/b/c")) == ["a/b/c"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, Prefix="zz")) == []


def test_a_listing_starts_after_a_key_there_need_not_be(s3: Any, bucket: str) -> None:
    fill(s3, bucket, KEYS)
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="b c")) == ["b+c", "é", "中", "😀"]
    assert keys_of(s3.list_objects_v2(Bucket=bucket, StartAfter="b")) == KEYS[6:]
    after = s3.list_objects_v2(Bucket=bucket, Prefix="a/", StartAfter="a")
    assert keys_of(after) == ["a/", "a/b", "a/b/c"]


def test_a_token_counts_more_than_where_to_start(s3: Any, bucket: str) -> None:
    fill(s3, bucket, KEYS)
    pages = all_pages(s3, Bucket=bucket, StartAfter="a/", MaxKeys=2)
    assert [key for page in pages for key in keys_of(page)] == KEYS[3:]


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_delimiter_makes_groups_that_count_as_keys(s3: Any, bucket: str, limit: int) -> None:
    fill(s3, bucket, KEYS)
    pages = all_pages(s3, Bucket=bucket, Delimiter="/", MaxKeys=limit)
    assert [key for page in pages for key in keys_of(page)] == [
        "a", "a!", "a0", "b c", "b+c", "é", "中", "😀",
    ]  # fmt: skip
    assert [group for page in pages for group in groups_of(page)] == ["a/"]
    assert all(page["KeyCount"] <= limit for page in pages)
    below = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="a/")
    assert (keys_of(below), groups_of(below)) == (["a/", "a/b"], ["a/b/"])


def test_a_page_has_at_most_1000_keys(s3: Any, bucket: str) -> None:
    fill(s3, bucket, [f"{number:04}" for number in range(1001)])
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (1000, True, 1000)


def test_no_keys_may_be_asked_for(s3: Any, bucket: str) -> None:
    fill(s3, bucket, KEYS)
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)


def test_what_cannot_be_asked_is_refused(s3: Any, bucket: str, refused: Refused) -> None:
    for wrong in ({"MaxKeys": -1}, {"ContinuationToken": "nonsense"}, {"EncodingType": "html"}):
        with refused("InvalidArgument", 400):
            s3.list_objects_v2(Bucket=bucket, **wrong)


def test_keys_that_come_and_go_between_pages_harm_no_other(s3: Any, bucket: str) -> None:
    fill(s3, bucket, ["a", "c", "e"])
    first = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)
    s3.delete_object(Bucket=bucket, Key="c")
    fill(s3, bucket, ["b", "d"])
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert keys_of(first) + keys_of(rest) == ["a", "c", "d", "e"]


def test_the_older_form_is_continued_by_the_last_key(s3: Any, bucket: str) -> None:
    fill(s3, bucket, KEYS)
    first = s3.list_objects(Bucket=bucket, MaxKeys=4)
    rest = s3.list_objects(Bucket=bucket, Marker=keys_of(first)[-1])
    assert keys_of(first) + keys_of(rest) == KEYS
    grouped = s3.list_objects(Bucket=bucket, MaxKeys=3, Delimiter="/")
    assert grouped["NextMarker"] == "a/"
    rest = s3.list_objects(Bucket=bucket, Marker="a/", Delimiter="/")
    assert keys_of(grouped) + keys_of(rest) == ["a", "a!", *KEYS[5:]]


def test_the_owner_is_told_when_asked_for(s3: Any, bucket: str) -> None:
    fill(s3, bucket, ["k"])
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" in s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
