"""When waiting for sites ends though they are not in sync."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.cli.settled import Settled
from tests.cli.daemon import OUT_OF_SYNC, site_status


def _unnamed(reason: str = "undecodable_name") -> dict[str, Any]:
    problem = {"path": "a", "reason": reason, "hint": "look", "since": None}
    return site_status(in_sync=False, problems=[problem], problems_total=1)


@pytest.mark.parametrize(
    "reason", ["key_too_long", "undecodable_name", "mount_missing", "mount_new"]
)
def test_what_only_a_person_can_put_right_is_soon_not_waited_for(reason: str) -> None:
    settled = Settled(waits_for_paused=True, clock=iter([0.0, 4.9, 5.0]).__next__)
    both = {"sites": [_unnamed(reason), site_status("docs")]}
    assert [settled(both) for _ in range(3)] == [False, False, True]


def test_what_was_just_put_right_is_waited_for() -> None:
    settled = Settled(waits_for_paused=True, clock=iter([0.0, 3.0, 6.0, 12.0, 13.0]).__next__)
    moving = {"sites": [site_status(**OUT_OF_SYNC)]}
    stuck = {"sites": [_unnamed()]}
    looks = [stuck, stuck, moving, stuck, moving, stuck]
    assert not any(settled(each) for each in looks)
    assert settled({"sites": [site_status()]}) is True


def test_another_site_that_goes_on_is_waited_for() -> None:
    settled = Settled(waits_for_paused=True, clock=iter([0.0, 9.0]).__next__)
    both = {"sites": [_unnamed(), site_status("docs", **OUT_OF_SYNC)]}
    assert not settled(both)
    assert not settled(both)


@pytest.mark.parametrize("waits_for_paused", [True, False])
def test_a_paused_site_beside_it_is_waited_for_by_who_has_just_resumed_it(
    waits_for_paused: bool,
) -> None:
    settled = Settled(waits_for_paused=waits_for_paused, clock=iter([0.0, 5.0]).__next__)
    both = {"sites": [_unnamed(), site_status("docs", in_sync=False, state="paused")]}
    assert not settled(both)
    assert settled(both) is not waits_for_paused
