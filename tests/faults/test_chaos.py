"""A user who does everything, a network that breaks and a daemon that is killed: equal in the end.

Each version that the bucket ever had is a content that somebody had finished, nothing is deleted
that was not, and the daemon never says that it is done when it is not. Longer and with other seeds:
`CHAOS_ROUNDS=200 CHAOS_SEEDS=1,2,3 pytest tests/faults/test_chaos.py --timeout 3600`.
"""

from __future__ import annotations

import os
import threading
from random import Random
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.faults.user import User, flaw_of

pytestmark = pytest.mark.e2e

_ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "10"))
_SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "3").split(",")]
_QUIET_SECONDS = 1.0  # within a second of a change the status must have heard of it


def _versioned(world: World) -> Site:
    site = world.site(
        prefix="p", retire_deleted=True, max_delete=10**6, settle_open_seconds=1,
        delete_grace_seconds=0.3,
    )  # fmt: skip
    site.client.put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    return site


def _flaws(site: Site) -> list[tuple[str, str]]:
    """Read every version there ever was; give those that nobody wrote."""
    found = []
    pages = site.client.get_paginator("list_object_versions").paginate(Bucket=site.bucket)
    for version in (one for page in pages for one in page.get("Versions", [])):
        answer = site.client.get_object(
            Bucket=site.bucket, Key=version["Key"], VersionId=version["VersionId"]
        )
        if flaw := flaw_of(answer["Body"].read()):
            found.append((version["Key"], flaw))
    return found


def _break_something(proxy: Proxy, choice: Random, held: list[threading.Event]) -> None:
    """Add a fault; requests held by an earlier one go on."""
    for one in held:
        one.set()
    method = choice.choice(("PUT", "DELETE", "HEAD", "GET", ""))
    times = choice.randrange(1, 5)
    fault = choice.randrange(6)
    if fault == 0:
        proxy.lose_response(method=method, times=times)
    elif fault == 1:
        proxy.answer(500, "InternalError", method=method, times=times)
    elif fault == 2:
        proxy.answer(503, "SlowDown", method=method, times=times)
    elif fault == 3:
        proxy.reset_after(10, method=method, times=times)
    elif fault == 4:
        proxy.truncate(20, method=method)
    else:
        held.append(threading.Event())
        proxy.hold(held[-1], method="PUT", times=2)


def _check_claim(site: Site, daemon: Daemon, user: User) -> None:
    """What the daemon says while nobody changes anything must be true."""
    user.rest()
    threading.Event().wait(_QUIET_SECONDS)
    if daemon.site()["in_sync"]:
        site.assert_equal()


def _approve_what_was_emptied(daemon: Daemon) -> None:
    """Do as a person would: for a moment a scan may have met no file at all, and deletions wait."""

    def is_held(status: dict[str, Any]) -> bool:
        return status["reason"] == "root_emptied" and bool(status["held_list"])

    daemon.wait(lambda status: status["in_sync"] or is_held(status), timeout=45)
    status = daemon.site()
    if is_held(status):
        answer = daemon.ask("approve", site="data", list=status["held_list"])
        assert answer["ok"], answer


def _finish(site: Site, daemon: Daemon, user: User) -> None:
    user.rest()
    _approve_what_was_emptied(daemon)
    daemon.in_sync(timeout=45)
    site.assert_equal()
    assert _flaws(site) == []
    assert site.uploads() == []
    assert sum(user.done.values()) > _ROUNDS


@pytest.mark.parametrize("seed", _SEEDS)
def test_everything_a_user_does_arrives_whole(world: World, seed: int) -> None:
    site = _versioned(world)
    user = User(site.root, world.folder / "aside", seed)
    user.act(60)
    daemon = world.daemon().start()
    for number in range(_ROUNDS):
        user.act(user.random.randrange(1, 30))
        if number % 4 == 3:
            _check_claim(site, daemon, user)
    _finish(site, daemon, user)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", _SEEDS)
def test_and_so_it_does_through_faults_and_kills(world: World, proxy: Proxy, seed: int) -> None:
    site = _versioned(world)
    user = User(site.root, world.folder / "aside", seed)
    user.act(60)
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    held: list[threading.Event] = []
    for number in range(_ROUNDS):
        user.act(user.random.randrange(1, 25))
        _break_something(proxy, user.random, held)
        if number % 3 == 2:
            daemon.kill()
            user.act(3)
            daemon.start()
    for one in held:
        one.set()
    proxy.clear()
    _finish(site, daemon, user)
    start = f"/{site.bucket}/{site.prefix}"
    deleted = {one.path.removeprefix(start) for one in proxy.seen("DELETE")}
    assert deleted
    assert deleted <= user.gone
