"""Versioning: nothing that was kept is lost before its own version is deleted."""

from __future__ import annotations

from typing import Any

from tests.strict.conftest import Refused


def put(s3: Any, bucket: str, body: bytes, key: str = "k") -> str:
    version: str = s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]
    return version


def content(s3: Any, bucket: str, **which: str) -> bytes:
    body: bytes = s3.get_object(Bucket=bucket, Key="k", **which)["Body"].read()
    return body


def suspend(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def listed(s3: Any, bucket: str, **asked: Any) -> list[tuple[str, bool, bool]]:
    """Give id, whether it is the latest and whether it is a marker, as listed."""
    page = s3.list_object_versions(Bucket=bucket, **asked)
    found = [(each["VersionId"], each["IsLatest"], False) for each in page.get("Versions", [])]
    return found + [
        (each["VersionId"], each["IsLatest"], True) for each in page.get("DeleteMarkers", [])
    ]


def test_a_bucket_tells_what_it_keeps(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    suspend(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_every_version_can_be_read(s3: Any, versioned: str) -> None:
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    assert first != second
    assert content(s3, versioned) == b"2"
    assert content(s3, versioned, VersionId=first) == b"1"
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == second
    assert listed(s3, versioned) == [(second, True, False), (first, False, False)]


def test_a_deletion_hides_the_versions(s3: Any, versioned: str, refused: Refused) -> None:
    first = put(s3, versioned, b"1")
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert gone["DeleteMarker"]
    with refused("NoSuchKey", 404) as caught:
        s3.get_object(Bucket=versioned, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", 405):
        s3.get_object(Bucket=versioned, Key="k", VersionId=gone["VersionId"])
    assert content(s3, versioned, VersionId=first) == b"1"
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert listed(s3, versioned) == [(first, False, False), (gone["VersionId"], True, True)]


def test_without_its_marker_an_object_is_back(s3: Any, versioned: str) -> None:
    put(s3, versioned, b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert answer["DeleteMarker"]
    assert content(s3, versioned) == b"1"
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 1


def test_a_version_is_deleted_for_ever(s3: Any, versioned: str, refused: Refused) -> None:
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert content(s3, versioned) == b"1"
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=second)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=first)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=first)
    assert listed(s3, versioned) == []
    s3.delete_bucket(Bucket=versioned)


def test_a_deletion_of_nothing_makes_a_marker(s3: Any, versioned: str) -> None:
    s3.delete_object(Bucket=versioned, Key="k")
    assert [each[1:] for each in listed(s3, versioned)] == [(True, True)]


def test_suspended_there_is_one_version_without_an_id(s3: Any, versioned: str) -> None:
    first = put(s3, versioned, b"1")
    suspend(s3, versioned)
    assert put(s3, versioned, b"2") == "null"
    put(s3, versioned, b"3")
    assert listed(s3, versioned) == [("null", True, False), (first, False, False)]
    assert content(s3, versioned, VersionId="null") == b"3"
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert (marker["VersionId"], marker["DeleteMarker"]) == ("null", True)
    assert listed(s3, versioned) == [(first, False, False), ("null", True, True)]


def test_what_was_there_before_versioning_is_kept(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, b"1")
    assert content(s3, bucket, VersionId="null") == b"0"


def test_a_version_is_copied_back(s3: Any, versioned: str) -> None:
    first = put(s3, versioned, b"1")
    put(s3, versioned, b"2")
    source = {"Bucket": versioned, "Key": "k", "VersionId": first}
    answer = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)
    assert answer["CopySourceVersionId"] == first
    assert content(s3, versioned) == b"1"


def test_versions_are_listed_in_pages(s3: Any, versioned: str) -> None:
    made = {key: [put(s3, versioned, b"x", key) for _ in range(3)] for key in ("a", "b/1", "b/2")}
    expected = [(key, version) for key in made for version in made[key][::-1]]
    seen: list[tuple[str, str]] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.list_object_versions(Bucket=versioned, MaxKeys=2, **markers)
        seen += [(each["Key"], each["VersionId"]) for each in page["Versions"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"],
                   "VersionIdMarker": page["NextVersionIdMarker"]}  # fmt: skip
    assert seen == expected
    page = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["b/"]
    assert {each["Key"] for each in page["Versions"]} == {"a"}
