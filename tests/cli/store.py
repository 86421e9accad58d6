"""A store for probes of `check`: answers as the test says, and tells what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s3syncd.core.finding import Finding
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.bucket import BucketSettings
from s3syncd.s3.probe import Wanted, probe_contacted
from s3syncd.s3.reply import S3Failure

__all__ = ["DENIED", "GOOD_STORE", "NO_UPLOAD", "PRECONDITION", "FakeStore", "probed"]

DENIED = (403, "AccessDenied")
PRECONDITION = (412, "PreconditionFailed")
NO_UPLOAD = (404, "NoSuchUpload")

# What a store that keeps its word answers; None is success.
GOOD_STORE: dict[str, Any] = {
    "head_object": (404, "404"),
    "create_multipart_upload": None,
    "upload_part": (400, "BadDigest"),
    "abort_multipart_upload": None,
    "list_multipart_uploads": None,
    "put_object": PRECONDITION,
    "delete_object": PRECONDITION,
    "get_bucket_lifecycle_configuration": {
        "Rules": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"x": 7}}]
    },
    "get_bucket_versioning": {"Status": "Enabled"},
}


class FakeStore:
    """A control client whose answers are scripted; notes what it was asked."""

    def __init__(self, **changes: Any) -> None:
        self.answers = GOOD_STORE | changes
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def blocking(self) -> FakeStore:
        return self

    @contextmanager
    def failures(self) -> Iterator[None]:
        yield

    def __getattr__(self, operation: str) -> Any:
        def ask(**parameters: Any) -> dict[str, Any]:
            self.asked.append((operation, parameters))
            answer = self.answers[operation]
            if isinstance(answer, tuple):
                status, code, *words = answer
                kind = FailureKind.REFUSED
                raise S3Failure(
                    Failure(kind, code, status, " ".join(words) or "no", is_unknown=False)
                )
            return {"UploadId": "u", **(answer or {})}

        return ask


def probed(store: FakeStore, **wanted: Any) -> dict[str, Finding]:
    settings = BucketSettings(bucket="b", prefix="p/")
    given = {"is_retiring": True, "needs_conditions": False, "storage_class": None} | wanted
    return {each.probe: each for each in probe_contacted(store, settings, Wanted(**given))}
