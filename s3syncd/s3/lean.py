"""A client without boto3, for a bucket of which everything is known beforehand: see `plain`.

It makes contact, or leaves that to botocore: what is refused here is tried again there, where
regions are followed, and explained. Only a success that is none is not: it would be one there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from s3syncd.s3.caller import Caller, Unanswered
from s3syncd.s3.control import Control
from s3syncd.s3.evidence import prove_contact
from s3syncd.s3.http1 import Answer
from s3syncd.s3.plain import Plain
from s3syncd.s3.settings import (
    CONTROL_READ_TIMEOUT_SECONDS,
    PATIENT_READ_TIMEOUT_SECONDS,
    PROBE_READ_TIMEOUT_SECONDS,
)
from s3syncd.s3.signing import Signer
from s3syncd.s3.wire import Contact, WireRequest, query_of

__all__ = ["LeanClient"]


class LeanClient:
    """Speaks to one bucket, with keys that never change.

    Args:
        plain: where the bucket is, and the keys.
        on_request: told the name of each request that is sent.

    Raises:
        OSError: the file of authorities cannot be used.
    """

    def __init__(self, plain: Plain, *, on_request: Callable[[str], None]) -> None:
        self._plain = plain
        self._on_request = on_request
        self._signer = Signer(plain.keys, plain.endpoint.region, plain.endpoint.host)
        self._caller = Caller(plain.endpoint)

    def make_contact(self, prefix: str) -> Contact | None:
        """List one key; None where that was no success.

        Raises:
            Doubt: what answered with a success is not S3.
        """
        pairs = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", "1")]
        query = query_of([*pairs, ("prefix", prefix)])
        target = f"{self._plain.base_path or '/'}?{query}"
        request = WireRequest("ListObjectsV2", "GET", target, is_effect=False)
        try:
            answer = self._ask(request, PROBE_READ_TIMEOUT_SECONDS)
            if answer.status != 200:
                return None
        except Unanswered:
            return None
        if not prove_contact(answer.headers, answer.body):
            return None
        return Contact(self._plain.endpoint, self._plain.base_path, lambda: self._plain.keys)

    def blocking(self, *, is_patient: bool = False) -> Control:
        """Give what control requests are made with: one attempt each."""
        patience = PATIENT_READ_TIMEOUT_SECONDS if is_patient else CONTROL_READ_TIMEOUT_SECONDS
        return Control(
            lambda request: self._ask(request, patience),
            self._plain.base_path,
            token=self._plain.keys.session_token,
        )

    def failures(self) -> AbstractContextManager[None]:
        """Do nothing: what `blocking` gives fails with `S3Failure` already."""
        return nullcontext()

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()

    def _ask(self, request: WireRequest, patience_seconds: float) -> Answer:
        self._on_request(request.operation)
        return self._caller.ask(request, self._signer, patience_seconds=patience_seconds)
