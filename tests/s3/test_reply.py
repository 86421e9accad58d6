"""What an answer is taken for: a table, row by row, without a network."""

from __future__ import annotations

import pytest

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.answer import answer_of, failure_of
from s3syncd.s3.reply import (
    Reply,
    S3Failure,
    canceled,
    failed,
)
from s3syncd.s3.wire import WireRequest

MD5 = "0123456789abcdef0123456789abcdef"
PUT = WireRequest("PutObject", "PUT", "/b/k", needs="etag")
LIST = WireRequest("ListObjectsV2", "GET", "/b?list-type=2", is_effect=False, needs="body")
HEAD = WireRequest("HeadObject", "HEAD", "/b/k", is_effect=False, needs="etag")
DELETE = WireRequest("DeleteObject", "DELETE", "/b/k")
PART = WireRequest("UploadPart", "PUT", "/b/k?partNumber=1", needs="etag")
COPY = WireRequest("CopyObject", "PUT", "/b/k", needs="body")
PEEK = WireRequest("GetObject", "GET", "/b/k", is_effect=False)
DENIED = b"<Error><Code>AccessDenied</Code><Message>no &amp; no</Message></Error>"


def reply(headers: dict[str, str] | None = None, body: bytes = b"", status: int = 200) -> Reply:
    return Reply(status, headers or {}, body, None)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        pytest.param(403, DENIED, "AccessDenied", id="told by the document"),
        pytest.param(502, b"<html>", "HTTP502", id="told by the status"),
        pytest.param(None, b"", "AWS_IO_SOCKET_CLOSED", id="told by the client"),
    ],
)
def test_a_failure_is_named_by_the_best_there_is(
    status: int | None, body: bytes, code: str
) -> None:
    made = failed(status=status, name="AWS_IO_SOCKET_CLOSED", message="closed", body=body)
    assert made.failure is not None
    assert made.failure.code == code
    assert made.failure.message == ("no & no" if body == DENIED else "closed")
    assert made.status == (status or 0)


def test_what_was_never_sent_has_no_effect() -> None:
    failure = canceled().failure
    assert failure is not None
    assert (failure.kind, failure.is_unknown) == (FailureKind.CANCELED, False)
    assert str(S3Failure(failure)) == "Canceled: The bucket is closing."


@pytest.mark.parametrize(
    ("request_", "status", "headers", "body", "code"),
    [
        pytest.param(PUT, 200, [("ETag", MD5)], b"", "", id="a success"),
        pytest.param(PUT, 200, [], b"", "AWS_ERROR_S3_MISSING_ETAG", id="no etag"),
        pytest.param(PUT, 200, [("ETag", "")], b"", "AWS_ERROR_S3_MISSING_ETAG", id="empty etag"),
        pytest.param(PUT, 204, [("ETag", MD5)], b"", "AWS_ERROR_S3_MISSING_ETAG", id="not a 200"),
        pytest.param(LIST, 200, [("Content-Length", "2")], b"ab", "", id="whole"),
        pytest.param(
            LIST, 200, [("Content-Length", "3")], b"ab", "IncompleteReadError", id="too short"
        ),
        pytest.param(
            LIST, 200, [("Transfer-Encoding", "chunked")], b"ab", "", id="whole in chunks"
        ),
        pytest.param(
            LIST, 200, [("Transfer-Encoding", "chunked")], b"", "IncompleteReadError",
            id="no chunk at all",
        ),
        pytest.param(LIST, 200, [], b"ab", "IncompleteReadError", id="no length at all"),
        pytest.param(DELETE, 204, [], b"", "", id="nothing needed"),
        pytest.param(HEAD, 200, [("ETag", MD5)], b"", "", id="a look"),
        pytest.param(HEAD, 206, [("ETag", MD5)], b"", "", id="a look at a part"),
        pytest.param(HEAD, 200, [], b"", "AWS_ERROR_S3_MISSING_ETAG", id="a look at a page"),
    ],
)  # fmt: skip
def test_a_success_is_one_only_with_all_that_it_must_carry(
    request_: WireRequest, status: int, headers: list[tuple[str, str]], body: bytes, code: str
) -> None:
    failure = answer_of(request_, status, headers, body).failure
    assert (failure.code if failure else "") == code
    if failure:
        assert failure.is_unknown is request_.is_effect


XML = b'<?xml version="1.0" encoding="UTF-8"?>'
SPACE = b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
BROKEN = XML + b"<Error><Code>InternalError</Code><Message>try again</Message></Error>"


@pytest.mark.parametrize("request_", [PUT, PART, DELETE, COPY], ids=lambda each: each.operation)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(BROKEN, "InternalError: try again", id="an error"),
        pytest.param(b"\xef\xbb\xbf\n " + BROKEN, "InternalError", id="an error behind a mark"),
        pytest.param(DENIED, "AccessDenied: no & no", id="an error that would be final"),
        pytest.param(b"<html>please log in</html>", "", id="a page"),
        pytest.param(b"<!DOCTYPE html><html></html>", "", id="a declared page"),
        pytest.param(b"try again later", "", id="a word"),
        pytest.param(XML + b"<ListBucketResult/>", "", id="another answer"),
    ],
)
def test_an_effect_with_a_body_that_is_not_its_own_may_not_have_been_applied(
    request_: WireRequest, body: bytes, said: str
) -> None:
    headers = {"etag": f'"{MD5}"', "content-length": str(len(body))}
    failure = answer_of(request_, 200, headers, body).failure
    assert failure is not None
    assert (failure.kind, failure.code) == (FailureKind.TRANSIENT, "UnexpectedAnswer")
    assert failure.is_unknown
    assert said in failure.message


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        pytest.param(PUT, b"", id="none"),
        pytest.param(PUT, b" \r\n", id="blank"),
        pytest.param(DELETE, b"\xef\xbb\xbf", id="a mark"),
        pytest.param(DELETE, XML, id="a declaration of nothing"),
        pytest.param(PUT, XML + b"\n<PutObjectResult/>", id="of a store that tells more"),
        pytest.param(DELETE, b"<DeleteResult" + SPACE + b"/>", id="as of many objects"),
        pytest.param(DELETE, b"<s3:DeleteObjectResponse/>", id="with a prefix"),
        pytest.param(COPY, XML + b"\n<CopyObjectResult" + SPACE + b"/>", id="of a copy"),
        pytest.param(COPY, b"", id="none of a copy"),
        pytest.param(PEEK, b"<html>", id="content"),
    ],
)
def test_a_body_that_is_blank_or_the_result_makes_no_doubt(
    request_: WireRequest, body: bytes
) -> None:
    headers = {"etag": f'"{MD5}"', "content-length": str(len(body))}
    assert answer_of(request_, 200, headers, body).failure is None


