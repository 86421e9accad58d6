"""Why a path is where it is, in words: for every row of the table and every state of a site."""

import pytest

from s3syncd.core.entry import Action, Kind
from s3syncd.core.explaining import Ruling, Told, next_step, ruling_of, standings_of
from s3syncd.core.paths import Scope
from s3syncd.core.table import judge
from tests.core.entries import policy
from tests.core.sentences import TABLE

IN = Ruling(True, "included", "", "", "")
OUT = Ruling(False, "excluded", "exclusions[1]", "x", "")
NOTHING = Told("nothing", "")


def ruled(path, *, exclusions=(), inclusions=(".*",), prefix="p/", inner=()):
    scope = Scope(prefix=prefix, exclusions=exclusions, inclusions=inclusions, inner_prefixes=inner)
    ruling = ruling_of(path, scope, exclusions=exclusions, inclusions=inclusions)
    assert ruling.is_selected == scope.covers(path), "the scope has the last word"
    assert ruling.text
    return ruling[1:4]


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("a", {}, ("included", "", "")),
        ("a.tmp", {"exclusions": ["^b", "tmp$"]}, ("excluded", "exclusions[2]", "tmp$")),
        ("a.txt", {"inclusions": ["^b", "txt$"]}, ("included", "inclusions[2]", "txt$")),
        ("a.txt", {"inclusions": ["^b"]}, ("not_included", "", "")),
        ("a", {"inclusions": ["a"], "exclusions": ["a"]}, ("excluded", "exclusions[1]", "a")),
        ("\udcff", {}, ("undecodable_name", "", "")),
        ("n" * 1023, {}, ("key_too_long", "", "")),
        ("in/a", {"inner": ["p/in/"]}, ("inner_prefix", "", "")),
    ],
    ids=[
        "no filter", "excluded", "included", "no inclusion", "exclusions win", "not UTF-8",
        "too long", "another site's",
    ],
)  # fmt: skip
def test_the_rule_that_decides_is_named(path, given, expected):
    assert ruled(path, **given) == expected


@pytest.mark.parametrize("on_drift", ["overwrite", "hold"])
@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
def test_every_row_says_what_follows(case, on_drift):
    _sentence, here, base, there, *_rest = case
    rules = policy("upload", retire=True, hold=on_drift == "hold")
    number, action = judge("p", here, base, there, rules)
    step = next_step(number, action)
    assert step.word == (str(action.kind) if action else "nothing")
    assert len(step.text) > 30
    assert "in this mode" not in step.text


def test_a_step_that_has_no_words_yet_is_named():
    action = Action(Kind.DOWNLOAD, "p", None, None, None, 3, "new")
    assert next_step(3, action) == Told("Download", "Download (new).")


DIRTY = {"since_seconds": 1.2, "due_in_seconds": 3.8, "is_closed": False}
RETRY = {
    "reason": "throttled", "hint": "Wait.", "attempts": 3, "next_at": "LATER", "since": "THEN",
}  # fmt: skip
PROBLEM = {"reason": "drift", "hint": "Look.", "since": "THEN", "path": "d", "is_above": False}
INTENT = {"kind": "Upload", "is_in_parts": True, "since": "THEN"}
ACTION = {"kind": "Upload", "reason": "new"}


@pytest.mark.parametrize(
    ("fact", "word", "said"),
    [
        ({"in_flight": {**ACTION, "seconds": 2.0}}, "in_flight", "Upload (new)"),
        ({"problem": PROBLEM}, "problem", "drift, since THEN: Look."),
        ({"problem": {**PROBLEM, "is_above": True}}, "problem", "drift of d, since"),
        ({"retry": RETRY}, "failed", "3 times, since THEN: throttled: Wait. It is tried again"),
        ({"retry": {**RETRY, "attempts": 1}}, "failed", "failed once"),
        ({"dirty": DIRTY}, "settling", "may still be written: it is looked at in 3.8 s"),
        ({"dirty": {**DIRTY, "is_closed": True}}, "settling", "was closed"),
        ({"dirty": {"due_in_seconds": None}}, "dirty", "being looked at"),
        ({"planned": ACTION}, "planned", "waits for its turn"),
        ({"deletion": {"state": "held"}}, "held", "`s3syncd approve SITE --list HASH`"),
        ({"deletion": {"state": "waiting"}}, "deletion_waits", "again"),
        ({"deletion": {"state": "cleared"}}, "deletion_waits", "for sure"),
        ({"deletion": {"state": "approved"}}, "deletion_waits", "approved"),
        ({"deletion": {"state": "cleared"}, "kept_for": "b, c"}, "kept", "cannot be sent: b, c."),
        ({"intent": INTENT}, "unfinished", "An upload in parts was begun at THEN"),
    ],
)
def test_what_a_site_knows_is_told(fact, word, said):
    (standing,) = standings_of(fact, IN, 9, Told("Upload", ""))
    assert standing.word == word
    assert said in standing.text


@pytest.mark.parametrize(
    ("site", "now", "said"),
    [
        ("idle", "2026-01-01", "It is tried again at 2026-01-02."),
        ("idle", "2026-01-02", "It is tried again as soon as its turn comes: it is due."),
        ("paused", "2026-01-01", "It is tried again once the site is resumed."),
        ("unavailable", "2026-01-09", "It is tried again once the site can go on."),
        ("", "2026-01-09", "It is tried again once a daemon runs."),
        ("", "2026-01-01", "It is tried again at 2026-01-02, if a daemon runs then."),
    ],
)
def test_no_time_that_is_past_is_named_for_another_attempt(site, now, said):
    facts = {"retry": {**RETRY, "next_at": "2026-01-02"}, "site": {"state": site} if site else None}
    (standing,) = standings_of(facts, IN, 9, Told("Upload", ""), now=now)
    assert standing.text.endswith(said)


@pytest.mark.parametrize("word", ["undecodable_name", "key_too_long", "inner_prefix"])
def test_a_name_without_a_key_is_a_problem_and_not_left_out(word):
    ruling = Ruling(False, word, "", "", "Why.")
    (standing,) = standings_of({}, ruling, 1, NOTHING)
    assert standing.word == "problem"
    assert standing.text.startswith(f"{word}: Why. ")
    assert "not in sync" in standing.text
    assert standings_of({}, ruling, 1, NOTHING, is_there=False)[0].word == "left_out"


def test_what_says_most_comes_first():
    facts = {"intent": INTENT, "planned": ACTION, "dirty": DIRTY, "retry": RETRY}
    words = [each.word for each in standings_of(facts, IN, 9, Told("Upload", ""))]
    assert words == ["failed", "settling", "planned", "unfinished"]


@pytest.mark.parametrize(
    ("ruling", "number", "step", "word"),
    [
        (OUT, 1, NOTHING, "left_out"),
        (IN, 0, NOTHING, "unknown"),
        (IN, 6, NOTHING, "at_rest"),
        (IN, 9, Told("Upload", ""), "unnoticed"),
    ],
)
def test_of_what_nothing_is_known_both_sides_tell(ruling, number, step, word):
    assert [each.word for each in standings_of({}, ruling, number, step)] == [word]
