"""People are told of what needs them: once, soon, and when it is over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from s3syncd.core.advice import Advice
from s3syncd.core.bulletin import MAX_LISTED, MAX_TEXT, document
from s3syncd.core.health import Check
from s3syncd.core.notices import CALM_SECONDS, KINDS, REMIND_SECONDS, Notice, Notices

AFTER = 300.0
INTERVAL = 900.0
WALL = 1_700_000_000.0


def status(name: str = "a", **changes: Any) -> dict[str, Any]:
    return {
        "name": name, "state": "idle", "reason": None, "hint": None, "held_deletions": 0,
        "held_list": None, "problems": [],
    } | changes  # fmt: skip


HALTED = {"state": "halted", "reason": "root_replaced", "hint": "Or `s3syncd approve SITE`."}
AWAY = {"state": "unavailable", "reason": "bucket_unavailable", "hint": "Run check."}
HELD = {"held_deletions": 30, "held_list": "0123456789ab", "reason": "mass_delete"}


class Told:
    """What is told as time goes by."""

    def __init__(self, kinds: Iterable[str] = KINDS) -> None:
        self.notices = Notices(kinds=kinds, after_seconds=AFTER, interval_seconds=INTERVAL)
        self.now = 1_000.0

    def look(self, *sites: dict[str, Any], after: float = 0.0, **checks: str) -> list[Notice]:
        """Look at these sites some seconds later; `checks` fail at each."""
        self.now += after
        failing = [Check("a", name, detail) for name, detail in checks.items()]
        pairs = [(site, failing) for site in sites]
        return self.notices.look(pairs, now=self.now, wall=WALL + self.now)

    def kinds(self, *sites: dict[str, Any], after: float = 0.0, **checks: str) -> list[str]:
        return [notice.kind for notice in self.look(*sites, after=after, **checks)]


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_site_that_is_well_is_not_told_of(told: Told) -> None:
    assert told.look(status()) == []
    assert told.look(status(), after=REMIND_SECONDS) == []


def test_what_waits_for_a_person_is_told_at_once_and_once(told: Told) -> None:
    (halted,) = told.look(status(**HALTED))
    assert halted[:4] == ("a", "halted", "root_replaced", "Or `s3syncd approve a`.")
    assert told.look(status(**HALTED), after=5) == []
    assert told.look(status(**HALTED), after=INTERVAL * 2) == []


def test_a_hold_tells_how_many_and_the_command_that_approves_them(told: Told) -> None:
    (held,) = told.look(status(**HELD))
    assert (held.kind, held.reason) == ("held", "mass_delete")
    assert "30 deletions" in held.text
    assert "s3syncd approve a --list 0123456789ab" in held.text
    (spaced,) = Told().look(status("web assets", **HELD))
    assert "s3syncd approve 'web assets' --list" in spaced.text


def test_commands_are_told_with_the_file_of_the_daemon() -> None:
    advice = Advice.with_file("/etc/my c.yml")
    notices = Notices(kinds=KINDS, after_seconds=0, interval_seconds=INTERVAL, advice=advice)
    late = Check("d", "paused", "`s3syncd resume SITE` lets it go on")
    sites = [
        (status("a", **HALTED), ()), (status("b", **HELD), ()),
        (status("c", problems=[{"reason": "drift"}]), ()), (status("d"), (late,)),
    ]  # fmt: skip
    texts = [one.text for one in notices.look(sites, now=0.0, wall=0.0)]
    for text, command in zip(
        texts, ("approve a", "approve b --list 0123456789ab", "status c", "resume d"), strict=True
    ):
        assert f"`s3syncd -c '/etc/my c.yml' {command}`" in text


def test_a_hold_whose_word_changes_is_one_hold(told: Told) -> None:
    assert told.kinds(status(**HELD)) == ["held"]
    assert told.kinds(status(**{**HELD, **AWAY}), after=5) == []


@pytest.mark.parametrize("reason", ["drift", "silent_change"])
def test_a_path_that_waits_for_a_person_is_told(told: Told, reason: str) -> None:
    assert told.kinds(status(problems=[{"reason": reason}])) == ["held"]
    assert Told().kinds(status(problems=[{"reason": "symlink"}])) == []


def test_what_may_end_by_itself_is_told_when_it_stays(told: Told) -> None:
    assert told.kinds(status(**AWAY)) == []
    assert told.kinds(status(**AWAY), after=AFTER - 1) == []
    (away,) = told.look(status(**AWAY), after=1)
    assert (away.kind, away.reason) == ("unavailable", "bucket_unavailable")
    assert away.since == WALL + 1_000.0, "since it began, not since it was told"


@pytest.mark.parametrize("check", ["no_progress", "paused"])
def test_a_check_that_fails_for_long_is_told(told: Told, check: str) -> None:
    told.look(status(), **{check: "words"})
    (unwell,) = told.look(status(), after=AFTER, **{check: "words"})
    assert (unwell.kind, unwell.reason) == ("unhealthy", check)


def test_checks_that_follow_from_an_unusable_site_are_not_told_besides(told: Told) -> None:
    told.look(status(**AWAY), bucket_unavailable="403", reconcile_overdue="long ago")
    later = told.look(
        status(**AWAY), after=AFTER, bucket_unavailable="403", reconcile_overdue="long ago"
    )
    assert [notice.reason for notice in later] == ["bucket_unavailable"]


def test_the_end_is_told_once_it_lasts(told: Told) -> None:
    told.look(status(**HALTED))
    assert told.look(status(), after=5) == []
    (over,) = told.look(status(), after=CALM_SECONDS)
    assert over[:3] == ("a", "recovered", "root_replaced")
    assert told.look(status(), after=5) == []


def test_the_end_of_what_nobody_was_told_of_is_not_told(told: Told) -> None:
    told.look(status(**AWAY))
    told.look(status(), after=5)
    assert told.look(status(), after=CALM_SECONDS) == []


def test_a_good_moment_in_a_long_outage_is_no_end_of_it(told: Told) -> None:
    told.look(status(**AWAY))
    told.look(status(), after=AFTER / 2)
    told.look(status(**AWAY), after=5)
    assert told.kinds(status(**AWAY), after=AFTER / 2) == ["unavailable"]
    told.look(status(), after=5)
    assert told.kinds(status(**AWAY), after=5) == []


def test_a_site_that_goes_to_and_fro_is_told_of_once_in_the_interval(told: Told) -> None:
    heard = []
    for _ in range(20):
        for now in (*[HALTED] * 4, *[{}] * 4):
            heard += told.kinds(status(**now), after=5)
    assert heard == ["halted", "recovered"]
    told.look(status(**HALTED), after=20)
    assert told.kinds(status(**HALTED), after=INTERVAL) == ["halted"], "it stayed: that is told"


def test_what_still_is_so_is_told_again_after_a_day(told: Told) -> None:
    told.look(status(**HELD))
    assert told.kinds(status(**HELD), after=REMIND_SECONDS - 1) == []
    assert told.kinds(status(**HELD), after=1) == ["held"]


def test_each_trouble_of_a_site_is_its_own(told: Told) -> None:
    told.look(status(**AWAY))
    both = told.look(status(**{**HELD, **AWAY}), after=AFTER)
    assert sorted(notice.kind for notice in both) == ["held", "unavailable"]


def test_kinds_that_nobody_wants_are_not_told() -> None:
    told = Told(kinds=["recovered"])
    assert told.kinds(status(**HALTED)) == []
    told.look(status(), after=5)
    assert told.kinds(status(), after=CALM_SECONDS) == ["recovered"]


def test_sites_that_are_gone_and_troubles_that_are_over_are_forgotten(told: Told) -> None:
    told.look(*(status(f"s{n}", **HALTED) for n in range(50)), status("b", **HALTED))
    assert told.look(status("b"), after=5) == [], "no end is told of a site that is gone"
    told.look(status("b"), after=CALM_SECONDS)
    told.look(status("b"), after=INTERVAL)
    assert not told.notices._known


# --- the document ---------------------------------------------------------------------------------


def notice(site: str = "photos", kind: str = "halted", text: str = "Look.") -> Notice:
    return Notice(site, kind, "root_replaced", text, WALL)


def test_the_document_has_a_text_and_every_fact() -> None:
    told = document([notice()], host="nas", version="1.2")
    assert told["text"] == (
        "s3syncd on nas\nphotos is halted and waits for a person (root_replaced): Look."
    )
    assert told["notices"] == [
        {"site": "photos", "kind": "halted", "reason": "root_replaced", "text": "Look.",
         "since": "2023-11-14T22:13:20Z"},
    ]  # fmt: skip
    assert (told["source"], told["version"], told["host"]) == ("s3syncd", "1.2", "nas")
    assert (told["omitted"], told["dropped"]) == (0, 0)


@pytest.mark.parametrize("kind", ["unhealthy", "recovered"])
def test_a_file_that_is_refused_is_not_told_as_a_site_that_stands_still(kind: str) -> None:
    refused = notice("the daemon", kind, "Line 3.")._replace(reason="config_refused")
    told = document([refused], host="nas", version="1")["text"]
    (line,) = told.splitlines()[1:]
    assert line.startswith("the daemon ")
    assert not re.search("does not progress|is well again", line)


def test_a_thousand_notices_are_one_document_of_bounded_size() -> None:
    many = [notice(f"site-{n}", "unavailable", "x" * 5000) for n in range(1000)]
    differing = [notice(f"other-{n}", "unhealthy", f"{n}") for n in range(500)]
    told = document([*many, *differing, notice("worst")], host="nas", version="1", dropped=7)
    assert len(told["text"]) <= MAX_TEXT
    assert "worst" in told["text"].splitlines()[1], "what waits for a person comes first"
    assert "site-0, site-1, site-2, site-3, site-4 and 995 more are unavailable" in told["text"]
    assert re.search(r"^and \d{3} more: \d{3} unhealthy$", told["text"], re.MULTILINE)
    assert "7 earlier notices could not be delivered" in told["text"]
    assert (len(told["notices"]), told["omitted"], told["dropped"]) == (MAX_LISTED, 1401, 7)


def test_words_of_a_server_are_no_mention_and_no_link() -> None:
    told = document(
        [notice(text="<!channel> & <https://evil.example|here>")], host="n", version="1"
    )
    assert "<" not in told["text"]
    assert "&lt;!channel&gt; &amp; " in told["text"]
    assert told["notices"][0]["text"].startswith("<!channel>")