class _Named(Exception):  # noqa: N818 - a stand-in for the CRT's
    name = "AWS_ERROR_S3_CANCELED"
    message = "canceled"


class _Refused(_Named):
    name = "AWS_IO_SOCKET_CONNECTION_REFUSED"
    message = "refused"


class _Lost(_Named):
    name = "AWS_IO_SOCKET_CLOSED"
    message = "closed"


class _Answered(_Named):
    name = "AWS_ERROR_S3_INVALID_RESPONSE_STATUS"
    status_code = 403
    headers = (("X-Amz-Request-Id", "r"),)
    body = DENIED


class _Accepted(_Answered):
    status_code = 202
    body = b""


def failure_for(request: WireRequest, error: BaseException | None, *, is_expired: bool) -> Failure:
    failure = failure_of(request, error, is_expired=is_expired).failure
    assert failure is not None
    return failure


@pytest.mark.parametrize(
    ("error", "is_expired", "code", "is_unknown"),
    [
        pytest.param(None, False, "DeadlineExceeded", True, id="never let go of"),
        pytest.param(_Named(), True, "DeadlineExceeded", True, id="its deadline was over"),
        pytest.param(_Named(), False, "AWS_ERROR_S3_CANCELED", True, id="canceled by us"),
        pytest.param(_Lost(), True, "AWS_IO_SOCKET_CLOSED", True, id="closed at the deadline"),
        pytest.param(_Refused(), False, _Refused.name, False, id="never sent"),
        pytest.param(_Answered(), False, "AccessDenied", False, id="refused in words"),
        pytest.param(_Accepted(), False, "HTTP202", True, id="accepted but not done"),
        pytest.param(ValueError("x"), False, "ValueError", True, id="an error of Python's"),
    ],
)
def test_an_effect_is_unknown_unless_it_cannot_be(
    error: BaseException | None, is_expired: bool, code: str, is_unknown: bool
) -> None:
    failure = failure_for(PUT, error, is_expired=is_expired)
    assert (failure.code, failure.is_unknown) == (code, is_unknown)
    assert not failure_for(HEAD, error, is_expired=is_expired).is_unknown


class _Lost412(_Answered):
    status_code = 412
    body = b"<Error><Code>PreconditionFailed</Code></Error>"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(PUT, (FailureKind.TRANSIENT, True), id="none was set"),
        pytest.param(
            PUT._replace(headers=(("if-match", '"e"'),)), (FailureKind.PRECONDITION, False),
            id="the version",
        ),
        pytest.param(
            PUT._replace(headers=(("if-none-match", "*"),)), (FailureKind.PRECONDITION, False),
            id="no object",
        ),
        pytest.param(DELETE, (FailureKind.PRECONDITION, False), id="a deletion"),
    ],
)  # fmt: skip
def test_a_condition_that_a_put_did_not_set_was_not_lost_by_it(
    request_: WireRequest, expected: tuple[FailureKind, bool]
) -> None:
    failure = failure_for(request_, _Lost412(), is_expired=False)
    assert (failure.kind, failure.is_unknown) == expected


class _Unexplained(_Answered):
    body = b""


class _Timeout(_Unexplained):
    status_code = 400  # RequestTimeout and ExpiredToken are such, where there is a document


@pytest.mark.parametrize(
    ("request_", "error", "kind"),
    [
        pytest.param(HEAD, _Unexplained(), FailureKind.TRANSIENT, id="a look has no document"),
        pytest.param(HEAD, _Timeout(), FailureKind.TRANSIENT, id="nor has this one"),
        pytest.param(HEAD, _Answered(), FailureKind.REFUSED, id="a look that is told why"),
        pytest.param(PUT, _Unexplained(), FailureKind.REFUSED, id="a body that is not wanted"),
        pytest.param(
            HEAD._replace(is_bucket_wide=True), _Unexplained(), FailureKind.BUCKET, id="the bucket"
        ),
    ],
)
def test_a_look_refused_without_a_reason_may_be_the_credentials_and_is_soon_repeated(
    request_: WireRequest, error: BaseException, kind: FailureKind
) -> None:
    assert failure_for(request_, error, is_expired=False).kind is kind


def test_headers_that_were_named_already_are_taken_as_they_are() -> None:
    told = {"etag": '"e"', "content-length": "0"}
    request = WireRequest("PutObject", "PUT", "/b/k", needs="etag")

    reply = answer_of(request, 200, told, b"")

    assert reply.failure is None
    assert reply.headers is told
    assert answer_of(request, 200, {"content-length": "0"}, b"").failure is not None
