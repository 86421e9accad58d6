"""Bad networks and servers: the daemon comes back by itself, and nothing leaks."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.conditions import (
    MAX_IN_FLIGHT,
    MIB,
    assert_nothing_is_left,
    fill,
    holding,
    started,
)
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads /proc"),
]
_CONTROL_CONNECTIONS = 4  # of the blocking client, beside those in flight


def _has(site: Site, name: str) -> bool:
    return name in site.names()


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
    daemon = started(world, proxy.endpoint)
    daemon.in_sync()
    before = holding(daemon)
    proxy.forget()
    _REQUESTS[condition](proxy)

    fill(site)
    until(lambda: sum(bool(one.fault) for one in proxy.requests) >= _MET, 25, "all goes wrong")
    proxy.clear()

    until(site.is_equal, 25, "both sides are equal")
    daemon.in_sync()
    site.assert_equal()
    assert proxy.most_open <= MAX_IN_FLIGHT + _CONTROL_CONNECTIONS
    assert_nothing_is_left(daemon, before, connections=MAX_IN_FLIGHT)


def test_connections_that_never_last_are_no_trouble(world: World, proxy: Proxy) -> None:
    """Closed after some requests, or when they rest: never announced, as load balancers do it."""
    site = world.site()
    site.write("first")
    site.write("large", os.urandom(17 * MIB))
    daemon = started(world, proxy.endpoint)
    daemon.in_sync()
    before = holding(daemon)
    for requests in (1, 3):
        proxy.requests_per_connection = requests
        fill(site)
        daemon.in_sync()
    proxy.requests_per_connection, proxy.idle_seconds = 0, 0.05
    for number in range(20):
        name = f"now and then {number}"
        site.write(name)
        until(partial(_has, site, name), 15)
    site.write("large", os.urandom(18 * MIB))
    until(site.is_equal, 25)
    daemon.in_sync()
    site.assert_equal()
    # The control client's connections were closed by the server: it holds one end of them.
    assert_nothing_is_left(daemon, before, connections=_CONTROL_CONNECTIONS)


def test_bodies_that_were_not_sent_are_not_kept(world: World, proxy: Proxy) -> None:
    site = world.site()
    daemon = started(world, proxy.endpoint)
    fill(site, MAX_IN_FLIGHT, size_bytes=4 * MIB)
    daemon.in_sync()
    before = holding(daemon)
    proxy.forget()
    proxy.reset_after(MIB, method="PUT", times=_ALWAYS)
    fill(site, MAX_IN_FLIGHT, size_bytes=4 * MIB)
    until(lambda: len(proxy.met("reset")) >= 2 * MAX_IN_FLIGHT, 30, "many are reset")
    proxy.clear()
    daemon.in_sync()
    site.assert_equal()
    # A round of bodies may stay in the heaps; two would be a leak.
    assert_nothing_is_left(
        daemon, before, connections=MAX_IN_FLIGHT, rss_bytes=MAX_IN_FLIGHT * 4 * MIB
    )


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
    daemon = started(world, proxy.endpoint)
    daemon.in_sync("data", "other")
    before = holding(daemon)
    go_away, words = _AWAY[how]
    go_away(proxy)
    fill(site)
    daemon.wait(lambda s: s["reason"] == "bucket_unavailable" and words in s["hint"], timeout=25)
    assert daemon.site()["state"] == "unavailable"
    other.write("meanwhile")
    until(lambda: "meanwhile" in other.names(), 5, "the other site goes on")
    daemon.in_sync("other", timeout=5)

    proxy.up()

    daemon.in_sync(timeout=25)
    site.assert_equal()
    assert_nothing_is_left(daemon, before, connections=MAX_IN_FLIGHT)


def test_a_server_that_stalls_costs_half_a_minute_and_nothing_else(
    world: World, proxy: Proxy
) -> None:
    """The one test that waits for the real limit of 31 s without a byte."""
    site = world.site()
    other = world.site("other", endpoint=world.server.endpoint)
    for each in (site, other):
        each.write("first")
    daemon = started(world, proxy.endpoint)
    daemon.in_sync("data", "other")
    before = holding(daemon)
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
    assert holding(daemon).connections <= MAX_IN_FLIGHT + _CONTROL_CONNECTIONS

    daemon.in_sync(timeout=45)
    site.assert_equal()
    assert_nothing_is_left(daemon, before, connections=MAX_IN_FLIGHT)


def test_a_stop_does_not_wait_for_a_server_that_stalls(world: World, proxy: Proxy) -> None:
    site = world.site()
    site.write("first")
    daemon = started(world, proxy.endpoint, shutdown_timeout_seconds=2)
    daemon.in_sync()
    rules = [
        proxy.stall_answer(-1, method="PUT", contains="silent", times=10**6),
        proxy.stall_answer(-1, method="POST", contains="uploads", times=10**6),
        proxy.stall_answer(10, method="GET", contains="list-type", times=10**6),
    ]
    for number in range(6):
        site.write(f"silent{number}")
    site.write("large", os.urandom(17 * MIB))
    daemon.ask("rescan", site="data", remote=True)
    until(lambda: all(rule.reached.is_set() for rule in rules), 10, "everything stalls")

    assert daemon.stop(timeout=10) == 4, "work is left"

    proxy.clear()
    daemon.start()
    daemon.in_sync()
    site.assert_equal()
    assert site.uploads() == []
