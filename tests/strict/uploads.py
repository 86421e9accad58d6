"""Multipart uploads: create, part, complete, abort, and the parts there are."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from tests.strict.checksums import ALGORITHMS, checksum
from tests.strict.documents import document, read, text_of
from tests.strict.errors import S3Error
from tests.strict.objects import answer, checksum_elements, hold_to_conditions, serial_of
from tests.strict.state import Bucket, Part, Upload, Version
from tests.strict.store import Result, Store, check_put, described, xml_time
from tests.strict.wire import Call

__all__ = [
    "abort_multipart_upload",
    "complete_multipart_upload",
    "create_multipart_upload",
    "list_parts",
    "upload_part",
]

MOST_PARTS: Final = 10_000

_FULL: Final = frozenset({"crc32", "crc32c", "crc64nvme"})
"""Checksums that can be told of a whole object made of parts."""


def create_multipart_upload(store: Store, bucket: Bucket, call: Call) -> Result:
    """Begin an upload. Conditions are not looked at: they belong to the completion."""
    if {"if-match", "if-none-match"} & call.headers.keys():
        raise S3Error("NotImplemented", "CreateMultipartUpload takes no condition.")
    algorithm = call.headers.get("x-amz-checksum-algorithm", "").lower()
    if algorithm and algorithm not in ALGORITHMS:
        raise S3Error("InvalidRequest", "Checksum algorithm provided is unsupported.")
    usual = "FULL_OBJECT" if algorithm in {"", "crc64nvme"} else "COMPOSITE"
    checksum_type = call.headers.get("x-amz-checksum-type", usual).upper()
    if checksum_type == "FULL_OBJECT" and algorithm and algorithm not in _FULL:
        raise S3Error("InvalidRequest", "The checksum type cannot be used with the algorithm.")
    if checksum_type == "COMPOSITE" and algorithm == "crc64nvme":
        raise S3Error("InvalidRequest", "The checksum type cannot be used with the algorithm.")
    upload = Upload(
        store.new_id(), call.key, store.clock(), store.event, described(call.headers),
        algorithm, checksum_type,
    )  # fmt: skip
    bucket.uploads[upload.upload_id] = upload
    told = {"x-amz-checksum-algorithm": algorithm.upper(), "x-amz-checksum-type": checksum_type}
    inner = _named(bucket, upload)
    body = document("InitiateMultipartUploadResult", inner)
    return Result(answer(200, told if algorithm else {}, body))


def upload_part(store: Store, bucket: Bucket, call: Call) -> Result:
    """Take a part; one of the same number is replaced."""
    upload = _find(bucket, call)
    text = call.query.get("partNumber", "")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PARTS:
        message = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive"
        raise S3Error("InvalidArgument", message)
    check_put(call, store.options)
    told = next(iter(call.checksums), "")
    if upload.algorithm and told != upload.algorithm:
        message = f"Checksum Type mismatch occurred, expected {upload.algorithm}, actual: {told}"
        raise S3Error("InvalidRequest", message)
    part = Part(int(text), call.body, call.md5, store.clock(), call.checksums)
    upload.parts[part.number] = part
    headers = {"ETag": f'"{call.md5.hex()}"', "x-amz-server-side-encryption": "AES256"}
    headers |= {f"x-amz-checksum-{name}": value for name, value in call.checksums.items()}
    return Result(answer(200, headers))


def complete_multipart_upload(store: Store, bucket: Bucket, call: Call) -> Result:
    """Make an object of the parts that are named."""
    upload_id = call.query["uploadId"]
    if store.options.repeats_completion and upload_id in store.completed:
        version = store.versions[store.completed[upload_id]]
        return _completed(store, bucket, version)
    upload = _find(bucket, call)
    parts = _chosen(upload, call, store.options.min_part_bytes)
    body = b"".join(part.body for part in parts)
    told_size = call.headers.get("x-amz-mp-object-size")
    if told_size is not None and told_size != str(len(body)):
        raise S3Error("InvalidRequest", "The provided x-amz-mp-object-size does not match.")
    checksums = _object_checksums(upload, call, parts, body)
    replaced = bucket.current(call.key)
    hold_to_conditions(store, call, replaced)
    digest = hashlib.md5(b"".join(part.md5 for part in parts), usedforsecurity=False)
    version = store.write(
        bucket,
        call.key,
        body,
        f"{store.etag_of(b'', digest.digest())}-{len(parts)}",
        upload.about,
        checksums=checksums,
        checksum_type=upload.checksum_type,
        part_sizes=tuple(len(part.body) for part in parts),
        modified=upload.started,  # S3 dates an object by the beginning of its upload
    )
    del bucket.uploads[upload_id]
    store.completed[upload_id] = version.serial
    done = _completed(store, bucket, version)
    return done._replace(made=version.serial, seen=serial_of(replaced))


def abort_multipart_upload(store: Store, bucket: Bucket, call: Call) -> Result:
    """Forget an upload and its parts."""
    del bucket.uploads[_find(bucket, call).upload_id]
    return Result(answer(204, {}))


def list_parts(store: Store, bucket: Bucket, call: Call) -> Result:
    """Give a page of the parts of an upload."""
    upload = _find(bucket, call)
    after = _number(call.query, "part-number-marker", 0)
    limit = min(_number(call.query, "max-parts", 1000), 1000)
    numbers = sorted(number for number in upload.parts if number > after)
    page = numbers[:limit]
    rows = "".join(_row(upload.parts[number]) for number in page)
    is_truncated = len(numbers) > limit
    inner = (
        f"{_named(bucket, upload)}<PartNumberMarker>{after}</PartNumberMarker>"
        f"<NextPartNumberMarker>{page[-1] if page else 0}</NextPartNumberMarker>"
        f"<MaxParts>{limit}</MaxParts><IsTruncated>{str(is_truncated).lower()}</IsTruncated>"
        f"<StorageClass>{upload.about.storage_class}</StorageClass>{rows}"
    )
    return Result(answer(200, {}, document("ListPartsResult", inner)))


def _find(bucket: Bucket, call: Call) -> Upload:
    found = bucket.uploads.get(call.query["uploadId"])
    if found is None or found.key != call.key:
        raise S3Error("NoSuchUpload", extra={"UploadId": call.query["uploadId"]})
    return found


def _chosen(upload: Upload, call: Call, min_part_bytes: int) -> list[Part]:
    """Give the parts that a completion names, each being what it says."""
    root = read(call.body, "CompleteMultipartUpload")
    named = [(each.findtext("PartNumber", ""), each) for each in root.findall("Part")]
    if not named or not all(number.isdecimal() for number, _ in named):
        raise S3Error("MalformedXML")
    numbers = [int(number) for number, _ in named]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise S3Error("InvalidPartOrder", extra={"UploadId": upload.upload_id})
    chosen: list[Part] = []
    for number, (_, element) in zip(numbers, named, strict=True):
        part = upload.parts.get(number)
        etag = element.findtext("ETag", "").strip('"')
        told = {name: element.findtext(f"Checksum{name.upper()}") for name in ALGORITHMS}
        if part is None or etag != part.md5.hex() or not _agree(part, told):
            extra = {"UploadId": upload.upload_id, "PartNumber": number, "ETag": etag}
            raise S3Error("InvalidPart", extra=extra)
        chosen.append(part)
    for part in chosen[:-1]:
        if len(part.body) < min_part_bytes:
            extra = {
                "ProposedSize": len(part.body), "MinSizeAllowed": min_part_bytes,
                "PartNumber": part.number, "ETag": part.md5.hex(),
            }  # fmt: skip
            raise S3Error("EntityTooSmall", extra=extra)
    return chosen


def _agree(part: Part, told: Mapping[str, str | None]) -> bool:
    return all(value is None or part.checksums.get(name) == value for name, value in told.items())


def _object_checksums(upload: Upload, call: Call, parts: list[Part], body: bytes) -> dict[str, str]:
    """Give the object's checksum, and hold the completion to the one it tells."""
    told_type = call.headers.get("x-amz-checksum-type", upload.checksum_type).upper()
    if upload.algorithm and told_type != upload.checksum_type:
        raise S3Error("BadDigest", "The checksum type does not match the upload's.")
    name = upload.algorithm or next(iter(call.checksums), "crc64nvme")
    if upload.checksum_type == "COMPOSITE":
        joined = b"".join(b64decode(part.checksums[name]) for part in parts)
        value = f"{b64encode(ALGORITHMS[name][1](joined)).decode()}-{len(parts)}"
    else:
        value = checksum(name, body)
    told = call.checksums.get(name)
    if told is not None and told not in {value, value.rpartition("-")[0]}:
        raise S3Error("BadDigest", f"The {name.upper()} you specified did not match.")
    return {name: value}


