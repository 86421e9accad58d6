"""What first contact says when it does not get as far as the store."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from s3syncd.s3.contact import Trouble, explain
from tests.s3.contact.stores import unavailable
from tests.servers import (
    StubServer,
    stub_server,
)


def test_refused_connection_is_explained(open_bucket: Any) -> None:
    with stub_server() as stub:
        endpoint = stub.endpoint

    assert "refuses the connection" in unavailable(open_bucket, endpoint).message


def test_proxy_that_is_down_is_explained(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")

    error = unavailable(open_bucket, stub.endpoint)

    assert "proxy" in error.message
    assert "NO_PROXY" in error.hint


@pytest.mark.parametrize("endpoint", ["no-scheme", "http://"])
def test_endpoint_that_is_no_address_is_explained(endpoint: str, open_bucket: Any) -> None:
    assert "endpoint" in unavailable(open_bucket, endpoint).hint


def test_unknown_host_name_is_explained() -> None:
    text = 'Could not connect to the endpoint URL: "x" Failed to resolve host'
    trouble = Trouble("EndpointConnectionError", "", None, text, "")

    message, hint = explain(trouble, bucket="b", prefix="", endpoint="http://x", region="")

    assert "DNS" in message
    assert "endpoint" in hint


@pytest.mark.parametrize("said", ["[Errno 32] Broken pipe", "[Errno 104] Connection reset by peer"])
def test_an_end_while_the_request_is_sent_is_no_trouble_of_the_network(said: str) -> None:
    text = f"Could not connect to the endpoint URL: x Failed to establish a new connection: {said}"
    trouble = Trouble("EndpointConnectionError", "", None, text, "")

    message, hint = explain(trouble, bucket="b", prefix="", endpoint="http://x", region="")

    assert "closed the connection" in message
    assert "S3 server" in hint


def test_a_region_that_does_not_exist_shows_in_the_host_name_that_is_unknown() -> None:
    text = 'Could not connect to the endpoint URL: "https://b.s3.eu-wst-1.amazonaws.com/?x" resolve'
    trouble = Trouble("EndpointConnectionError", "", None, text, "")
    told = explain(trouble, bucket="b", prefix="", endpoint="AWS S3", region="eu-wst-1")
    assert "(b.s3.eu-wst-1.amazonaws.com) is not known" in told[0]
    assert "`region`" in told[1]


def test_plain_server_behind_https_is_explained(stub: StubServer, open_bucket: Any) -> None:
    error = unavailable(open_bucket, stub.endpoint.replace("http:", "https:"))

    assert "http://" in error.hint
