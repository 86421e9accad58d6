"""A network and a server that break in every way; both sides are equal in the end."""

from __future__ import annotations

import os
import threading

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e

_MIB = 2**20


def converges(site: Site, daemon: Daemon, *, timeout: float = 25) -> None:
    """Wait for both sides to be equal and the daemon to say so; no upload is left over."""
    until(site.is_equal, timeout, f"both sides are equal\n{daemon.tail()}")
    daemon.in_sync()
    site.assert_equal()
    assert site.uploads() == []


@pytest.mark.parametrize("body_bytes", [0, 100, 50_000])
def test_a_connection_reset_within_a_body_is_made_good(
    world: World, proxy: Proxy, body_bytes: int
) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    proxy.reset_after(body_bytes, method="PUT", times=3)
    for number in range(4):
        site.write(f"{number}", os.urandom(100_000))
    converges(site, daemon)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "GET"])
def test_a_lost_answer_is_looked_into(world: World, proxy: Proxy, method: str) -> None:
    site = world.site(retire_deleted=True)
    for number in range(6):
        site.write(f"{number}", f"content {number}")
    daemon = world.daemon(endpoint=proxy.endpoint)
    if method != "GET":
        daemon.start().in_sync()
    proxy.lose_response(method=method, times=2)
    if method == "GET":
        daemon.start()
    site.write("new", "new")
    site.write("0", "new content")
    (site.root / "1").unlink()
    converges(site, daemon)


def test_answers_that_break_off_are_not_believed(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    for number in range(30):
        site.write(f"{number}", f"content {number}")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    (site.root / "0").unlink()
    # The listing breaks off: what it does not name must not be taken for absent.
    proxy.truncate(700, method="GET", contains="list-type=2", times=2)
    daemon.ask("rescan", remote=True)
    until(lambda: "0" not in site.names(), 20)
    daemon.in_sync()
    converges(site, daemon)
    assert len(daemon.events("object.deleted")) == 1


def test_a_burst_of_slow_down_is_waited_out(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    proxy.answer(503, "SlowDown", method="PUT", times=25)
    for number in range(40):
        site.write(f"{number}", str(number))
    converges(site, daemon)


def test_errors_of_the_server_are_retried(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    site.write("goes")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    for method in ("PUT", "DELETE", "HEAD", "POST"):
        proxy.answer(500, "InternalError", method=method, times=2)
    site.write("small", "content")
    site.write("large", os.urandom(17 * _MIB))
    (site.root / "goes").unlink()
    converges(site, daemon)


@pytest.mark.parametrize("fault", ["reset", "lose", "down"])
@pytest.mark.parametrize("step", ["uploads", "partNumber=2", "uploadId"])
def test_a_large_upload_survives_a_fault_at_each_step(
    world: World, proxy: Proxy, fault: str, step: str
) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    method = "PUT" if step == "partNumber=2" else "POST"
    if fault == "reset":
        proxy.reset_after(0, method=method, contains=step)
    elif fault == "lose":
        proxy.lose_response(method=method, contains=step)
    else:
        go = threading.Event()
        rule = proxy.hold(go, method=method, contains=step)
    site.write("large", os.urandom(20 * _MIB))
    if fault == "down":
        assert rule.reached.wait(15)
        proxy.down()
        go.set()
        daemon.wait(lambda s: s["problems"] or s["reason"])
        proxy.up()
    converges(site, daemon)


def test_a_request_that_never_ends_delays_no_other(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="slow")
    site.write("slow", "slow")
    assert rule.reached.wait(15)
    for number in range(10):
        site.write(f"{number}", str(number))
    until(lambda: len(site.names()) == 10)
    assert not daemon.site()["in_sync"]
    go.set()
    converges(site, daemon)


def test_a_deletion_never_overtakes_the_upload_of_its_key(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    site.write("stays")
    path = site.write("file", "first")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="file")
    path.write_text("second")
    assert rule.reached.wait(15)
    path.unlink()
    site.write("later")
    until(lambda: "later" in site.names())
    assert not proxy.seen("DELETE")
    go.set()
    until(lambda: site.names() == {"stays", "later"}, 20)
    daemon.in_sync()
