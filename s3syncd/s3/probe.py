"""Probes a bucket for `s3syncd check`: may we, does the store keep its word, what lies in wait?

Nothing is left behind: writing is probed by an upload in parts that is aborted, conditions by
writes that have to be refused, on a random key below the prefix. Where a store accepts what it
should refuse, the object is removed again, and if that fails the finding names it.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.client import Client
from s3syncd.s3.keeping import judge_lifecycle, judge_versioning
from s3syncd.s3.reply import S3Failure

__all__ = ["Control", "Wanted", "probe_bucket", "probe_contacted"]

_NO_ETAG = '"00000000000000000000000000000000"'
"""The MD5 of nothing that anybody has: a condition on it never holds."""

_WRONG_MD5 = b64encode(bytes(16)).decode()

# AWS says in its words which right was missing.
_NAMED_RIGHT = re.compile(r"not authorized to perform: (s3:[A-Za-z]+)")
_RIGHTS = re.compile(r"s3:[A-Za-z]+(?: and s3:[A-Za-z]+)*")

_UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})


class Control(Protocol):
    """What is used of a `Client` after contact."""

    def blocking(self) -> Any:
        """Give the client for control calls."""

    def failures(self) -> AbstractContextManager[None]:
        """Turn its exceptions into `S3Failure`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the site will ask of the store."""

    is_retiring: bool
    needs_conditions: bool
    storage_class: str | None


def probe_bucket(
    settings: BucketSettings,
    wanted: Wanted,
    *,
    client: Client | None = None,
    bucket: Bucket | None = None,
) -> Iterator[Finding]:
    """Probe one bucket and prefix, one finding each; stops early where nothing else can work."""
    client = client or Client(settings, on_request=lambda _event: None)  # a probe knows no limits
    bucket = bucket or Bucket(settings)
    try:
        try:
            contact = client.make_contact()
        except SiteUnavailable as error:
            yield Finding(Verdict.FAILED, "bucket", error.message, error.hint)
            return
        place = f"{settings.bucket}/{settings.prefix}"
        yield Finding(Verdict.OK, "credentials", "found and accepted")
        yield Finding(
            Verdict.OK, "region", f"{contact.endpoint.region}, at {contact.endpoint.host}"
        )
        yield Finding(Verdict.OK, "list", f"{place} can be listed")
        yield _probe_data_plane(bucket, settings.prefix)
        yield from probe_contacted(client, settings, wanted)
    finally:
        bucket.close(1.0)
        client.close()


def probe_contacted(client: Control, settings: BucketSettings, wanted: Wanted) -> Iterator[Finding]:
    """Probe rights, the store's word and lifecycle rules over a client that has had contact."""
    return _Probes(client, settings, wanted).all()


def _probe_data_plane(bucket: Bucket, prefix: str) -> Finding:
    """List once more, by the client that transfers: it has its own TLS, proxy and signing."""
    try:
        bucket.connect()
        failure = bucket.call(bucket.list_page(prefix, max_keys=1)).failure
    except SiteUnavailable as error:
        return Finding(Verdict.FAILED, "transfer", error.message, error.hint)
    if failure is None:
        return Finding(Verdict.OK, "transfer", "the transfer client reaches the bucket too")
    return _failed("transfer", failure, "check proxies (HTTPS_PROXY, NO_PROXY) and ca_bundle")


