"""Bounds what boto3 reads: no answer may take all memory, or hold a thread for ever.

boto3 reads each answer whole, however long it is, waits for each piece of it anew, and follows
redirects by asking the same server where to go, which may be redirected again.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final, cast

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPResponse,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.parsers import ResponseParserError
from botocore.session import Session

from s3syncd.s3.evidence import ANSWERED, Doubt, prove_contact, prove_known
from s3syncd.s3.listing import MAX_PAGE_TAGS
from s3syncd.s3.settings import PATIENT_READ_TIMEOUT_SECONDS, whole_answer_seconds

__all__ = ["AnswerTooLarge", "Bounded", "BoundedSession", "Pipe", "UnmeasuredAnswer"]

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""A page of 1,000 uploads, each of the longest key in escapes, has 7 MiB."""

_MOST_LOOKS: Final = 3
"""How often boto3 may ask in a row where a bucket is: once, where the store sends it on, and once
more where that was throttled."""


class AnswerTooLarge(Exception):  # noqa: N818 - says what came, not what failed
    """An answer longer than any that was asked for."""


class UnmeasuredAnswer(ResponseParserError):  # noqa: N818 - as above
    """First contact was answered, without saying how long the answer is."""


class BoundedSession(Session):
    """A session all of whose clients read within bounds: those that ask for roles, too."""

    def create_client(self, *args: Any, **options: Any) -> Any:
        """Create a client of botocore."""
        client: Any = super().create_client(*args, **options)
        # No public way to say how a client reads.
        client._endpoint.http_session._pool_classes_by_scheme.update(  # noqa: SLF001
            http=_Pool, https=_TlsPool
        )
        service, events = client.meta.service_model.service_id.hyphenize(), client.meta.events
        if service == "s3":
            for operation in ANSWERED:
                events.register(f"before-parse.s3.{operation}", _check)
        events.register(f"before-send.{service}", _Looks().count)
        return client


class _Looks:
    """Counts what the bucket's region is asked by; nothing else here sends HeadBucket."""

    def __init__(self) -> None:
        self._here = threading.local()

    def count(self, event_name: str, **_told: object) -> None:
        looks = self._here.__dict__.get("looks", 0) + 1 if event_name.endswith("HeadBucket") else 0
        self._here.looks = looks
        if looks > _MOST_LOOKS:
            raise ResponseParserError("The store sends on without saying where to.")


def _check(operation_model: Any, response_dict: dict[str, Any], **_told: object) -> None:
    """Believe no success that any web server could have answered with."""
    status, body, operation = response_dict["status_code"], response_dict["body"], operation_model
    if not 200 <= status < 300:
        return
    try:
        _check_success(operation.name, response_dict["headers"], body)
    except Doubt as doubt:
        if operation.name == "ListObjectsV2":  # first contact
            kind = UnmeasuredAnswer if doubt.is_unmeasured else ResponseParserError
            raise kind(str(doubt)) from doubt
        # As botocore itself has it where it finds an error behind a success.
        response_dict.update(status_code=500, body=b"")


def _check_success(operation: str, headers: Mapping[str, str], body: bytes) -> None:
    if operation == "ListObjectsV2":
        prove_contact({name.lower(): value for name, value in headers.items()}, body)
    else:
        prove_known(operation, body)


class Pipe(io.RawIOBase):
    """What comes over a socket for one answer; fails where that is too much, or too slow.

    Args:
        sock: its timeout is how long the store may be silent.
        clock: monotonic seconds.
    """

    def __init__(self, sock: socket.socket, *, clock: Callable[[], float] = monotonic) -> None:
        self._sock, self._clock = sock, clock
        self._raw = cast("io.RawIOBase", sock.makefile("rb", buffering=0))
        self._patience = sock.gettimeout() or PATIENT_READ_TIMEOUT_SECONDS
        self._deadline = clock() + whole_answer_seconds(self._patience)
        self._left_bytes, self._left_tags = MAX_ANSWER_BYTES, MAX_PAGE_TAGS

    def readable(self) -> bool:
        """Tell what `BufferedReader` asks."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Wait for some bytes.

        Raises:
            TimeoutError: the store is silent, or its answer does not end.
            AnswerTooLarge: it is too long.
        """
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError("The answer does not end.")
        self._sock.settimeout(min(self._patience, left))
        count = self._raw.readinto(buffer) or 0
        self._left_bytes -= count
        self._left_tags -= bytes(memoryview(buffer)[:count]).count(b"<")
        if self._left_bytes < 0 or self._left_tags < 0:  # a parser makes 150 bytes of a tag of 3
            raise AnswerTooLarge("The answer is larger than any that was asked for.")
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Source:
    """As much of a socket as an answer is read from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(Pipe(self._sock))


class Bounded(AWSHTTPResponse):
    """An answer that is read within bounds."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        source = cast("socket.socket", _Source(sock))
        super().__init__(source, *args, **{"status_tuple": None, **options})


class _Connection(AWSHTTPConnection):
    response_class = Bounded


class _TlsConnection(AWSHTTPSConnection):
    response_class = Bounded


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TlsConnection
