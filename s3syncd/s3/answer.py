"""Reads what the CRT made of an answer: which successes are none, which failures had no effect."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.reply import Reply, error_of, failed
from s3syncd.s3.wire import WireRequest

__all__ = ["answer_of", "failure_of"]

# Errors that end a request before its first byte is sent, or that say the store did nothing.
_HAS_NO_EFFECT: Final = (
    "AWS_IO_SOCKET_CONNECTION_REFUSED", "AWS_IO_SOCKET_NO_ROUTE_TO_HOST",
    "AWS_IO_SOCKET_NETWORK_DOWN", "AWS_IO_DNS_", "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE",
    "AWS_IO_TLS_NEGOTIATION_TIMEOUT", "AWS_AUTH_", "AWS_ERROR_S3_SLOW_DOWN",
    "AWS_ERROR_S3_REQUEST_TIME_TOO_SKEWED", "AWS_ERROR_HTTP_INVALID_",
    "AWS_ERROR_HTTP_PROXY_", "AWS_ERROR_S3_INCORRECT_CONTENT_LENGTH",
)  # fmt: skip

_HALF_DONE: Final = frozenset({201, 202})

_ROOTS: Final = {
    "PutObject": (b"PutObject",),
    "UploadPart": (b"UploadPart",),
    "DeleteObject": (b"DeleteObject", b"DeleteResult"),
    "CopyObject": (b"CopyObject",),
}
"""What the root of a success's document begins with, where there is one; S3 gives one to a copy.
Any other one (a page of a proxy, an error) was made by somebody who may have done nothing."""

_ROOT: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*)?(?:<(?:\w+:)?(\w+)|\Z)")

_WHOLE: Final = frozenset({200})
_ETAGS_WITH: Final = {"HeadObject": frozenset({200, 206})}  # 206: of one part

_CONDITIONS: Final = frozenset({"if-match", "if-none-match"})

# What a store answers to a key that is forbidden, and to much that is over in a moment.
_VAGUE: Final = frozenset({400, 403})


def answer_of(
    request: WireRequest,
    status: int,
    headers: Iterable[tuple[str, str]] | dict[str, str],
    body: bytes,
) -> Reply:
    """Give the reply for what the CRT takes for a success, after looking at it ourselves."""
    if isinstance(headers, dict):
        named = headers
    else:
        named = {name.lower(): value for name, value in headers}
    reply = Reply(status, named, body, None)
    if request.needs == "etag" and not _has_etag(request, reply):
        name, message = "AWS_ERROR_S3_MISSING_ETAG", "The answer lost its ETag."
    elif request.needs == "body" and not _is_whole(reply):
        name, message = "IncompleteReadError", "The answer is shorter than announced."
    elif body and not _is_its_own(request, body):
        name, message = "UnexpectedAnswer", _told_by(body)
    else:
        return reply
    return failed(status=None, name=name, message=message, is_unknown=request.is_effect)


def _has_etag(request: WireRequest, reply: Reply) -> bool:
    statuses = _ETAGS_WITH.get(request.operation, _WHOLE)
    return reply.status in statuses and bool(reply.headers.get("etag"))


def _is_its_own(request: WireRequest, body: bytes) -> bool:
    """Tell whether a body is blank, or the document that the operation is answered with."""
    roots = _ROOTS.get(request.operation)
    if roots is None:  # its reader will see
        return True
    found = _ROOT.match(body)
    return found is not None and (found[1] or roots[0]).startswith(roots)


def _told_by(body: bytes) -> str:
    code, message, _ = error_of(body)
    said = f": {code}: {message}" if code else ""
    return f"A success with a body that is not of this request{said}."


def _is_whole(reply: Reply) -> bool:
    """Tell whether the body is all there; the CRT gives an empty one if its end was the close."""
    announced = reply.size_bytes
    if announced is None:
        return "chunked" in reply.headers.get("transfer-encoding", "") and bool(reply.body)
    return announced == len(reply.body)


def failure_of(request: WireRequest, error: BaseException | None, *, is_expired: bool) -> Reply:
    """Give the reply for an exception of the CRT.

    Args:
        request: what was sent.
        error: S3ResponseError (has status, headers, body), AwsCrtError (a name only), a builtin,
            or None for a request that the CRT did not let go of.
        is_expired: it was canceled because its deadline was over.
    """
    name = getattr(error, "name", None) or type(error).__name__
    if error is None or (is_expired and name == "AWS_ERROR_S3_CANCELED"):
        message = "No answer within the deadline."
        failure = Failure(
            FailureKind.TRANSIENT, "DeadlineExceeded", None, message, request.is_effect
        )
        return Reply(0, {}, b"", failure)
    status = getattr(error, "status_code", None)
    reply = failed(
        status=status,
        name=name,
        message=str(getattr(error, "message", error)),
        headers={key.lower(): value for key, value in getattr(error, "headers", None) or ()},
        body=getattr(error, "body", None) or b"",
        is_bucket_wide=request.is_bucket_wide,
    )
    is_harmless = getattr(error, "is_unsent", False) or name.startswith(_HAS_NO_EFFECT)
    if request.is_effect and not is_harmless and not _is_answered(reply, status):
        reply = _unknown(reply)
    if _is_of_another(request, reply):
        reply = _unknown(_transient(reply))
    return _soon_again(reply) if request.method == "HEAD" and status in _VAGUE else reply


def _is_answered(reply: Reply, status: int | None) -> bool:
    """Whether the store said what became of the effect: not with a server's error, nor half of it.

    The CRT names some answers without their status; they are no answers here.
    """
    failure = reply.failure
    if status is None or failure is None or status in _HALF_DONE:
        return False
    is_servers = status >= 500 or status == 408 or failure.code == "RequestTimeout"
    return not (is_servers and failure.kind is FailureKind.TRANSIENT)


def _is_of_another(request: WireRequest, reply: Reply) -> bool:
    """Whether a PUT that set no condition lost one: a proxy said so, or another's answer came."""
    failure = reply.failure
    if request.operation != "PutObject" or failure is None:
        return False
    if failure.kind is not FailureKind.PRECONDITION:
        return False
    return not any(name in _CONDITIONS for name, _ in request.headers)


def _unknown(reply: Reply) -> Reply:
    failure = reply.failure
    return reply._replace(failure=failure and failure._replace(is_unknown=True))


def _soon_again(reply: Reply) -> Reply:
    """Read a refused HEAD, whose answer has no document that tells why.

    It may be the policy for that key, but also credentials or a clock that are wrong for a moment,
    or a request that came too slowly; a path that is refused would wait for an hour.
    """
    failure = reply.failure
    if failure is None or failure.kind is not FailureKind.REFUSED or error_of(reply.body)[0]:
        return reply
    return _transient(reply)


def _transient(reply: Reply) -> Reply:
    failure = reply.failure
    return reply._replace(failure=failure and failure._replace(kind=FailureKind.TRANSIENT))
