"""Operations on buckets themselves."""

from __future__ import annotations

from tests.strict.documents import document, read
from tests.strict.errors import S3Error
from tests.strict.objects import answer
from tests.strict.state import Bucket
from tests.strict.store import Result, Store, xml_time
from tests.strict.wire import Call

__all__ = [
    "create_bucket",
    "delete_bucket",
    "delete_lifecycle",
    "get_lifecycle",
    "get_location",
    "get_versioning",
    "head_bucket",
    "list_buckets",
    "put_lifecycle",
    "put_versioning",
]


def list_buckets(store: Store, _call: Call) -> Result:
    """Give every bucket, of whichever region."""
    rows = "".join(
        f"<Bucket><Name>{name}</Name><CreationDate>{xml_time(each.created)}</CreationDate></Bucket>"
        for name, each in sorted(store.buckets.items())
    )
    owner = "<Owner><ID>strict</ID></Owner>"
    body = document("ListAllMyBucketsResult", f"{owner}<Buckets>{rows}</Buckets>")
    return Result(answer(200, {}, body))


def create_bucket(store: Store, call: Call) -> Result:
    """Make a bucket; a LocationConstraint names a region."""
    region = ""
    if call.body:
        root = read(call.body, "CreateBucketConfiguration")
        region = root.findtext("LocationConstraint", "")
    store.create_bucket(call.bucket, region=region)
    return Result(answer(200, {"Location": f"/{call.bucket}"}))


def head_bucket(_store: Store, bucket: Bucket, _call: Call) -> Result:
    """Tell that a bucket is there, and where."""
    return Result(answer(200, {"x-amz-bucket-region": bucket.region}))


def delete_bucket(store: Store, bucket: Bucket, _call: Call) -> Result:
    """Delete a bucket without versions; unfinished uploads go with it."""
    if bucket.stacks:
        raise S3Error("BucketNotEmpty", extra={"BucketName": bucket.name})
    del store.buckets[bucket.name]
    return Result(answer(204, {}))


def get_location(_store: Store, bucket: Bucket, _call: Call) -> Result:
    """Tell the region; that of us-east-1 is empty."""
    region = "" if bucket.region == "us-east-1" else bucket.region
    return Result(answer(200, {}, document("LocationConstraint", region)))


def get_versioning(_store: Store, bucket: Bucket, _call: Call) -> Result:
    """Tell whether versions are kept; nothing at all where they never were."""
    status = f"<Status>{bucket.versioning}</Status>" if bucket.versioning else ""
    return Result(answer(200, {}, document("VersioningConfiguration", status)))


def put_versioning(_store: Store, bucket: Bucket, call: Call) -> Result:
    """Keep versions from now on, or no longer; it cannot be taken back to never."""
    status = read(call.body, "VersioningConfiguration").findtext("Status", "")
    if status == "Enabled":
        bucket.versioning = "Enabled"
    elif status == "Suspended":
        bucket.versioning = "Suspended"
    else:
        raise S3Error("MalformedXML")
    return Result(answer(200, {}))


def get_lifecycle(_store: Store, bucket: Bucket, _call: Call) -> Result:
    """Give the lifecycle document as it was put."""
    if not bucket.lifecycle:
        raise S3Error("NoSuchLifecycleConfiguration", extra={"BucketName": bucket.name})
    return Result(answer(200, {"Content-Type": "application/xml"}, bucket.lifecycle))


def put_lifecycle(_store: Store, bucket: Bucket, call: Call) -> Result:
    """Keep a lifecycle document; nothing is ever done by it."""
    read(call.body, "LifecycleConfiguration")
    bucket.lifecycle = call.body
    return Result(answer(200, {}))


def delete_lifecycle(_store: Store, bucket: Bucket, _call: Call) -> Result:
    """Forget the lifecycle document."""
    bucket.lifecycle = b""
    return Result(answer(204, {}))
