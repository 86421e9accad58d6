"""Listings of objects, of versions and of unfinished uploads."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeVar

from tests.strict.documents import document, text_of
from tests.strict.errors import S3Error
from tests.strict.objects import answer
from tests.strict.state import Bucket, Upload, Version
from tests.strict.store import Result, Store, xml_time
from tests.strict.wire import Call

__all__ = ["list_multipart_uploads", "list_object_versions", "list_objects", "list_objects_v2"]

MOST_ROWS: Final = 1000

_Row = TypeVar("_Row")


class Asked(NamedTuple):
    """What every listing is asked."""

    prefix: str
    delimiter: str
    limit: int
    is_quoted: bool

    def write(self, text: str) -> str:
        """Write a key, or a piece of one."""
        return text_of(text, is_quoted=self.is_quoted)

    def heading(self, limit_name: str) -> str:
        """Give the elements that repeat what was asked."""
        parts = [f"<Prefix>{self.write(self.prefix)}</Prefix>"]
        if self.delimiter:
            parts.append(f"<Delimiter>{self.write(self.delimiter)}</Delimiter>")
        if self.is_quoted:
            parts.append("<EncodingType>url</EncodingType>")
        return "".join([*parts, f"<{limit_name}>{self.limit}</{limit_name}>"])

    def group_of(self, key: str) -> str:
        """Give the common prefix that stands for a key, '' where the key stands for itself."""
        if not self.delimiter:
            return ""
        end = key.find(self.delimiter, len(self.prefix))
        return "" if end < 0 else key[: end + len(self.delimiter)]


class Page(NamedTuple):
    """A page: rows and common prefixes; `last` is the last of both, `is_cut` that more follow."""

    rows: list[tuple[str, object]]
    groups: list[str]
    last: str
    is_cut: bool


def list_objects_v2(
    store: Store, bucket: Bucket, call: Call, *, keys: Mapping[str, int] | None = None
) -> Result:
    """Give a page of the objects that readers see.

    Args:
        store: that the bucket is in.
        bucket: to list.
        call: as asked.
        keys: what to list instead of the truth: key -> serial of its version.
    """
    asked = _asked(call.query, "max-keys")
    token, start_after = call.query.get("continuation-token"), call.query.get("start-after", "")
    after = start_after if token is None else _key_of(token)
    page = _page(_objects(store, bucket, asked, after, keys), asked, after)
    extra = ""
    if token is not None:
        extra += f"<ContinuationToken>{token}</ContinuationToken>"
    if page.is_cut:
        extra += f"<NextContinuationToken>{_token_of(page.last)}</NextContinuationToken>"
    if start_after:
        extra += f"<StartAfter>{asked.write(start_after)}</StartAfter>"
    extra += f"<KeyCount>{len(page.rows) + len(page.groups)}</KeyCount>"
    has_owner = call.query.get("fetch-owner", "") == "true"
    return _listing(bucket, asked, page, extra, has_owner=has_owner)


def list_objects(
    store: Store, bucket: Bucket, call: Call, *, keys: Mapping[str, int] | None = None
) -> Result:
    """Give a page in the older form, continued by the last key."""
    asked = _asked(call.query, "max-keys")
    after = call.query.get("marker", "")
    page = _page(_objects(store, bucket, asked, after, keys), asked, after)
    extra = f"<Marker>{asked.write(after)}</Marker>"
    if page.is_cut and asked.delimiter:  # without one a client goes on after the last key
        extra += f"<NextMarker>{asked.write(page.last)}</NextMarker>"
    return _listing(bucket, asked, page, extra, has_owner=True)


def list_object_versions(store: Store, bucket: Bucket, call: Call) -> Result:
    """Give a page of versions and delete markers: by key, the newest first."""
    asked = _asked(call.query, "max-keys")
    key_after = call.query.get("key-marker", "")
    id_after = call.query.get("version-id-marker", "")
    if id_after and not key_after:
        raise S3Error("InvalidArgument", "A version-id marker cannot be specified without a key")
    versions = list(_versions(bucket, asked, key_after, id_after))
    page = _page(((each.key, each) for each in versions), asked, key_after)
    rows = "".join(_version_row(bucket, asked, each) for _, each in page.rows)
    inner = f"<Name>{bucket.name}</Name><KeyMarker>{asked.write(key_after)}</KeyMarker>"
    if page.is_cut:
        last = page.rows[-1][1] if page.rows and page.rows[-1][0] == page.last else None
        inner += f"<NextKeyMarker>{asked.write(page.last)}</NextKeyMarker>"
        if isinstance(last, Version):
            inner += f"<NextVersionIdMarker>{last.version_id}</NextVersionIdMarker>"
    inner += asked.heading("MaxKeys") + _cut(page) + rows + _groups(asked, page)
    return Result(answer(200, {}, document("ListVersionsResult", inner)))


def list_multipart_uploads(store: Store, bucket: Bucket, call: Call) -> Result:
    """Give a page of unfinished uploads: by key, the oldest first."""
    asked = _asked(call.query, "max-uploads")
    key_after = call.query.get("key-marker", "")
    id_after = call.query.get("upload-id-marker", "")
    uploads = sorted(bucket.uploads.values(), key=lambda each: (each.key, each.order))
    chosen = [each for each in uploads if each.key.startswith(asked.prefix)]
    page = _page(_uploads_after(chosen, key_after, id_after), asked, key_after)
    rows = "".join(_upload_row(asked, each) for _, each in page.rows)
    inner = (
        f"<Bucket>{bucket.name}</Bucket><KeyMarker>{asked.write(key_after)}</KeyMarker>"
        f"<UploadIdMarker>{id_after}</UploadIdMarker>"
    )
    if page.is_cut:
        last = page.rows[-1][1] if page.rows and page.rows[-1][0] == page.last else None
        inner += f"<NextKeyMarker>{asked.write(page.last)}</NextKeyMarker>"
        if isinstance(last, Upload):
            inner += f"<NextUploadIdMarker>{last.upload_id}</NextUploadIdMarker>"
    inner += asked.heading("MaxUploads") + _cut(page) + rows + _groups(asked, page)
    return Result(answer(200, {}, document("ListMultipartUploadsResult", inner)))


def _asked(query: Mapping[str, str], limit_name: str) -> Asked:
    text = query.get(limit_name) or str(MOST_ROWS)
    if not text.isdecimal():
        raise S3Error("InvalidArgument", extra={"ArgumentName": limit_name, "ArgumentValue": text})
    encoding = query.get("encoding-type", "")
    if encoding not in {"", "url"}:
        extra = {"ArgumentName": "encoding-type", "ArgumentValue": encoding}
        raise S3Error(
            "InvalidArgument", "Invalid Encoding Method specified in Request", extra=extra
        )
    limit = min(int(text), MOST_ROWS)
    return Asked(query.get("prefix", ""), query.get("delimiter", ""), limit, encoding == "url")


def _objects(
    store: Store, bucket: Bucket, asked: Asked, after: str, keys: Mapping[str, int] | None
) -> Iterator[tuple[str, Version]]:
    """Give what begins with the prefix and comes after a key, in order."""
    names = bucket.keys if keys is None else sorted(keys)
    place = max(bisect_left(names, asked.prefix), bisect_right(names, after) if after else 0)
    for index in range(place, len(names)):  # a slice would copy the rest for every page
        key = names[index]
        if not key.startswith(asked.prefix):
            return
        yield key, bucket.stacks[key][-1] if keys is None else store.versions[keys[key]]


def _versions(bucket: Bucket, asked: Asked, key_after: str, id_after: str) -> Iterator[Version]:
    for key in sorted(bucket.stacks):
        if not key.startswith(asked.prefix) or key < key_after:
            continue
        stack = bucket.stacks[key][::-1]
        if key == key_after:
            ids = [each.version_id for each in stack]
            # A marker whose version is gone by now means: what is older than this key.
            stack = stack[ids.index(id_after) + 1 :] if id_after in ids else []
        yield from stack


def _uploads_after(
    uploads: list[Upload], key_after: str, id_after: str
) -> Iterator[tuple[str, Upload]]:
    has_passed = False
    for each in uploads:
        if each.key < key_after:
            continue
        if each.key == key_after and not has_passed:
            has_passed = each.upload_id == id_after
            continue
        yield each.key, each


def _page(found: Iterable[tuple[str, _Row]], asked: Asked, after: str) -> Page:
    """Take as many rows and common prefixes as asked; each group counts as one."""
    rows: list[tuple[str, object]] = []
    groups: list[str] = []
    last = ""
    if not asked.limit:
        return Page(rows, groups, last, is_cut=False)
    for key, row in found:
        group = asked.group_of(key)
        if group and (group == last or after.startswith(group)):
            continue
        if len(rows) + len(groups) == asked.limit:
            return Page(rows, groups, last, is_cut=True)
        if group:
            groups.append(group)
            last = group
        else:
            rows.append((key, row))
            last = key
    return Page(rows, groups, last, is_cut=False)


def _listing(bucket: Bucket, asked: Asked, page: Page, extra: str, *, has_owner: bool) -> Result:
    owner = "<Owner><ID>strict</ID><DisplayName>strict</DisplayName></Owner>" if has_owner else ""
    rows = "".join(_object_row(asked, each, owner) for _, each in page.rows)
    inner = f"<Name>{bucket.name}</Name>{asked.heading('MaxKeys')}{extra}{_cut(page)}{rows}"
    body = document("ListBucketResult", inner + _groups(asked, page))
    return Result(answer(200, {"Content-Type": "application/xml"}, body))


def _object_row(asked: Asked, version: object, owner: str) -> str:
    assert isinstance(version, Version)
    return (
        f"<Contents><Key>{asked.write(version.key)}</Key>"
        f"<LastModified>{xml_time(version.modified)}</LastModified>"
        f"<ETag>&quot;{version.etag}&quot;</ETag><Size>{len(version.body)}</Size>{owner}"
        f"<StorageClass>{version.about.storage_class}</StorageClass></Contents>"
    )


def _version_row(bucket: Bucket, asked: Asked, version: object) -> str:
    assert isinstance(version, Version)
    is_latest = str(bucket.top(version.key) is version).lower()
    head = (
        f"<Key>{asked.write(version.key)}</Key><VersionId>{version.version_id}</VersionId>"
        f"<IsLatest>{is_latest}</IsLatest>"
        f"<LastModified>{xml_time(version.modified)}</LastModified>"
    )
    if version.is_marker:
        return f"<DeleteMarker>{head}</DeleteMarker>"
    return (
        f"<Version>{head}<ETag>&quot;{version.etag}&quot;</ETag><Size>{len(version.body)}</Size>"
        f"<StorageClass>{version.about.storage_class}</StorageClass></Version>"
    )


def _upload_row(asked: Asked, upload: object) -> str:
    assert isinstance(upload, Upload)
    return (
        f"<Upload><Key>{asked.write(upload.key)}</Key><UploadId>{upload.upload_id}</UploadId>"
        f"<Initiated>{xml_time(upload.started)}</Initiated>"
        f"<StorageClass>{upload.about.storage_class}</StorageClass></Upload>"
    )


def _groups(asked: Asked, page: Page) -> str:
    return "".join(
        f"<CommonPrefixes><Prefix>{asked.write(each)}</Prefix></CommonPrefixes>"
        for each in page.groups
    )


def _cut(page: Page) -> str:
    return f"<IsTruncated>{str(page.is_cut).lower()}</IsTruncated>"


def _token_of(key: str) -> str:
    return urlsafe_b64encode(b"1" + key.encode()).decode()


def _key_of(token: str) -> str:
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
        if raw[:1] == b"1":
            return raw[1:].decode()
    except (Base64Error, ValueError):
        pass
    extra = {"ArgumentName": "continuation-token"}
    raise S3Error("InvalidArgument", "The continuation token provided is incorrect", extra=extra)
