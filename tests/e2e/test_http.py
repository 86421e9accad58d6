"""HTTP of a real daemon: probes that tell the truth, metrics, and an address that is taken."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e


def address_of(daemon: Daemon) -> tuple[str, int]:
    """Wait until the daemon listens, and give where."""
    shown = until(lambda: daemon.status()["http"]["address"], 20, "it listens")
    host, _, port = shown.rpartition(":")
    return host, int(port)


def get(daemon: Daemon, path: str, **headers: str) -> tuple[int, str]:
    """Ask the daemon by HTTP."""
    connection = http.client.HTTPConnection(*address_of(daemon), timeout=20)
    with closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def metric(daemon: Daemon, sample: str) -> float:
    """Give the value of one sample, named with its labels."""
    for line in get(daemon, "/metrics")[1].splitlines():
        name, _, value = line.rpartition(" ")
        if name == sample:
            return float(value)
    raise AssertionError(f"no sample {sample}")


def test_a_daemon_at_work_shows_it_everywhere(world: World) -> None:
    site = world.site()
    site.write("one", b"1234567")
    daemon = world.daemon(http={"listen": "127.0.0.1:0"}).start()
    daemon.in_sync()
    for path in ("/livez", "/healthz", "/readyz"):
        assert get(daemon, path) == (200, "ok\n")
    shown = json.loads(get(daemon, "/status")[1])
    assert shown["sites"][0]["name"] == "data"
    assert set(shown) == set(daemon.status())
    assert "data: idle, in sync" in get(daemon, "/")[1]
    until(lambda: metric(daemon, 's3syncd_in_sync{site="data"}') == 1)
    assert metric(daemon, 's3syncd_uploaded_files_total{site="data"}') == 1
    assert metric(daemon, 's3syncd_uploaded_bytes_total{site="data"}') == 7
    assert metric(daemon, 's3syncd_requests_total{class="write",site="data"}') >= 1
    assert metric(daemon, 's3syncd_requests_total{class="list",site="data"}') >= 1
    assert metric(daemon, 's3syncd_request_duration_seconds_count{operation="PutObject"}') == 1
    assert metric(daemon, 's3syncd_reconcile_passes_total{site="data"}') == 1
    assert get(daemon, "/status", Host="evil.example")[0] == 403


def test_a_bucket_that_answers_403_turns_health_red_and_never_liveness(
    world: World, proxy: Proxy
) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint, http={"listen": "127.0.0.1:0"}).start()
    daemon.in_sync()
    assert get(daemon, "/healthz")[0] == 200
    proxy.answer(403, "AccessDenied", times=10**6)
    site.write("file", "x")
    _, text = until(
        lambda: (told := get(daemon, "/healthz"))[0] == 503 and told, 30, "health is red"
    )
    assert text.startswith("failing\ndata: ")
    assert "access_denied" in text or "bucket_unavailable" in text
    assert get(daemon, "/livez") == (200, "ok\n")
    assert metric(daemon, 's3syncd_site_healthy{site="data"}') == 0
    proxy.clear()
    site.write("file", "changed")
    until(lambda: get(daemon, "/healthz")[0] == 200, 40, "health is green again")
    daemon.in_sync()


def test_a_taken_port_is_told_and_stops_nothing(world: World) -> None:
    site = world.site()
    site.write("file", "x")
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        daemon = world.daemon(http={"listen": listen}).start()
        daemon.in_sync()
        assert site.names() == {"file"}
        told = until(lambda: daemon.status()["http"]["error"], 20)
        assert listen in told
        assert listen in daemon.run("status").stdout
        (event,) = daemon.events("http.unavailable")
        assert "another process" in event["hint"]


def test_with_a_token_nothing_is_shown_without_it(world: World) -> None:
    world.site()
    token = "canary-of-the-page"
    daemon = world.daemon(http={"listen": "127.0.0.1:0", "token": "${PAGE_TOKEN}"})
    daemon.start(PAGE_TOKEN=token)
    assert get(daemon, "/status")[0] == 401
    assert get(daemon, "/metrics", Authorization="Bearer wrong")[0] == 401
    assert get(daemon, "/livez") == (200, "ok\n")
    assert get(daemon, "/status", Authorization=f"Bearer {token}")[0] == 200
    assert token not in json.dumps(daemon.status())
    assert token not in daemon.log_path.read_text()