def _completed(store: Store, bucket: Bucket, version: Version) -> Result:
    headers = store.headers_of(bucket, version)
    del headers["ETag"]  # it stands in the document
    inner = (
        f"<Location>http://strict/{bucket.name}</Location><Bucket>{bucket.name}</Bucket>"
        f"<Key>{text_of(version.key, is_quoted=False)}</Key>"
        f"<ETag>&quot;{version.etag}&quot;</ETag>{checksum_elements(version)}"
    )
    return Result(answer(200, headers, document("CompleteMultipartUploadResult", inner)))


def _named(bucket: Bucket, upload: Upload) -> str:
    key = text_of(upload.key, is_quoted=False)
    return f"<Bucket>{bucket.name}</Bucket><Key>{key}</Key><UploadId>{upload.upload_id}</UploadId>"


def _row(part: Part) -> str:
    checksums = "".join(
        f"<Checksum{name.upper()}>{escape(value)}</Checksum{name.upper()}>"
        for name, value in part.checksums.items()
    )
    return (
        f"<Part><PartNumber>{part.number}</PartNumber>"
        f"<LastModified>{xml_time(part.modified)}</LastModified>"
        f"<ETag>&quot;{part.md5.hex()}&quot;</ETag><Size>{len(part.body)}</Size>{checksums}</Part>"
    )


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal():
        raise S3Error("InvalidArgument", extra={"ArgumentName": name, "ArgumentValue": text})
    return int(text)
