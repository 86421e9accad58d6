"""A row of the page: how a site stands, in which words, and which command is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.web.feed import Feed
from tests.browser.scene import Scene, problem, site
from tests.web.reading import told


@pytest.mark.parametrize(
    ("facts", "failing", "level", "command"),
    [
        ({}, (), "good", None),
        ({"in_sync": False, "state": "syncing"}, (), "working", None),
        ({"state": "paused", "in_sync": False}, (), "paused", "s3syncd resume 'my site'"),
        (
            {"state": "paused", "in_sync": False}, ("paused: …",), "attention",
            "s3syncd resume 'my site'",
        ),
        ({"state": "halted", "in_sync": False}, (), "bad",
         "s3syncd approve 'my site' --only root_replaced"),
        ({"state": "unavailable", "in_sync": False}, (), "bad", None),
        (
            {"state": "unavailable", "reason": "bucket_unavailable", "in_sync": False}, (), "bad",
            "s3syncd check",
        ),
        ({"in_sync": False}, ("no_progress: …",), "bad", None),
        (
            {"in_sync": False, "held_deletions": 3, "held_list": "0123456789ab"}, (), "attention",
            "s3syncd approve 'my site' --list 0123456789ab",
        ),
        (
            {"in_sync": False, "problems": [problem("p", "symlink")], "problems_total": 1,
             "problems_skipped": 1}, (), "working", None,
        ),
        ({"in_sync": False, "problems": [problem("p")], "problems_total": 1}, (), "attention",
         None),
        ({"in_sync": False, "problems": [problem("p", "drift")], "problems_total": 1}, (),
         "attention", "s3syncd approve 'my site' --only drift"),
        ({"in_sync": False, "problems": [problem("p"), problem("q", "silent_change")],
          "problems_total": 2}, (),
         "attention", "s3syncd approve 'my site' --only silent_change"),
        ({"in_sync": False, "held_deletions": 3, "held_list": None}, (), "attention",
         "s3syncd status 'my site'"),
        ({"state": "halted", "in_sync": False, "held_deletions": 3, "held_list": "0123456789ab"},
         (), "bad", "s3syncd approve 'my site' --only root_replaced"),
        ({"problems": [problem("a link", "skipped")], "problems_total": 1}, (), "good", None),
    ],
)  # fmt: skip
def test_each_standing_has_a_level_and_the_command_that_is_wanted(
    facts: dict[str, Any], failing: tuple[str, ...], level: str, command: str | None
) -> None:
    scene = Scene([site("my site", **facts)])
    scene.failing = {"my site": failing}
    (row,) = told(Feed(scene.overview).once())["sites"]
    assert (row["level"], row["command"]) == (level, command)


def test_a_hint_has_the_site_and_the_list_in_it() -> None:
    hint = "confirm it: `s3syncd approve SITE --list HASH`."
    held = {"held_deletions": 1, "held_list": "0123456789ab", "hint": hint, "in_sync": False}
    (row,) = told(Feed(Scene([site("it's", **held)]).overview).once())["sites"]
    assert "`s3syncd approve 'it'\"'\"'s' --list 0123456789ab`" in row["hint"]


@pytest.mark.parametrize("name", [None, "it's"])
def test_commands_are_those_to_be_typed_beside_the_daemon(name: str | None) -> None:
    hint = "Confirm it: `s3syncd approve SITE --list HASH`."
    drift = {**problem("x"), "reason": "drift", "hint": "Look, then `s3syncd approve SITE`."}
    held = {
        "held_deletions": 1, "held_list": "0123456789ab", "hint": hint, "in_sync": False,
        "problems": [drift], "problems_total": 1,
    }  # fmt: skip
    scene = Scene([site("it's", **held)])
    scene.daemon = {**scene.daemon, "config": "/etc/my c.yml"}
    scene.failing = {"it's": ("paused: `s3syncd resume SITE` lets it go on",)}
    document = told(Feed(scene.overview).once(name))
    (row,) = document["sites"] if name is None else [document["site"]]
    begun = "s3syncd -c '/etc/my c.yml'"
    quoted = "'it'\"'\"'s'"
    assert row["command"] == f"{begun} approve {quoted} --list 0123456789ab"
    assert f"`{row['command']}`" in row["hint"]
    assert f"`{begun} approve {quoted}`" in row["problems"][0]["hint"]
    assert f"`{begun} resume {quoted}`" in row["failing"][0]


def test_a_name_that_is_no_text_is_told_all_the_same() -> None:
    hostile = "a\udcff\n\n data: {}\u2028</script>"
    scene = Scene([site("s", problems=[problem(hostile)], problems_total=1)])
    (row,) = told(Feed(scene.overview).once())["sites"]
    assert row["problems"][0]["path"] == hostile
