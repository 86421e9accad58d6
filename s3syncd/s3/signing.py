"""Signs requests that we send ourselves: AWS Signature Version 4, in headers.

The body of an object is not signed but proved by Content-MD5, which is; S3 verifies it before it
keeps anything. The form is that of AWS's "Authenticating Requests (AWS Signature Version 4)"; a
test compares it with what botocore makes of the same requests.
"""

from __future__ import annotations

import hmac
import time
from hashlib import sha256
from typing import Final

from s3syncd.s3.wire import Frozen

__all__ = ["Signer"]

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"


class Signer:
    """Signs for one region with the credentials of one moment; for any thread.

    Args:
        credentials: of now; new ones are another signer.
        region: that of the bucket.
        host: as in the Host header.

    Attributes:
        is_sendable: the credentials can stand in a header; others would end it.
    """

    def __init__(self, credentials: Frozen, region: str, host: str) -> None:
        self._credentials = credentials
        self._region = region
        self._fixed = [("host", host)]
        if credentials.session_token:
            self._fixed.append(("x-amz-security-token", credentials.session_token))
        self.is_sendable = f"{credentials.access_key}{credentials.session_token}".isprintable()
        self._day = _Day("", "", b"")
        self._second: tuple[int, str] = (-1, "")

    def head(
        self,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        *,
        wall_seconds: float,
        body_sha256: str = _UNSIGNED,
    ) -> str:
        """Give the lines of the signed head of a request, without the empty one at the end.

        Args:
            method: in capitals.
            target: path and query, quoted as it is sent.
            headers: names in lower case, values without spaces around them or two in a row; Host
                and those of the signature are added.
            wall_seconds: since the epoch; S3 wants it within 15 minutes of its own clock.
            body_sha256: in hexadecimal digits; by default the body is not signed.
        """
        now = self._stamp(wall_seconds)
        day = self._day_of(now)
        of_body = ("x-amz-content-sha256", body_sha256)
        signed = [*headers, *self._fixed, of_body, ("x-amz-date", now)]
        signed.sort()
        names = ";".join([name for name, _ in signed])
        lines = [f"{name}:{value}" for name, value in signed]
        path, _, query = target.partition("?")
        if query:
            # By name, then value: "a=" is before "a-b=", though "-" is before "=".
            query = "&".join(sorted(query.split("&"), key=lambda pair: pair.partition("=")))
        canonical = "\n".join(lines)
        asked = f"{method}\n{path}\n{query}\n{canonical}\n\n{names}\n{body_sha256}"
        digest = sha256(asked.encode()).hexdigest()
        to_sign = f"{_ALGORITHM}\n{now}\n{day.scope}\n{digest}"
        signature = hmac.digest(day.key, to_sign.encode(), "sha256").hex()
        sent = "\r\n".join(lines)
        return (
            f"{method} {target} HTTP/1.1\r\n{sent}\r\nauthorization:{_ALGORITHM} "
            f"Credential={self._credentials.access_key}/{day.scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )

    def _stamp(self, wall_seconds: float) -> str:
        second = int(wall_seconds)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            self._second = (second, text)
        return text

    def _day_of(self, now: str) -> _Day:
        day = self._day
        if not now.startswith(day.date) or not day.date:
            day = self._day = _day(self._credentials.secret_access_key, now[:8], self._region)
        return day


class _Day:
    """What is the same for all requests of a day: scope, and the key made for it."""

    __slots__ = ("date", "key", "scope")

    def __init__(self, date: str, scope: str, key: bytes) -> None:
        self.date, self.scope, self.key = date, scope, key


def _day(secret: str, date: str, region: str) -> _Day:
    key = f"AWS4{secret}".encode()
    for word in (date, region, "s3", "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return _Day(date, f"{date}/{region}/s3/aws4_request", key)
