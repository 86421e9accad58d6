"""Pages of versions are read as they are, and not believed where they cannot be."""

from __future__ import annotations

import pytest

from s3syncd.s3.listing import ListingError
from s3syncd.s3.versions import Version, parse_versions, versioning_of

_NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def page(inside: str, *, namespace: str = _NAMESPACE, cut: str = "false") -> bytes:
    return (
        f"<ListVersionsResult{namespace}><EncodingType>url</EncodingType>"
        f"<IsTruncated>{cut}</IsTruncated>{inside}</ListVersionsResult>"
    ).encode()


def version(key: str = "p/a%20b", tag: str = "Version", **other: str) -> str:
    told = {
        "Key": key, "VersionId": "v1", "IsLatest": "true",
        "LastModified": "2026-11-20T10:00:00.000Z", "ETag": "&quot;abc&quot;", "Size": "7",
    } | other  # fmt: skip
    return f"<{tag}>{''.join(f'<{k}>{v}</{k}>' for k, v in told.items() if v)}</{tag}>"


@pytest.mark.parametrize("namespace", [_NAMESPACE, ""])
def test_versions_and_markers_are_read_in_their_order(namespace: str) -> None:
    marker = version(tag="DeleteMarker", VersionId="m", ETag="", Size="")
    found = parse_versions(page(marker + version(IsLatest="false"), namespace=namespace))
    moment = 1795168800.0
    assert found.versions == [
        Version("p/a b", "m", True, True, moment),
        Version("p/a b", "v1", False, False, moment, 7, "abc"),
    ]
    assert found.following is None


def test_a_weak_etag_is_that_of_the_version_it_names() -> None:
    found = parse_versions(page(version(ETag="W/&quot;abc&quot;")))
    assert [each.etag for each in found.versions] == ["abc"]


def test_the_next_page_is_named_by_key_and_version() -> None:
    following = "<NextKeyMarker>a%2Bb</NextKeyMarker><NextVersionIdMarker>x</NextVersionIdMarker>"
    assert parse_versions(page(following, cut="true")).following == ("a+b", "x")


@pytest.mark.parametrize(
    "body",
    [
        b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
        b"<ListVersionsResult></ListVersionsResult>",
        b"not XML",
        page("", cut="true"),
        page(version(Size="-1")),
        page(version(Size="")),
        page(version(LastModified="yesterday")),
        page(version(key="")),
        b"<!DOCTYPE a>" + page(""),
    ],
)
def test_a_page_that_cannot_be_believed_is_none(body: bytes) -> None:
    with pytest.raises(ListingError):
        parse_versions(body)


def test_a_time_without_a_zone_is_utc() -> None:
    found = parse_versions(page(version(LastModified="2026-11-20T10:00:00")))
    assert found.versions[0].modified_at == 1795168800.0


@pytest.mark.parametrize("status", ["Enabled", "Suspended", ""])
def test_a_bucket_tells_whether_it_keeps_versions(status: str) -> None:
    inside = f"<Status>{status}</Status>" if status else ""
    body = f"<VersioningConfiguration>{inside}</VersioningConfiguration>".encode()
    assert versioning_of(body) == status
