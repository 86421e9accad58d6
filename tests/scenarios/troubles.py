"""Failures that a bucket tells."""

from __future__ import annotations

from s3syncd.core.retry import FailureKind
from tests.fakes_bucket import failure

__all__ = ["BROKEN", "HUNG_UP", "NO_ANSWER", "REFUSED"]

BROKEN = failure(FailureKind.TRANSIENT, "InternalError", 500)
REFUSED = failure(FailureKind.REFUSED, "AccessDenied", 403)
NO_ANSWER = failure(FailureKind.TRANSIENT, "AWS_IO_SOCKET_TIMEOUT", is_unknown=True)
"""The bucket was waited for in vain; what was asked may have been done."""
HUNG_UP = failure(FailureKind.TRANSIENT, "AWS_ERROR_HTTP_CONNECTION_CLOSED", is_unknown=True)
"""The bucket ended the connection; what was asked may have been done."""
