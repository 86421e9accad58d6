"""Copies, objects that are read and the like; the only module that knows awscrt.

What the CRT asks for (each has a contract test in tests/s3/test_crt_contract.py): one client never
talks to two ports of a host; Content-Length is always told; nothing that a callback reaches may
keep the request alive once it is done; retries are off; no more requests than connections are
handed over, since one that waits inside the CRT cannot be cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeAlias

from awscrt import auth, checksums, http, io, s3  # type: ignore[import-untyped]
from awscrt.exceptions import AwsCrtError  # type: ignore[import-untyped]

from s3syncd import __version__
from s3syncd.s3.exchange import Begun, Exchange, NotBegun
from s3syncd.s3.wire import Endpoint, Frozen, WireRequest, stream_of

__all__ = ["Crt", "Signing", "crc64nvme"]

Signing: TypeAlias = Any
"""What the CRT signs with; it has no types."""

crc64nvme: Final[Callable[[memoryview, int], int]] = checksums.crc64nvme
"""The checksum that S3 makes of objects sent without one: of these bytes, behind those before."""

CONNECT_TIMEOUT_MS: Final = 5000
"""The CRT's own 3 s are one lost SYN and its second resend; 5 s bear both."""

SPARE_CONNECTIONS: Final = 16
"""More connections than the window: workers that start at the same moment may overshoot it."""

_GBPS_PER_CONNECTION: Final = 0.4
"""The CRT makes throughput_target_gbps / 0.4 connections; the override can only lower that."""


class Crt:
    """One client of the CRT, for one endpoint.

    Args:
        endpoint: never changes.
        max_connections: the most requests at once.
    """

    def __init__(self, endpoint: Endpoint, max_connections: int) -> None:
        self._endpoint = endpoint
        self._client: s3.S3Client | None = _client_for(endpoint, max_connections)

    def signing(self, credentials: Frozen) -> Signing:
        """Give what requests are signed with."""
        provider = auth.AwsCredentialsProvider.new_static(*credentials)
        return s3.create_default_s3_signing_config(
            region=self._endpoint.region, credential_provider=provider
        )

    def begin(self, exchange: Exchange, signing: Signing) -> Begun | None:
        """Send a request; the exchange is told of its end. None: it is closed.

        Raises:
            NotBegun: it cannot be sent; `__cause__` says why.
        """
        client = self._client
        if client is None:
            return None
        try:
            request: Begun = client.make_request(
                type=s3.S3RequestType.DEFAULT,
                operation_name=exchange.request.operation,
                request=self._message(exchange.request),
                signing_config=signing,
                on_headers=exchange.on_headers,
                on_body=exchange.on_body,
                on_done=exchange.on_done,
            )
        except (RuntimeError, ValueError, TypeError, AwsCrtError) as error:
            raise NotBegun from error
        return request

    def close(self) -> threading.Event:
        """Let go of the client; what is given is set when it has ended. Requests are canceled."""
        client, self._client = self._client, None
        ended = threading.Event() if client is None else client.shutdown_event
        if client is None:
            ended.set()
        return ended

    def _message(self, request: WireRequest) -> http.HttpRequest:
        body = request.body
        headers = http.HttpHeaders(
            [
                ("Host", self._endpoint.host),
                ("Content-Length", str(len(body))),
                ("User-Agent", f"s3syncd/{__version__}"),
                *request.headers,
            ]
        )
        return http.HttpRequest(request.method, request.target, headers, stream_of(request.body))


@cache
def _bootstrap() -> io.ClientBootstrap:
    """Make the process's one event loop and resolver, at first use (never before a fork)."""
    loops = io.EventLoopGroup(1)
    return io.ClientBootstrap(loops, io.DefaultHostResolver(loops))


@cache
def _tls_context(ca_file: str | None, _digest: str, verify_tls: bool) -> io.ClientTlsContext:
    options = io.TlsContextOptions()
    options.verify_peer = verify_tls
    if ca_file is not None and verify_tls:
        options.override_default_trust_store_from_path(ca_filepath=ca_file)
    return io.ClientTlsContext(options)


def _retry_config() -> s3.S3RetryConfig:
    """Switch the CRT's own retries off.

    Before awscrt 0.38.1 there is no such switch; an empty token bucket is nearest to it: only a
    503, which the store did not act on, is sent once more.
    """
    mode = getattr(s3, "S3RetryMode", None)
    if mode is not None:
        return s3.S3RetryConfig(retry_mode=mode.NONE)
    return s3.S3RetryConfig(max_retries=1, initial_bucket_capacity=1)


def _client_for(endpoint: Endpoint, max_connections: int) -> s3.S3Client:
    mode = s3.S3RequestTlsMode
    connections = max_connections + SPARE_CONNECTIONS
    tls = _tls_context(*endpoint.trust) if endpoint.is_tls else None
    return s3.S3Client(
        bootstrap=_bootstrap(),
        region=endpoint.region,
        tls_mode=mode.ENABLED if endpoint.is_tls else mode.DISABLED,
        signing_config=s3.create_default_s3_signing_config(
            region=endpoint.region,
            credential_provider=auth.AwsCredentialsProvider.new_static("-", "-"),
        ),
        tls_connection_options=tls.new_connection_options() if tls else None,
        throughput_target_gbps=max(10.0, _GBPS_PER_CONNECTION * connections),
        max_active_connections_override=connections,
        retry_config=_retry_config(),
        connect_timeout_ms=CONNECT_TIMEOUT_MS,
    )
