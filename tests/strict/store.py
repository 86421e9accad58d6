"""The store that operations work on: state, options, clock and randomness in one place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from time import gmtime, strftime
from typing import Final, NamedTuple

from tests.strict.checksums import checksum
from tests.strict.errors import S3Error
from tests.strict.signature import Keys
from tests.strict.state import NULL, Bucket, Described, Version
from tests.strict.wire import Answer, Call

__all__ = [
    "ARCHIVED",
    "Options",
    "Result",
    "Store",
    "check_key",
    "check_put",
    "checksums_of",
    "described",
    "http_time",
    "xml_time",
]

MAX_KEY_BYTES: Final = 1024
MAX_METADATA_BYTES: Final = 2048
ARCHIVED: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})

_CLASSES: Final = ARCHIVED | {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
    "GLACIER_IR",
}  # fmt: skip
_KEPT_HEADERS: Final = (
    "cache-control", "content-disposition", "content-encoding", "content-language",
    "content-type", "expires", "x-amz-website-redirect-location",
)  # fmt: skip
_META: Final = "x-amz-meta-"
_BUCKET_NAME: Final = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ID_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


@dataclass
class Options:
    """How the store behaves where stores differ.

    Attributes:
        region: of this endpoint.
        keys: who may sign; None: nobody has to.
        has_conditions: False: conditions are silently ignored, as some stores do.
        needs_conditions: True: a write or deletion without one is refused, as by a bucket policy.
        has_md5_etags: False: ETags are random, as with a KMS key.
        repeats_completion: a completion asked for again is answered as the first one was; False:
            NoSuchUpload, which the documentation allows too, and which is harder on the client.
        min_part_bytes: of all parts but the last.
        max_put_bytes: of one PUT.
    """

    region: str = "us-east-1"
    keys: Keys | None = None
    has_conditions: bool = True
    needs_conditions: bool = False
    has_md5_etags: bool = True
    repeats_completion: bool = False
    min_part_bytes: int = 5 * 2**20
    max_put_bytes: int = 5 * 2**30


class Result(NamedTuple):
    """What an operation gives: the answer, and serials of the versions it made and looked at."""

    answer: Answer
    made: int | None = None
    seen: int | None = None


@dataclass
class Store:
    """Everything there is.

    Attributes:
        clock: epoch seconds.
        random: makes the ids.
        versions: all versions ever made, by serial; none is ever forgotten.
        event: number of the request that is being carried out.
    """

    options: Options
    clock: Callable[[], float]
    random: Random
    buckets: dict[str, Bucket] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    completed: dict[str, int] = field(default_factory=dict)
    event: int = 0

    def create_bucket(self, name: str, *, region: str = "") -> Bucket:
        """Make a bucket, in this endpoint's region unless another one is named."""
        if not _BUCKET_NAME.fullmatch(name) or ".." in name:
            raise S3Error("InvalidBucketName", extra={"BucketName": name})
        if name in self.buckets:
            raise S3Error("BucketAlreadyOwnedByYou", extra={"BucketName": name})
        bucket = Bucket(name, region or self.options.region, self.clock())
        self.buckets[name] = bucket
        return bucket

    def bucket(self, name: str) -> Bucket:
        """Find a bucket.

        Raises:
            S3Error: NoSuchBucket, PermanentRedirect for one of another region.
        """
        found = self.buckets.get(name)
        if found is None:
            raise S3Error("NoSuchBucket", extra={"BucketName": name})
        if found.region != self.options.region:
            endpoint = f"{name}.s3.{found.region}.amazonaws.com"
            raise S3Error(
                "PermanentRedirect",
                extra={"Endpoint": endpoint, "Bucket": name},
                headers={"x-amz-bucket-region": found.region},
            )
        return found

    def new_id(self) -> str:
        """Make an id for a version or an upload."""
        return "".join(self.random.choices(_ID_LETTERS, k=32))

    def etag_of(self, body: bytes, md5: bytes = b"") -> str:
        """Give the ETag of an object that was put whole."""
        if not self.options.has_md5_etags:
            return f"{self.random.getrandbits(128):032x}"
        return (md5 or hashlib.md5(body, usedforsecurity=False).digest()).hex()

    def write(
        self,
        bucket: Bucket,
        key: str,
        body: bytes,
        etag: str,
        about: Described,
        *,
        checksums: Mapping[str, str] | None = None,
        checksum_type: str = "FULL_OBJECT",
        part_sizes: tuple[int, ...] = (),
        modified: float | None = None,
    ) -> Version:
        """Make a version of an object the current one."""
        version = Version(
            serial=len(self.versions),
            key=key,
            version_id=self.new_id() if bucket.versioning == "Enabled" else NULL,
            modified=self.clock() if modified is None else modified,
            body=body,
            etag=etag,
            about=about,
            # S3 computes one where none was told; so do we, when somebody asks.
            checksums=checksums or {},
            checksum_type=checksum_type,
            part_sizes=part_sizes,
        )
        self.versions.append(version)
        bucket.push(version, self.event)
        return version

    def write_marker(self, bucket: Bucket, key: str) -> Version:
        """Put a delete marker on top."""
        version_id = self.new_id() if bucket.versioning == "Enabled" else NULL
        marker = Version(len(self.versions), key, version_id, self.clock(), is_marker=True)
        self.versions.append(marker)
        bucket.push(marker, self.event)
        return marker

    def headers_of(self, bucket: Bucket, version: Version) -> dict[str, str]:
        """Give what every answer about a version tells."""
        headers = {"ETag": f'"{version.etag}"', "x-amz-server-side-encryption": "AES256"}
        if not self.options.has_md5_etags:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = "arn:aws:kms:strict"
        if bucket.versioning:
            headers["x-amz-version-id"] = version.version_id
        return headers


