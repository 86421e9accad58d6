"""CopyObject and DeleteObjects."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.strict.checksums import ALGORITHMS, checksum
from tests.strict.conditions import check_copy_source, check_delete
from tests.strict.documents import document, read
from tests.strict.errors import S3Error
from tests.strict.objects import answer, checksum_elements, delete_key, find, hold_to_conditions
from tests.strict.state import Bucket, Version
from tests.strict.store import ARCHIVED, Result, Store, check_key, described, xml_time
from tests.strict.wire import Call

__all__ = ["copy_object", "delete_objects"]

MAX_DELETED_KEYS: Final = 1000

_CHANGES: Final = frozenset({
    "x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption",
})  # fmt: skip
"""Headers with which an object may be copied onto itself without new metadata."""


def copy_object(store: Store, bucket: Bucket, call: Call) -> Result:
    """Make a version of the bytes of another one; only metadata is taken along, not the class."""
    source_bucket, source, is_versioned = _source(store, call)
    directive = call.headers.get("x-amz-metadata-directive", "COPY")
    if directive not in {"COPY", "REPLACE"}:
        raise S3Error("InvalidArgument", "Unknown metadata directive.")
    is_same = (source_bucket, source.key) == (bucket, call.key) and not is_versioned
    if is_same and directive == "COPY" and not _CHANGES & call.headers.keys():
        text = "This copy request is illegal because it is trying to copy an object to itself"
        raise S3Error("InvalidRequest", text)
    if store.options.has_conditions:
        check_copy_source(call.headers, source)
    if source.about.storage_class in ARCHIVED:
        raise S3Error("InvalidObjectState", extra={"StorageClass": source.about.storage_class})
    if len(source.body) > store.options.max_put_bytes:
        raise S3Error("InvalidRequest", "The copy source is larger than what can be copied at once")
    about = described(call.headers, previous=source.about if directive == "COPY" else None)
    replaced = bucket.current(call.key)
    hold_to_conditions(store, call, replaced)
    version = store.write(
        bucket,
        call.key,
        source.body,
        store.etag_of(source.body),
        about,
        checksums={each: checksum(each, source.body) for each in _algorithms(call, source)},
    )
    headers = store.headers_of(bucket, version)
    del headers["ETag"]  # it stands in the document
    if source_bucket.versioning:
        headers["x-amz-copy-source-version-id"] = source.version_id
    inner = (
        f"<LastModified>{xml_time(version.modified)}</LastModified>"
        f"<ETag>&quot;{version.etag}&quot;</ETag>{checksum_elements(version)}"
    )
    body = document("CopyObjectResult", inner)
    return Result(answer(200, headers, body), version.serial, source.serial)


def _source(store: Store, call: Call) -> tuple[Bucket, Version, bool]:
    """Find what is to be copied, and tell whether the version was named."""
    path, _, version = call.headers["x-amz-copy-source"].partition("?versionId=")
    bucket_name, slash, key = unquote(path).removeprefix("/").partition("/")
    if not slash or not key:
        raise S3Error("InvalidArgument", "Copy Source must mention the source bucket and key")
    bucket = store.bucket(bucket_name)
    query = {"versionId": unquote(version)} if version else {}
    asked = Call(call.request, "GetObject", bucket_name, key, query)
    return bucket, find(bucket, asked), bool(version)


def _algorithms(call: Call, source: Version) -> list[str]:
    asked = call.headers.get("x-amz-checksum-algorithm", "").lower()
    if asked and asked not in ALGORITHMS:
        raise S3Error("InvalidRequest", "Checksum algorithm provided is unsupported.")
    return [asked] if asked else [name for name in source.checksums if not source.part_sizes]


def delete_objects(store: Store, bucket: Bucket, call: Call) -> Result:
    """Delete up to 1,000 keys; each has its own outcome inside a 200."""
    if not call.headers.get("content-md5") and not call.checksums:
        text = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        raise S3Error("InvalidRequest", text)
    root = read(call.body, "Delete")
    objects = root.findall("Object")
    if not 1 <= len(objects) <= MAX_DELETED_KEYS:
        raise S3Error("MalformedXML")
    is_quiet = root.findtext("Quiet", "").strip().lower() == "true"
    rows = [_delete_one(store, bucket, each, is_quiet=is_quiet) for each in objects]
    return Result(answer(200, {}, document("DeleteResult", "".join(rows))))


def _delete_one(
    store: Store, bucket: Bucket, element: ElementTree.Element, *, is_quiet: bool
) -> str:
    key, version_id = element.findtext("Key", ""), element.findtext("VersionId", "")
    etag = element.findtext("ETag")
    told = f"<Key>{escape(key)}</Key>"
    if version_id:
        told += f"<VersionId>{escape(version_id)}</VersionId>"
    try:
        check_key(key)
        if etag is not None and store.options.has_conditions:
            check_delete({"if-match": etag}, bucket.current(key))
        _check_policy(store, etag)
        gone, headers = delete_key(store, bucket, key, version_id)
    except S3Error as error:
        text = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        return f"<Error>{told}{text}</Error>"
    if "x-amz-delete-marker" in headers and gone is not None:
        made = gone.version_id
        told += f"<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>{made}"
        told += "</DeleteMarkerVersionId>"
    return "" if is_quiet else f"<Deleted>{told}</Deleted>"


def _check_policy(store: Store, etag: str | None) -> None:
    if etag is None and store.options.needs_conditions:
        raise S3Error("AccessDenied", "The bucket's policy asks for an ETag.")
