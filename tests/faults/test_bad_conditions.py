"""Bad networks, servers and certificates: the daemon comes back by itself, and nothing leaks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority, self_signed
from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.footprint import Footprint, footprint
from tests.faults.proxy import Certificate, Proxy, fault_proxy
from tests.servers import S3Server
from tests.waiting import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads /proc"),
]

_MAX_IN_FLIGHT = 16
_CONTROL_CONNECTIONS = 4  # of the blocking client, beside those in flight
_FILES = 40
_MIB = 2**20

# awscrt is loaded for the GET that asks whether a 404 is of the key or of the bucket; once.
_CRT_THREADS = 3
_CRT_DESCRIPTORS = 10

# Heaps of ten workers, allocated once: not what a leak of each failed request would add.
_RSS_SLACK_BYTES = 32 * _MIB


def _started(world: World, endpoint: str, **options: Any) -> Daemon:
    return world.daemon(endpoint=endpoint, max_in_flight=_MAX_IN_FLIGHT, **options).start()


def _holding(daemon: Daemon) -> Footprint:
    assert daemon.process is not None
    return footprint(daemon.process.pid)


def _assert_nothing_is_left(
    daemon: Daemon, before: Footprint, *, connections: int, rss_bytes: int = _RSS_SLACK_BYTES
) -> None:
    """Wait until the daemon holds what it held; `connections` more may rest until they are used."""

    def excess() -> list[str]:
        now = _holding(daemon)
        return [
            f"{name}: {has} of {had}"
            for name, has, had in (
                ("threads", now.threads, before.threads + 1 + _CRT_THREADS),
                ("descriptors", now.descriptors, before.descriptors + 2 + _CRT_DESCRIPTORS),
                ("connections", now.connections, before.connections + connections),
                ("rss_bytes", now.rss_bytes, before.rss_bytes + rss_bytes),
            )
            if has > had
        ]

    until(lambda: not excess(), 15, f"nothing is left over: {excess()}")


def _has(site: Site, name: str) -> bool:
    return name in site.names()


def _fill(site: Site, count: int = _FILES, *, size_bytes: int = 3000) -> None:
    for number in range(count):
        site.write(f"d{number % 4}/{number}", os.urandom(size_bytes))


# --- requests that go wrong ----------------------------------------------------------------------

_ALWAYS = 10**6
_MET = 25  # so many requests go wrong, before all is well again

_REQUESTS: dict[str, Callable[[Proxy], object]] = {
    "slow answers": lambda proxy: proxy.delay(0.2, times=_ALWAYS),
    "reset at once": lambda proxy: proxy.reset_after(0, times=_ALWAYS),
    "reset within the body": lambda proxy: proxy.reset_after(1000, method="PUT", times=_ALWAYS),
    "closed without an answer": lambda proxy: proxy.hang_up(times=_ALWAYS),
    "answers lost": lambda proxy: proxy.lose_response(method="PUT", times=_ALWAYS),
    "answers that are no HTTP": lambda proxy: proxy.garble(times=_ALWAYS),
    "503": lambda proxy: proxy.answer(503, "SlowDown", times=_ALWAYS),
    "500": lambda proxy: proxy.answer(500, "InternalError", times=_ALWAYS),
}


@pytest.mark.parametrize("condition", _REQUESTS)
def test_requests_that_go_wrong_are_made_good_and_leave_nothing(
    world: World, proxy: Proxy, condition: str
) -> None:
    site = world.site()
    site.write("first")
    daemon = _started(world, proxy.endpoint)
    daemon.in_sync()
    before = _holding(daemon)
    proxy.forget()
    _REQUESTS[condition](proxy)

    _fill(site)
    until(lambda: sum(bool(one.fault) for one in proxy.requests) >= _MET, 25, "all goes wrong")
    proxy.clear()

    until(site.is_equal, 25, "both sides are equal")
    daemon.in_sync()
    site.assert_equal()
    assert proxy.most_open <= _MAX_IN_FLIGHT + _CONTROL_CONNECTIONS
    _assert_nothing_is_left(daemon, before, connections=_MAX_IN_FLIGHT)


def test_connections_that_never_last_are_no_trouble(world: World, proxy: Proxy) -> None:
    """Closed after some requests, or when they rest: never announced, as load balancers do it."""
    site = world.site()
    site.write("first")
    site.write("large", os.urandom(17 * _MIB))
    daemon = _started(world, proxy.endpoint)
    daemon.in_sync()
    before = _holding(daemon)
    for requests in (1, 3):
        proxy.requests_per_connection = requests
        _fill(site)
        daemon.in_sync()
    proxy.requests_per_connection, proxy.idle_seconds = 0, 0.05
    for number in range(20):
        name = f"now and then {number}"
        site.write(name)
        until(partial(_has, site, name), 15)
    site.write("large", os.urandom(18 * _MIB))
    until(site.is_equal, 25)
    daemon.in_sync()
    site.assert_equal()
    # The control client's connections were closed by the server: it holds one end of them.
    _assert_nothing_is_left(daemon, before, connections=_CONTROL_CONNECTIONS)


def test_bodies_that_were_not_sent_are_not_kept(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = _started(world, proxy.endpoint)
    _fill(site, _MAX_IN_FLIGHT, size_bytes=4 * _MIB)
    daemon.in_sync()
    before = _holding(daemon)
    proxy.forget()
    proxy.reset_after(_MIB, method="PUT", times=_ALWAYS)
    _fill(site, _MAX_IN_FLIGHT, size_bytes=4 * _MIB)
    until(lambda: len(proxy.met("reset")) >= 2 * _MAX_IN_FLIGHT, 30, "many are reset")
    proxy.clear()
    daemon.in_sync()
    site.assert_equal()
    # A round of bodies may stay in the heaps; two would be a leak.
    _assert_nothing_is_left(
        daemon, before, connections=_MAX_IN_FLIGHT, rss_bytes=_MAX_IN_FLIGHT * 4 * _MIB
    )


# --- servers that are not there ------------------------------------------------------------------

_AWAY: dict[str, tuple[Callable[[Proxy], None], str]] = {
    "refused": (Proxy.refuse, "refuses the connection"),
    "reset": (Proxy.down, "closed the connection"),
    "a black hole": (Proxy.freeze, "AWS_IO_SOCKET_TIMEOUT"),
}


@pytest.mark.parametrize("how", _AWAY)
def test_a_server_that_is_away_is_named_and_comes_back(
    world: World, proxy: Proxy, how: str
) -> None:
    site = world.site()
    other = world.site("other", endpoint=world.server.endpoint)
    for each in (site, other):
        each.write("first")
    daemon = _started(world, proxy.endpoint)
    daemon.in_sync("data", "other")
    before = _holding(daemon)
    go_away, words = _AWAY[how]
    go_away(proxy)
    _fill(site)
    daemon.wait(lambda s: s["reason"] == "bucket_unavailable" and words in s["hint"], timeout=25)
    assert daemon.site()["state"] == "unavailable"
    other.write("meanwhile")
    until(lambda: "meanwhile" in other.names(), 5, "the other site goes on")
    daemon.in_sync("other", timeout=5)

    proxy.up()

    daemon.in_sync(timeout=25)
    site.assert_equal()
    _assert_nothing_is_left(daemon, before, connections=_MAX_IN_FLIGHT)


# --- servers that stall --------------------------------------------------------------------------


def test_a_server_that_stalls_costs_half_a_minute_and_nothing_else(
    world: World, proxy: Proxy
) -> None:
    """The one test that waits for the real limit of 31 s without a byte."""
    site = world.site()
    other = world.site("other", endpoint=world.server.endpoint)
    for each in (site, other):
        each.write("first")
    daemon = _started(world, proxy.endpoint)
    daemon.in_sync("data", "other")
    before = _holding(daemon)
    rules = [
        proxy.stall_request(1000, method="PUT", contains="unread", times=4),
        proxy.stall_answer(-1, method="PUT", contains="unanswered", times=4),
        proxy.stall_answer(200, method="GET", contains="list-type"),
    ]
    for number in range(4):
        site.write(f"unread{number}", os.urandom(100_000))
        site.write(f"unanswered{number}", os.urandom(1000))
    daemon.ask("rescan", site="data", remote=True)
    until(lambda: all(rule.reached.is_set() for rule in rules), 10, "everything stalls")

    site.write("passes")
    other.write("passes")
    until(lambda: "passes" in site.names() & other.names(), 5, "what does not stall goes on")
    daemon.in_sync("other", timeout=5)
    assert not daemon.site()["in_sync"]
    told = daemon.wait(lambda s: s["problems"] or s["reason"], timeout=45)
    assert "silent" in told["problems"][0]["hint"]
    assert _holding(daemon).connections <= _MAX_IN_FLIGHT + _CONTROL_CONNECTIONS

    daemon.in_sync(timeout=45)
    site.assert_equal()
    _assert_nothing_is_left(daemon, before, connections=_MAX_IN_FLIGHT)


def test_a_stop_does_not_wait_for_a_server_that_stalls(world: World, proxy: Proxy) -> None:
    site = world.site()
    site.write("first")
    daemon = _started(world, proxy.endpoint, shutdown_timeout_seconds=2)
    daemon.in_sync()
    rules = [
        proxy.stall_answer(-1, method="PUT", contains="silent", times=10**6),
        proxy.stall_answer(-1, method="POST", contains="uploads", times=10**6),
        proxy.stall_answer(10, method="GET", contains="list-type", times=10**6),
    ]
    for number in range(6):
        site.write(f"silent{number}")
    site.write("large", os.urandom(17 * _MIB))
    daemon.ask("rescan", site="data", remote=True)
    until(lambda: all(rule.reached.is_set() for rule in rules), 10, "everything stalls")

    assert daemon.stop(timeout=10) == 4, "work is left"

    proxy.clear()
    daemon.start()
    daemon.in_sync()
    site.assert_equal()
    assert site.uploads() == []


# --- certificates --------------------------------------------------------------------------------


@pytest.fixture
def tls(moto: S3Server, tmp_path: Path) -> Iterator[tuple[Proxy, Authority]]:
    """A relay that speaks TLS with a good certificate, and who signed it."""
    authority = Authority(tmp_path)
    with fault_proxy(moto.endpoint, certificate=authority.issue()) as relay:
        yield relay, authority


def _certificates(authority: Authority) -> dict[str, Certificate]:
    return {
        "signed": authority.issue(name="signed"),
        "self-signed": self_signed(authority.folder),
        "expired": authority.issue(is_expired=True, name="expired"),
        "wrong host": authority.issue(address="127.0.0.2", name="wrong"),
    }


@pytest.mark.parametrize(
    ("shown", "trusts"),
    [("signed", "authority"), ("self-signed", "itself"), ("expired", "anybody")],
)
def test_a_certificate_that_is_to_be_trusted_is_no_obstacle(
    world: World, tls: tuple[Proxy, Authority], shown: str, trusts: str
) -> None:
    proxy, authority = tls
    certificate = _certificates(authority)[shown]
    proxy.present(certificate)
    options: dict[str, dict[str, Any]] = {
        "authority": {"ca_bundle": str(authority.certificate)},
        "itself": {"ca_bundle": str(certificate[0])},
        "anybody": {"verify_tls": False},
    }
    site = world.site()
    _fill(site)
    daemon = _started(world, proxy.endpoint, **options[trusts])
    daemon.in_sync()
    site.write("large", os.urandom(17 * _MIB))  # by both clients
    until(site.is_equal, 25)
    daemon.in_sync()
    site.assert_equal()
    assert proxy.handshakes_failed == 0
    assert daemon.events(), "each line of the log is JSON"


@pytest.mark.parametrize(
    ("shown", "has_bundle", "words"),
    [
        ("signed", False, "ca_bundle"),
        ("self-signed", True, "ca_bundle"),
        ("expired", True, "Renew"),
        ("wrong host", True, "host name in `endpoint`"),
    ],
)
def test_a_certificate_that_is_not_to_be_trusted_is_named_until_it_is_replaced(
    world: World, tls: tuple[Proxy, Authority], shown: str, has_bundle: bool, words: str
) -> None:
    proxy, authority = tls
    proxy.present(_certificates(authority)[shown])
    trusts = {"ca_bundle": str(authority.certificate)} if has_bundle else {}
    site = world.site(endpoint=proxy.endpoint, **trusts)
    other = world.site("other")
    for each in (site, other):
        each.write("first")
    daemon = _started(world, world.server.endpoint)
    daemon.in_sync("other")
    status = daemon.wait(lambda s: s["reason"] == "bucket_unavailable")
    assert status["state"] == "unavailable"
    assert words in status["hint"]
    assert site.names() == set()
    before = _holding(daemon)
    if has_bundle:
        proxy.present(authority.issue(name="renewed"))
        daemon.in_sync()
        site.assert_equal()
        # Threads and descriptors of the event loop come with the first contact that has success.
        assert _holding(daemon).threads <= before.threads + 4
