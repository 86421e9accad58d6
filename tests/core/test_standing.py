"""What the exit code says of sites: what waits for a person comes first."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.standing import (
    HELD,
    IN_SYNC,
    NOT_IN_SYNC,
    awaited_of,
    code_of,
    code_of_work,
    is_left_to_person,
    waits_for_person,
)


def site(**changes: Any) -> dict[str, Any]:
    return {"state": "idle", "in_sync": True, "held_deletions": 0, "problems": []} | changes


DRIFT = site(in_sync=False, problems=[{"reason": "symlink"}, {"reason": "drift"}])


@pytest.mark.parametrize(
    ("sites", "code"),
    [
        ([], IN_SYNC),
        ([site()], IN_SYNC),
        ([site(problems=[{"reason": "symlink"}])], IN_SYNC),
        ([site(), site(in_sync=False)], NOT_IN_SYNC),
        ([site(in_sync=False), site(state="halted")], HELD),
        ([site(held_deletions=1)], HELD),
        ([site(in_sync=False), DRIFT], HELD),
    ],
)
def test_the_code_tells_the_worst(sites: list[dict[str, Any]], code: int) -> None:
    assert code_of(iter(sites)) == code


@pytest.mark.parametrize("reason", ["drift", "silent_change"])
def test_a_path_that_is_held_waits_for_a_person(reason: str) -> None:
    assert waits_for_person(site(problems=[{"reason": reason}]))
    assert not waits_for_person(site(in_sync=False, problems=[{"reason": "unstable"}]))


@pytest.mark.parametrize(("state", "code"), [("idle", IN_SYNC), ("paused", NOT_IN_SYNC)])
def test_work_of_a_paused_site_was_not_done_though_it_is_in_sync(state: str, code: int) -> None:
    assert code_of_work([site(state=state)]) == code
    assert code_of_work([site(state=state), site(held_deletions=1, in_sync=False)]) == HELD


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, ""),
        ({"problems": [{"reason": "mount_new"}]}, ""),
        ({"problems": DRIFT["problems"]}, "drift"),
        ({"held_deletions": 1, "problems": DRIFT["problems"]}, "deletions"),
        ({"state": "halted", "held_deletions": 1}, "root_replaced"),
    ],
)
def test_what_is_waited_for_first_is_told(facts: dict[str, Any], word: str) -> None:
    assert awaited_of(site(**facts)) == word


def by_hand(*reasons: str, **changes: Any) -> dict[str, Any]:
    problems = [{"reason": reason} for reason in reasons]
    nothing = {"in_sync": False, "reason": None, "pending": {"actions": 0, "failed": 0}}
    return site(**nothing | {"problems": problems} | changes)


@pytest.mark.parametrize(
    "status",
    [
        by_hand("undecodable_name"),
        by_hand("symlink", "key_too_long", "inner_prefix"),
        by_hand("mount_missing", reason="mount_missing"),
        by_hand("mount_new", "directory_became_symlink", reason="mount_new"),
    ],
)
def test_names_and_mounts_are_left_to_a_person_and_nothing_is_held(status: dict[str, Any]) -> None:
    assert is_left_to_person(status)
    assert code_of([status]) == NOT_IN_SYNC


@pytest.mark.parametrize(
    "status",
    [
        by_hand(),
        by_hand("symlink"),
        by_hand("key_too_long", state="scanning"),
        by_hand("key_too_long", pending={"actions": 1, "failed": 1}),
        by_hand("key_too_long", "unreadable"),
        by_hand("key_too_long", reason="listing_incomplete"),
    ],
)
def test_what_ends_by_itself_is_not_left_to_a_person(status: dict[str, Any]) -> None:
    assert not is_left_to_person(status)