def described(headers: Mapping[str, str], *, previous: Described | None = None) -> Described:
    """Read what a write tells about its object.

    Args:
        headers: of the request.
        previous: what a copy keeps of its source; the storage class is never kept.

    Raises:
        S3Error: InvalidStorageClass, MetadataTooLarge.
    """
    storage_class = headers.get("x-amz-storage-class", "STANDARD")
    if storage_class not in _CLASSES:
        raise S3Error("InvalidStorageClass", extra={"StorageClassRequested": storage_class})
    if previous is not None:
        return Described(previous.headers, previous.metadata, storage_class)
    metadata = {
        name.removeprefix(_META): value for name, value in headers.items() if name.startswith(_META)
    }
    size = sum(len(name) + len(value.encode()) for name, value in metadata.items())
    if size > MAX_METADATA_BYTES:
        extra = {"Size": size, "MaxSizeAllowed": MAX_METADATA_BYTES}
        raise S3Error("MetadataTooLarge", extra=extra)
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    kept.setdefault("content-type", "binary/octet-stream")
    encodings = [each.strip() for each in kept.pop("content-encoding", "").split(",")]
    if left := [each for each in encodings if each not in {"", "aws-chunked"}]:
        kept["content-encoding"] = ",".join(left)
    return Described(kept, metadata, storage_class)


def checksums_of(version: Version) -> Mapping[str, str]:
    """Give the checksums kept with a version; CRC64NVME where the writer told none."""
    if version.checksums or version.part_sizes:
        return version.checksums
    return {"crc64nvme": checksum("crc64nvme", version.body)}


def check_key(key: str) -> None:
    """Refuse a key that is too long."""
    size = len(key.encode())
    if size > MAX_KEY_BYTES:
        extra = {"Size": size, "MaxSizeAllowed": MAX_KEY_BYTES}
        raise S3Error("KeyTooLongError", extra=extra)


def check_put(call: Call, options: Options) -> None:
    """Refuse a body that is too large for one request."""
    if len(call.body) > options.max_put_bytes:
        extra = {"ProposedSize": len(call.body), "MaxSizeAllowed": options.max_put_bytes}
        raise S3Error("EntityTooLarge", extra=extra)


def http_time(seconds: float) -> str:
    """Write a time for a header."""
    return strftime("%a, %d %b %Y %H:%M:%S GMT", gmtime(seconds))


def xml_time(seconds: float) -> str:
    """Write a time for a document; S3 keeps whole seconds."""
    return strftime("%Y-%m-%dT%H:%M:%S.000Z", gmtime(seconds))