class _Probes:
    """The probes after first contact; each is a request or two on a random key."""

    def __init__(self, client: Control, settings: BucketSettings, wanted: Wanted) -> None:
        self._client = client
        self._api: Any = client.blocking()
        self._settings = settings
        self._wanted = wanted
        self._key = f"{settings.prefix}s3syncd-check-{secrets.token_hex(16)}"
        self._is_writing = True
        self._arn = f"arn:aws:s3:::{settings.bucket}/{settings.prefix}*"

    def all(self) -> Iterator[Finding]:
        yield self._probe_read()
        yield from self._probe_write()
        yield self._probe_condition()
        yield self._probe_delete()
        yield from self._probe_lifecycle()
        yield self._probe_versioning()

    def _ask(
        self, operation: str, **parameters: object
    ) -> tuple[Mapping[str, Any], Failure | None]:
        parameters.setdefault("Bucket", self._settings.bucket)
        ask: Callable[..., Mapping[str, Any]] = getattr(self._api, operation)
        try:
            with self._client.failures():
                return ask(**parameters), None
        except S3Failure as error:
            return {}, error.failure

    def _probe_read(self) -> Finding:
        _, failure = self._ask("head_object", Key=self._key)
        if failure is None or failure.status == 404:
            return Finding(Verdict.OK, "read", "objects can be looked at")
        return _failed("read", failure, f"allow s3:GetObject on {self._arn}")

    def _probe_write(self) -> Iterator[Finding]:
        more = {"StorageClass": self._wanted.storage_class} if self._wanted.storage_class else {}
        answer, failure = self._ask("create_multipart_upload", Key=self._key, **more)
        if failure:
            self._is_writing = False
            yield _failed("write", failure, f"allow s3:PutObject on {self._arn}")
            return
        yield Finding(Verdict.OK, "write", "uploads can be begun")
        upload = {"Key": self._key, "UploadId": answer["UploadId"]}
        yield self._probe_checksum(upload)
        yield self._probe_abort(upload)

    def _probe_abort(self, upload: Mapping[str, Any]) -> Finding:
        _, failure = self._ask("abort_multipart_upload", **upload)
        if failure is None:
            return Finding(Verdict.OK, "abort", "uploads can be aborted; nothing was left behind")
        if failure.status == 404 and not self._is_left(upload):
            # rclone gives an upload up when the content of a part is wrong.
            text = "the store dropped the upload by itself; nothing was left behind"
            return Finding(Verdict.OK, "abort", text)
        what = f"allow s3:AbortMultipartUpload on {self._arn}; left behind: {self._key}"
        return _failed("abort", failure, what)

    def _is_left(self, upload: Mapping[str, Any]) -> bool:
        """Whether the upload, or an object made of it, is still there."""
        answer, _ = self._ask("list_multipart_uploads", Prefix=self._key)
        ids = {str(each["UploadId"]) for each in answer.get("Uploads", ())}
        _, missing = self._ask("head_object", Key=self._key)
        return upload["UploadId"] in ids or missing is None

    def _probe_checksum(self, upload: Mapping[str, Any]) -> Finding:
        # On a part of an upload that is never completed, so that no store can make it an object.
        _, failure = self._ask(
            "upload_part", PartNumber=1, Body=b"x", ContentMD5=_WRONG_MD5, **upload
        )
        if failure is None:
            return Finding(
                Verdict.WARNING,
                "checksum",
                "the store takes content whose Content-MD5 is wrong",
                "use https: here only TLS and the returned ETag protect content on its way",
            )
        if failure.kind is FailureKind.REFUSED and failure.status == 403:
            return _failed("checksum", failure, f"allow s3:PutObject on {self._arn}")
        return Finding(Verdict.OK, "checksum", "wrong content is refused")

    def _probe_condition(self) -> Finding:
        answer, failure = self._ask("put_object", Key=self._key, Body=b"", IfMatch=_NO_ETAG)
        if failure and failure.status in {404, 409, 412}:
            return Finding(Verdict.OK, "conditions", "a write over an unseen version is refused")
        if failure and failure.code not in _UNSUPPORTED:
            # A condition lets the writer learn what is there, which is a right to read on AWS.
            rights = "s3:PutObject and s3:GetObject" if self._is_writing else "s3:PutObject"
            return _failed("conditions", failure, f"allow {rights} on {self._arn}")
        left = "" if failure else self._remove(answer)
        verdict = Verdict.FAILED if self._wanted.needs_conditions or left else Verdict.WARNING
        remedy = "each deletion looks first, which leaves a moment; let no one else write there"
        if self._wanted.needs_conditions:
            remedy = "set on_drift: overwrite, or use a store with conditional writes"
        return Finding(verdict, "conditions", "the store ignores If-Match", left or remedy)

    def _probe_delete(self) -> Finding:
        if not self._wanted.is_retiring:
            return Finding(Verdict.OK, "delete", "not needed: retire_deleted is false")
        # A condition that cannot hold: an unconditional one would leave a marker where there are
        # versions.
        answer, failure = self._ask("delete_object", Key=self._key, IfMatch=_NO_ETAG)
        if failure is None or failure.status in {404, 409, 412} or failure.code in _UNSUPPORTED:
            left = self._remove_version(answer)
            if left:
                return Finding(Verdict.FAILED, "delete", "a delete marker was left behind", left)
            return Finding(Verdict.OK, "delete", "objects can be deleted")
        return _failed("delete", failure, f"allow s3:DeleteObject on {self._arn}")

    def _remove(self, answer: Mapping[str, Any]) -> str:
        """Remove the object a store should not have made; tells what to do where that fails."""
        if answer.get("VersionId"):
            return self._remove_version(answer)
        _, failure = self._ask("delete_object", Key=self._key)
        return f"delete the object {self._key} ({failure.code})" if failure else ""

    def _remove_version(self, answer: Mapping[str, Any]) -> str:
        version = answer.get("VersionId")
        if not version or version == "null":
            return ""
        _, failure = self._ask("delete_object", Key=self._key, VersionId=version)
        return f"delete version {version} of {self._key} ({failure.code})" if failure else ""

    def _probe_lifecycle(self) -> Iterator[Finding]:
        answer, failure = self._ask("get_bucket_lifecycle_configuration")
        is_none = failure and failure.status == 404
        if failure and not is_none and failure.code not in _UNSUPPORTED:
            yield Finding(
                Verdict.WARNING,
                "lifecycle",
                f"the rules cannot be read ({failure.code})",
                "allow s3:GetLifecycleConfiguration, or see yourself that none expires the prefix",
            )
            return
        yield from judge_lifecycle(
            answer.get("Rules", ()),
            self._settings.prefix,
            has_rules=failure is None or failure.code not in _UNSUPPORTED,
        )

    def _probe_versioning(self) -> Finding:
        answer, failure = self._ask("get_bucket_versioning")
        if failure and failure.status != 404 and failure.code not in _UNSUPPORTED:
            return Finding(
                Verdict.WARNING,
                "versioning",
                f"whether there are versions cannot be read ({failure.code})",
                "allow s3:GetBucketVersioning, or see yourself that it is enabled",
            )
        state = str(answer.get("Status") or "")
        settings = self._settings
        return judge_versioning(
            state,
            settings.bucket,
            self._wanted.is_retiring,
            endpoint=settings.endpoint,
            profile=settings.profile,
        )


def _failed(probe: str, failure: Failure, remedy: str) -> Finding:
    message = f"{failure.code}: {failure.message}".rstrip(": ")
    if named := _NAMED_RIGHT.search(failure.message):
        remedy = _RIGHTS.sub(named[1], remedy, count=1)
    if failure.status not in {401, 403, None}:
        remedy = f"if it is about rights: {remedy}"
    return Finding(Verdict.FAILED, probe, message, remedy)
