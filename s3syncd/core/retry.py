"""What a failed request means, and when to try again.

One table (`TABLE`) says what each error is; a test walks the error names of the installed CRT and
botocore and fails for one that nobody has judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["TABLE", "Failure", "FailureKind", "classify", "delay_seconds", "is_known"]


class FailureKind(StrEnum):
    """What a failure is, named by whom it concerns and what helps."""

    THROTTLED = "throttled"  # the store asks for less: narrow the window, try again
    TRANSIENT = "transient"  # try the same again, with back-off, for ever
    CREDENTIALS = "credentials"  # refresh them; the site cannot go on without
    BUCKET = "bucket"  # the endpoint or bucket cannot be used: the site's trouble
    CLOCK = "clock"  # this host's clock is wrong: the site's trouble
    PRECONDITION = "precondition"  # not the version we decided on: look again, decide again
    MISSING = "missing"  # no such object or upload
    CONFLICT = "conflict"  # somebody else is at it, or our parts are gone: look again
    REFUSED = "refused"  # never in this form: a problem of that path
    LOCAL = "local"  # our side: the file changed under us, or we asked wrongly
    CANCELED = "canceled"  # we ended it ourselves


class Failure(NamedTuple):
    """Why a request had no success.

    `code` is the S3 code or the client's error name. `status` is the HTTP status, None without an
    answer. `message` is for the operator and holds no secret. `is_unknown`: no answer came, the
    effect may have been applied, now or later.
    """

    kind: FailureKind
    code: str
    status: int | None
    message: str
    is_unknown: bool


_BY_KIND: Final[Mapping[FailureKind, str]] = {
    FailureKind.THROTTLED: """
        429 503
        SlowDown SlowDownRead SlowDownWrite ServiceUnavailable Busy Throttling
        ThrottlingException ThrottledException RequestThrottled RequestThrottledException
        RequestLimitExceeded TooManyRequests TooManyRequestsException BandwidthLimitExceeded
        LimitExceededException ProvisionedThroughputExceededException EC2ThrottledException
        PriorRequestNotComplete CapacityNotAvailableError AWS_ERROR_S3_SLOW_DOWN
    """,
    FailureKind.TRANSIENT: """
        200 201 202 408 500 502 504
        InternalError InternalFailure InternalServerError RequestTimeout RequestTimeoutException
        IncompleteBody BadDigest XAmzContentSHA256Mismatch XAmzContentChecksumMismatch
        TransientError DeadlineExceeded UnexpectedAnswer AWS_ERROR_SYS_CALL_FAILURE
        AWS_ERROR_S3_INTERNAL_ERROR AWS_ERROR_S3_REQUEST_TIMEOUT AWS_ERROR_S3_MISSING_ETAG
        AWS_ERROR_S3_RESPONSE_CHECKSUM_MISMATCH AWS_ERROR_S3_INVALID_RESPONSE_STATUS
        AWS_ERROR_S3_NON_RECOVERABLE_ASYNC_ERROR AWS_ERROR_S3_*
        AWS_ERROR_HTTP_* AWS_IO_*
        BrokenPipeError BlockingIOError ConnectionResetError ConnectionAbortedError
        ConnectionError ConnectionClosedError ReadTimeoutError TimeoutError
        HTTPClientError IncompleteReadError ResponseStreamingError ChecksumError
        FlexibleChecksumError EventStreamError
    """,
    FailureKind.CREDENTIALS: """
        401
        ExpiredToken ExpiredTokenException TokenRefreshRequired InvalidToken InvalidSecurity
        InvalidAccessKeyId InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch
        MissingSecurityHeader CredentialsNotSupported UnauthorizedAccess AuthFailure
        AWS_AUTH_* AWS_ERROR_S3EXPRESS_CREATE_SESSION_FAILED
        NoCredentialsError PartialCredentialsError CredentialRetrievalError
        UnknownCredentialError MetadataRetrievalError ProfileNotFound ConfigNotFound
        ConfigParseError InfiniteLoopConfigError RefreshWithMFAUnsupportedError NoAuthTokenError
        TokenRetrievalError UnauthorizedSSOTokenError SSOError SSOTokenLoadError
        UnknownTokenProviderError LoginError LoginTokenLoadError LoginRefreshRequired
        LoginInsufficientPermissions LoginAuthorizationCodeError
        InvalidIMDSEndpointError InvalidIMDSEndpointModeError
    """,
    FailureKind.BUCKET: """
        301 302 307 308
        NoSuchBucket InvalidBucketName InvalidBucketState PermanentRedirect TemporaryRedirect
        Redirect AuthorizationHeaderMalformed AuthorizationQueryParametersError
        IllegalLocationConstraintException AllAccessDisabled AccountProblem NotSignedUp
        UserSuspended InvalidPayer InvalidRegion KMS.DisabledException KMS.NotFoundException
        AWS_IO_SOCKET_CONNECTION_REFUSED AWS_IO_SOCKET_NO_ROUTE_TO_HOST AWS_IO_SOCKET_TIMEOUT
        AWS_IO_SOCKET_NETWORK_DOWN AWS_IO_DNS_* AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE
        AWS_IO_TLS_BAD_* AWS_IO_TLS_CERTIFICATE_* AWS_IO_TLS_PEER_* AWS_IO_TLS_INVALID_*
        AWS_IO_TLS_HOST_NAME_MISMATCH AWS_IO_TLS_NO_ROOT_CERTIFICATE_FOUND
        AWS_IO_TLS_ERROR_DEFAULT_TRUST_STORE_NOT_FOUND AWS_IO_TLS_*_UNSUPPORTED
        AWS_IO_SOCKS5_* AWS_ERROR_HTTP_PROXY_*
        AWS_ERROR_S3_PROXY_PARSE_FAILED AWS_ERROR_S3_UNSUPPORTED_PROXY_SCHEME
        ConnectionRefusedError ConnectTimeoutError EndpointConnectionError SSLError
        ProxyConnectionError
        InvalidProxiesConfigError EndpointProviderError EndpointResolutionError
        EndpointVariantError BaseEndpointResolverError InvalidEndpointConfigurationError
        InvalidEndpointDiscoveryConfigurationError UnknownEndpointError UnknownFIPSEndpointError
        UnknownEndpointResolutionBuiltInName NoRegionError InvalidRegionError UnknownRegionError
        ServiceNotInRegionError InvalidDNSNameError InvalidHostLabelError
        InvalidS3AddressingStyleError InvalidS3UsEast1RegionalEndpointConfigError
        InvalidSTSRegionalEndpointsConfigError UnsupportedS3ArnError
        UnsupportedS3AccesspointConfigurationError UnsupportedS3ConfigurationError
        UnsupportedS3ControlArnError UnsupportedS3ControlConfigurationError
        UnsupportedOutpostResourceError UnsupportedSignatureVersionError
        UnknownSignatureVersionError InvalidConfigError InvalidChecksumConfigError
        InvalidDefaultsMode InvalidRetryConfigurationError InvalidRetryModeError
        InvalidMaxRetryAttemptsError
    """,
    FailureKind.CLOCK: """
        RequestTimeTooSkewed RequestExpired RequestInTheFuture
        AWS_ERROR_S3_REQUEST_TIME_TOO_SKEWED AWS_IO_TLS_CERTIFICATE_NOT_YET_VALID
    """,
    FailureKind.PRECONDITION: """
        304 412 416
        PreconditionFailed NotModified InvalidRange AWS_ERROR_S3_OBJECT_MODIFIED
    """,
    FailureKind.MISSING: "404 410 NoSuchKey NoSuchUpload NoSuchVersion NotFound",
    FailureKind.CONFLICT: """
        409
        OperationAborted ConditionalRequestConflict InvalidPart InvalidPartOrder
    """,
    FailureKind.REFUSED: """
        400 402 403 405 406 411 413 414 415 422 451 501
        AccessDenied Forbidden InvalidObjectState ObjectLocked MethodNotAllowed NotImplemented
        KeyTooLongError KeyTooLong InvalidURI InvalidObjectName XMinioInvalidObjectName
        XMinioInvalidResourceName XMinioParentIsObject XMinioObjectExistsAsDirectory
        EntityTooLarge EntityTooSmall MaxMessageLengthExceeded MetadataTooLarge
        InvalidArgument InvalidRequest InvalidStorageClass InvalidTag InvalidHeader
        QuotaExceeded QuotaExceededException XMinioAdminBucketQuotaExceeded BadRequest
    """,
    FailureKind.LOCAL: """
        InvalidDigest MissingContentLength MissingRequestBodyError MalformedXML MalformedPOSTRequest
        AWS_ERROR_S3_INCORRECT_CONTENT_LENGTH AWS_ERROR_S3_FILE_MODIFIED
        AWS_ERROR_S3_BUFFER_ALLOCATION_FAILED AWS_ERROR_S3_EXCEEDS_MEMORY_LIMIT
        AWS_ERROR_S3_PART_SIZE_EXCEEDS_MEMORY_LIMIT AWS_ERROR_S3_INVALID_MEMORY_LIMIT_CONFIG
        AWS_ERROR_S3_CHECKSUM_CALCULATION_FAILED AWS_ERROR_S3_RECV_FILE_*
        AWS_ERROR_S3_MISSING_UPLOAD_ID AWS_ERROR_S3_INVALID_RANGE_HEADER
        AWS_ERROR_S3_MULTIRANGE_HEADER_UNSUPPORTED
        AWS_ERROR_HTTP_INVALID_* AWS_ERROR_HTTP_MISSING_BODY_STREAM
        AWS_ERROR_HTTP_OUTGOING_STREAM_LENGTH_INCORRECT AWS_ERROR_HTTP_CALLBACK_FAILURE
        AWS_ERROR_HTTP_MANUAL_WRITE_* AWS_IO_STREAM_* AWS_IO_FILE_* AWS_IO_SHARED_LIBRARY_*
        AWS_AUTH_SIGNING_ILLEGAL_* AWS_ERROR_CRT_CALLBACK_EXCEPTION AWS_ERROR_*
        DEPRECATED_AWS_IO_INVALID_FILE_HANDLE
        ValueError TypeError MemoryError OverflowError NotImplementedError IndexError KeyError
        RuntimeError UnicodeEncodeError FileNotFoundError OSError
        ParamValidationError ValidationError MissingParametersError UnknownParameterError
        AliasConflictParameterError RangeError UnknownKeyError UnseekableStreamError
        AwsChunkedWrapperError MD5UnavailableError MissingDependencyException
        MissingServiceIdError InvalidExpressionError UndefinedModelAttributeError
        UnknownClientMethodError UnknownServiceError UnknownServiceStyle
        UnsupportedServiceProtocolsError ApiVersionNotFoundError DataNotFoundError
        OperationNotPageableError PaginationError WaiterError WaiterConfigError
        StubResponseError StubAssertionError UnStubbedResponseError
    """,
    FailureKind.CANCELED: """
        AWS_ERROR_S3_CANCELED AWS_ERROR_S3_PAUSED AWS_ERROR_S3_REQUEST_HAS_COMPLETED
        AWS_ERROR_HTTP_STREAM_CANCELLED AWS_ERROR_HTTP_CONNECTION_MANAGER_SHUTTING_DOWN
        AWS_ERROR_HTTP_STREAM_MANAGER_SHUTTING_DOWN AWS_IO_EVENT_LOOP_SHUTDOWN
        AWS_ERROR_IO_OPERATION_CANCELLED AWS_ERROR_EXTERNAL_REQUEST_SHUTDOWN
    """,
}
# Why some stand where they do. BadDigest, IncompleteBody: the bytes broke on the way, the file is
# read again. InvalidPart: the store lost our parts, a new upload is begun. 403 and AccessDenied:
# one key may be forbidden; said of the whole bucket by `is_bucket_wide`. Refused, DNS, TLS, no
# answer to a connect: no request to that endpoint can succeed, so the site waits and looks instead
# of failing each file.
# 200-202, UnexpectedAnswer: an answer that is a success in name only (no ETag, an error in the
# body, a proxy's page).


TABLE: Final[Mapping[str, FailureKind]] = {
    word: kind for kind, words in _BY_KIND.items() for word in words.split()
}
"""Status, S3 code, CRT error name or exception class name -> kind. `*` stands for any text."""

# Families, longest first, so that the narrower one wins.
_FAMILIES: Final = tuple(
    (word.partition("*")[0], word.partition("*")[2], kind)
    for word, kind in sorted(TABLE.items(), key=lambda row: -len(row[0]))
    if "*" in word
)

# Names that only say "the answer was not a success": the code or the status says more.
_GENERIC_NAMES: Final = frozenset({
    "AWS_ERROR_S3_INVALID_RESPONSE_STATUS",
    "AWS_ERROR_S3_NON_RECOVERABLE_ASYNC_ERROR",
    "ClientError",
})  # fmt: skip

# What a failure of a request about the whole bucket (first contact, listing) says of the site.
_BUCKET_WIDE: Final = frozenset({FailureKind.REFUSED, FailureKind.MISSING})


def _look_up(word: str) -> FailureKind | None:
    if word in TABLE:
        return TABLE[word]
    for start, end, kind in _FAMILIES:
        if word.startswith(start) and word.endswith(end):
            return kind
    return None


def is_known(word: str) -> bool:
    """Tell whether somebody judged this status, S3 code, CRT error name or exception name."""
    return word in _GENERIC_NAMES or _look_up(word) is not None


def classify(
    *, status: int | None, code: str, name: str, is_bucket_wide: bool = False
) -> FailureKind:
    """Say what a failed request means.

    The S3 code says most, then the client's error name, then the status. What nobody judged is
    REFUSED if the store answered 4xx (the same request will be refused again; it is retried
    hourly), and TRANSIENT otherwise (retried with back-off): neither is ever given up.

    Args:
        status: HTTP status, or None when no answer came.
        code: the code of the S3 error body; empty when there was none.
        name: the CRT error name or the exception's class name; may be empty.
        is_bucket_wide: the request was about the bucket, not about one key: a refusal or a 404
            is then the site's trouble.
    """
    kind = _kind_of(status, code, name)
    return FailureKind.BUCKET if is_bucket_wide and kind in _BUCKET_WIDE else kind


def _kind_of(status: int | None, code: str, name: str) -> FailureKind:
    precise = "" if name in _GENERIC_NAMES else name
    for word in (code, precise, "" if status is None else str(status)):
        if word and (kind := _look_up(word)):
            return kind
    if status is not None and 400 <= status < 500:
        return FailureKind.REFUSED
    return FailureKind.TRANSIENT


MAX_DOUBLINGS: Final = 30
"""Attempts beyond which the delay cannot grow: keeps 2 ** attempt a small number."""


def delay_seconds(attempt: int, jitter: float, *, base: float = 1.0, cap: float = 300.0) -> float:
    """Give how long to wait before an attempt: full jitter, so that failures do not march in step.

    Args:
        attempt: 1 for the first time again.
        jitter: a random number in [0, 1), drawn by the caller.
        base: most seconds before the first time again.
        cap: most seconds ever; 5 min, so that recovery shows soon after the trouble ends.
    """
    doublings = min(max(attempt - 1, 0), MAX_DOUBLINGS)
    return float(min(cap, base * 2**doublings) * jitter)
