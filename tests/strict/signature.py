"""Signature version 4: who sent a request, and that nobody changed it on the way."""

from __future__ import annotations

import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import gmtime, strftime, strptime
from typing import Final, NamedTuple
from urllib.parse import quote

from tests.strict.errors import S3Error
from tests.strict.wire import Request

__all__ = ["Keys", "Signed", "authenticate", "sent_at", "signature_of"]

SKEW_SECONDS: Final = 900.0
"""S3 refuses a request whose time is more than 15 minutes from its own."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TIME: Final = "%Y%m%dT%H%M%SZ"
_HEADER: Final = re.compile(
    rf"{_ALGORITHM}\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)\s*"
).fullmatch
_SPACES: Final = re.compile(r" +")


@dataclass
class Keys:
    """Who may sign: access key -> secret, and the token that temporary ones need.

    Attributes:
        expired: access keys whose tokens are over.
    """

    secrets: Mapping[str, str]
    tokens: Mapping[str, str] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    _signing: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    def signing_key(self, access_key: str, date: str, region: str) -> bytes:
        """Give the key of a day, region and S3."""
        name = (access_key, date, region)
        found = self._signing.get(name)
        if found is None:
            found = f"AWS4{self.secrets[access_key]}".encode()
            for step in (date, region, "s3", "aws4_request"):
                found = _mac(found, step)
            self._signing[name] = found
        return found


class Signed(NamedTuple):
    """A request whose signature is right: what the chunks of its payload are signed with."""

    access_key: str
    key: bytes
    scope: str
    time: str
    signature: str

    def of_chunk(self, previous: str, chunk: bytes) -> str:
        """Give the signature of a chunk of a streamed payload."""
        empty = hashlib.sha256(b"").hexdigest()
        return self._sign("PAYLOAD", previous, empty, hashlib.sha256(chunk).hexdigest())

    def of_trailer(self, previous: str, trailer: bytes) -> str:
        """Give the signature of the trailers of a streamed payload."""
        return self._sign("TRAILER", previous, hashlib.sha256(trailer).hexdigest())

    def _sign(self, what: str, *lines: str) -> str:
        text = "\n".join((f"{_ALGORITHM}-{what}", self.time, self.scope, *lines))
        return _mac(self.key, text).hex()


def authenticate(
    request: Request, path: str, query: Mapping[str, str], *, keys: Keys, region: str, now: float
) -> Signed:
    """Check who signed a request, when, for where, and that it is the one that was signed.

    Args:
        request: as received.
        path: decoded, with a leading slash.
        query: decoded.
        keys: who may sign.
        region: of this endpoint.
        now: epoch seconds.

    Raises:
        S3Error: with the code that S3 uses for what is wrong.
    """
    credential, signed_headers, signature = _parts(request.headers)
    access_key, date, told_region, rest = _scope(credential)
    time = _time(request.headers, now)
    if access_key not in keys.secrets:
        raise S3Error("InvalidAccessKeyId", extra={"AWSAccessKeyId": access_key})
    _check_token(access_key, request.headers, keys)
    if told_region != region or rest != "s3/aws4_request" or not time.startswith(date):
        wrong = f"The region '{told_region}' is wrong; expecting '{region}'"
        raise S3Error("AuthorizationHeaderMalformed", wrong, extra={"Region": region})
    _check_coverage(signed_headers, request.headers)
    key = keys.signing_key(access_key, date, region)
    scope = f"{date}/{region}/s3/aws4_request"
    canonical = _canonical(request, path, query, signed_headers)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    expected = _mac(key, f"{_ALGORITHM}\n{time}\n{scope}\n{digest}").hex()
    if not hmac.compare_digest(expected, signature):
        extra = {"CanonicalRequest": canonical, "SignatureProvided": signature}
        raise S3Error("SignatureDoesNotMatch", extra=extra)
    return Signed(access_key, key, scope, time, signature)


def sent_at(headers: Mapping[str, str]) -> float:
    """Give the epoch seconds at which a request says that it was signed; 0 where it does not."""
    try:
        return timegm(strptime(headers["x-amz-date"], _TIME))
    except (KeyError, ValueError):
        return 0.0


def signature_of(headers: Mapping[str, str]) -> str:
    """Give the signature that a request bears, right or wrong; '' for none."""
    return headers.get("authorization", "").rpartition("Signature=")[2]


def _parts(headers: Mapping[str, str]) -> tuple[str, list[str], str]:
    text = headers.get("authorization")
    if text is None:
        raise S3Error("AccessDenied", "Anonymous requests are not allowed.")
    found = _HEADER(text)
    if found is None:
        raise S3Error("AuthorizationHeaderMalformed")
    return found[1], found[2].split(";"), found[3]


def _scope(credential: str) -> tuple[str, str, str, str]:
    pieces = credential.split("/")
    if len(pieces) != 5:
        raise S3Error("AuthorizationHeaderMalformed")
    return pieces[0], pieces[1], pieces[2], "/".join(pieces[3:])


def _time(headers: Mapping[str, str], now: float) -> str:
    text = headers.get("x-amz-date", "")
    try:
        sent = timegm(strptime(text, _TIME))
    except ValueError:
        raise S3Error("AccessDenied", "A valid x-amz-date header is required.") from None
    if abs(sent - now) > SKEW_SECONDS:
        server_time = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(now))
        extra = {
            "RequestTime": text, "ServerTime": server_time,
            "MaxAllowedSkewMilliseconds": int(SKEW_SECONDS * 1000),
        }  # fmt: skip
        raise S3Error("RequestTimeTooSkewed", extra=extra)
    return text


def _check_token(access_key: str, headers: Mapping[str, str], keys: Keys) -> None:
    token = headers.get("x-amz-security-token", "")
    if access_key in keys.expired:
        raise S3Error("ExpiredToken")
    if token != keys.tokens.get(access_key, ""):
        raise S3Error("InvalidToken")


def _check_coverage(signed: list[str], headers: Mapping[str, str]) -> None:
    needed = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    missing = sorted(needed - set(signed))
    if missing:
        text = "There were headers present in the request which were not signed"
        raise S3Error("AccessDenied", text, extra={"HeadersNotSigned": ",".join(missing)})
    if "x-amz-content-sha256" not in headers:
        text = "Missing required header for this request: x-amz-content-sha256"
        raise S3Error("InvalidRequest", text)


def _canonical(
    request: Request, path: str, query: Mapping[str, str], signed_headers: list[str]
) -> str:
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in query.items())
    headers = request.headers
    lines = [f"{name}:{_SPACES.sub(' ', headers.get(name, '').strip())}" for name in signed_headers]
    return "\n".join((
        request.method,
        quote(path, safe="/~"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *lines,
        "",
        ";".join(signed_headers),
        headers["x-amz-content-sha256"],
    ))  # fmt: skip


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
