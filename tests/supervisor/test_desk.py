"""Whoever waits for a site gets an answer, also when the site has gone; and it leaves no lane."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.entry import LocalEntry
from s3syncd.site.messages import Noted
from s3syncd.supervisor.build import Workshop
from s3syncd.supervisor.desk import Desk
from s3syncd.supervisor.life import SiteLife
from s3syncd.transfer import IntentNeeded
from tests.clock import Clock
from tests.supervisor.conftest import Configure
from tests.supervisor.fakes import FakeSite
from tests.waiting import until

NOTE = IntentNeeded("p", "op", LocalEntry("p", 1, 2, 3, 4, 0o100644), None, 8)


@pytest.mark.parametrize("is_closed_first", [True, False])
def test_call_that_waits_for_a_dead_site_goes_on(is_closed_first: bool) -> None:
    desk, answers = Desk("a"), []
    if is_closed_first:
        desk.close()
        desk.committed(NOTE)(answers.append)
    else:
        desk.committed(NOTE)(answers.append)
        assert not answers
        desk.close()
    assert answers == [False]


@pytest.mark.parametrize("is_closed_first", [True, False])
def test_command_to_a_dead_site_is_refused(is_closed_first: bool) -> None:
    desk, answers = Desk("a"), list[dict[str, object]]()
    if is_closed_first:
        desk.close()
    desk.ask("pause", {}, answers.append)
    desk.close()
    assert [answer["error"] for answer in answers] == ["site a is not running"]


def test_open_desk_leaves_the_answer_to_the_site() -> None:
    desk = Desk("a")
    desk.committed(NOTE)(lambda _: None)
    (message,) = desk.inbox.take(0)
    assert isinstance(message, Noted)


class ShopOfRealLanes(Workshop):
    """A workshop that builds fakes on real lanes."""

    def build(self, settings: Any, desk: Desk, bench: Any) -> Any:
        self.site = FakeSite(settings, lambda: 0.0)
        return self.site


@pytest.mark.parametrize("error", [None, RuntimeError("crashed")])
def test_ended_site_no_longer_counts_in_the_pools(
    configure: Configure, clock: Clock, error: Exception | None
) -> None:
    config = configure()
    shop = ShopOfRealLanes(config)
    pools = (shop._pool, shop._checksums)
    life = SiteLife(config.sites[0], shop, clock=clock)
    life.launch()
    until(lambda: life._site is not None)
    assert [len(pool._admission._lanes) for pool in pools] == [1, 1]
    if error is None:
        life.stop(clock.now)
    shop.site.crash = error
    until(lambda: not life.is_alive)
    assert [len(pool._admission._lanes) for pool in pools] == [0, 0]
    clock.now += 61
    life.care(clock.now, may_restart=True)
    assert [len(pool._admission._lanes) for pool in pools] == [1, 1]
    life.stop(clock.now)
    life.join(10)
    life.let_go(0.0)
