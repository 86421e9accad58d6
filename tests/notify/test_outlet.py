"""A request is sent within its time, to nobody else, and says why it failed without its address."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from s3syncd.notify.outlet import Outlet, UnsentError
from tests.certificates import Authority
from tests.servers import StubServer, respond, stall, stub_server
from tests.waiting import until

SECRET = "T0KEN-9f8e7d6c5b4a39281706"


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with stub_server() as server:
        server.behave(respond(200, b"ok"), times=10)
        yield server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def _refused(outlet: Outlet, body: bytes | None = None) -> UnsentError:
    with pytest.raises(UnsentError) as caught:
        outlet.send(0.0, body)
    assert SECRET not in repr(caught.value) + repr(caught.value.__context__ or "")
    return caught.value


def test_a_ping_is_a_get_of_the_whole_address(stub: StubServer) -> None:
    Outlet(f"{stub.endpoint}/ping/{SECRET}?a=b").send(0.0)
    (seen,) = stub.seen()
    assert (seen.method, seen.target, seen.body) == ("GET", f"/ping/{SECRET}?a=b", b"")
    assert seen.headers["user-agent"].startswith("s3syncd/")


def test_a_document_is_posted_as_json(stub: StubServer) -> None:
    Outlet(stub.endpoint).send(0.0, b'{"text": "x"}')
    (seen,) = stub.seen()
    assert (seen.method, seen.target, seen.body) == ("POST", "/", b'{"text": "x"}')
    assert seen.headers["content-type"].startswith("application/json")


def test_user_and_password_become_a_header(stub: StubServer) -> None:
    Outlet(stub.endpoint.replace("://", "://us%40er:pass@")).send(0.0)
    (seen,) = stub.seen()
    assert seen.headers["authorization"] == "Basic dXNAZXI6cGFzcw=="
    assert "pass" not in seen.target


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with stub_server() as server:
        server.behave(respond(status, headers=(("Location", f"{server.endpoint}/other"),)))
        error = _refused(Outlet(f"{server.endpoint}/{SECRET}"))
        assert f"answers {status}" in error.message
        assert "redirect" in error.message
        assert len(server.seen()) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_is_not_accepted_tells_the_status(status: int) -> None:
    with stub_server() as server:
        server.behave(respond(status, SECRET.encode()))
        error = _refused(Outlet(f"{server.endpoint}/{SECRET}"), b"{}")
        assert error.message == f"the server answers {status}"
        assert error.retry_after_seconds is None


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("120", 120.0), ("soon", None), ("-1", None), ("9" * 400, None)],
)
def test_a_server_may_ask_for_patience(after: str, seconds: float | None) -> None:
    with stub_server() as server:
        server.behave(respond(429, headers=(("Retry-After", after),)))
        assert _refused(Outlet(server.endpoint)).retry_after_seconds == seconds


def test_nobody_there_is_told() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        error = _refused(Outlet(f"http://127.0.0.1:{unused.getsockname()[1]}/{SECRET}"))
    assert error.message == "Connection refused"


def test_a_server_that_never_answers_is_given_up(stub: StubServer) -> None:
    with stub_server() as server:
        server.behave(stall())
        error = _refused(Outlet(f"{server.endpoint}/{SECRET}", step_seconds=0.1))
    assert error.message == "no answer in time"


def test_a_server_that_drips_is_cut_off() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        outlet = Outlet(f"http://127.0.0.1:{server.getsockname()[1]}/", limit_seconds=30.0)
        is_over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with closing(connection):
                ends = time.monotonic() + 6  # when a cut would be late anyway
                while not is_over.wait(0.01) and time.monotonic() < ends:
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        def cut() -> None:
            while not is_over.wait(0.02):
                outlet.expire(29.9)
                outlet.expire(30.0)

        threads = [threading.Thread(target=drip), threading.Thread(target=cut)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        try:
            _refused(outlet)
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        assert time.monotonic() - began < 5


def test_nothing_is_cut_before_its_time(stub: StubServer) -> None:
    outlet = Outlet(stub.endpoint, limit_seconds=30.0)
    outlet.expire(10_000.0)
    let = threading.Event()
    stub._rules.clear()
    stub.behave(lambda s, seen: let.wait(10) and respond(200)(s, seen))
    thread = threading.Thread(target=outlet.send, args=(100.0,))
    thread.start()
    until(stub.seen)
    outlet.expire(129.0)
    let.set()
    thread.join()
    stub.behave(respond(200))
    outlet.send(200.0)


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with stub_server(certificate=authority.issue()) as server:
        server.behave(respond(200), times=5)
        error = _refused(Outlet(f"{server.endpoint}/{SECRET}"))
        assert "certificate is not trusted" in error.message
        assert server.seen() == []
        trusting = ssl.create_default_context(cafile=str(authority.certificate))
        Outlet(f"{server.endpoint}/{SECRET}", context=trusting).send(0.0)
        assert len(server.seen()) == 1


def test_the_proxy_of_the_environment_is_used_and_left_out(
    stub: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", stub.endpoint)
    Outlet("http://switch.example/ping").send(0.0)
    assert stub.seen()[0].target == "http://switch.example/ping"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Outlet(f"{stub.endpoint}/direct").send(0.0)
    assert stub.seen()[1].target == "/direct"
