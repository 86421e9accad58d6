"""Each row of the table of decisions, and what changes it: hands tied, no listing, no scope."""

import pytest

from s3syncd.core.entry import Action
from s3syncd.core.reconcile import decide, follow_up
from s3syncd.core.table import ROWS, UNKNOWN, judge
from tests.core.entries import local, policy, remote, row
from tests.core.sentences import EDITED, MODES, REPLACED, REPUT, TABLE, TOUCHED, K


def expected_action(case, mode):
    _sentence, here, base, there, number, *effects = case
    effect = effects[MODES.index(mode)]
    return effect and Action(effect[0], "p", here, base, there, number, effect[1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
def test_row_of_the_table(case, mode):
    _sentence, here, base, there, number, *_effects = case
    rules = policy(mode, retire=True)
    assert judge("p", here, base, there, rules) == (number, expected_action(case, mode))
    assert decide("p", here, base, there, rules) == expected_action(case, mode)


def test_every_row_is_tested():
    assert {case[4] for case in TABLE} == set(range(len(ROWS))) == set(range(16))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
def test_without_retire_deleted_only_two_way_deletes(case, mode):
    _sentence, here, base, there, *_rest = case
    action = decide("p", here, base, there, policy(mode))
    with_it = expected_action(case, mode)
    if mode != "two-way" and with_it and with_it.kind in {K.DELETE_LOCAL, K.DELETE_REMOTE}:
        with_it = None
    assert action == with_it


@pytest.mark.parametrize(
    ("retire", "foreign", "expected"),
    [(False, False, None), (True, False, None), (False, True, None), (True, True, "foreign")],
)
def test_a_foreign_object_goes_only_where_both_switches_say_so(retire, foreign, expected):
    action = decide("p", None, None, remote(), policy(retire=retire, foreign=foreign))
    assert (action and action.reason) == expected
    assert action is None or (action.kind, action.row) == (K.DELETE_REMOTE, 3)


@pytest.mark.parametrize(
    ("here", "base", "there"),
    [
        pytest.param(local(), None, remote(size=11), id="at first contact"),
        pytest.param(local(), row(), REPLACED, id="after a foreign change"),
        pytest.param(EDITED, row(), REPLACED, id="after changes on both sides"),
    ],
)
def test_held_drift_overwrites_nothing(here, base, there):
    action = decide("p", here, base, there, policy(hold=True))
    assert (action.kind, action.reason) == (K.CONFLICT, "drift")


@pytest.mark.parametrize(
    ("here", "base", "there"),
    [
        pytest.param(local(), None, remote(), id="at first contact"),
        pytest.param(local(), row(), REPUT, id="after a foreign change"),
        pytest.param(local(size=77, stamp=2), row(), REPLACED, id="after changes on both sides"),
    ],
)
@pytest.mark.parametrize("hold", [False, True])
def test_equal_sizes_are_compared_before_anything_is_sent_or_held(here, base, there, hold):
    rules = policy(hold=hold)
    action = decide("p", here, base, there, rules)
    assert action.kind is K.ADOPT
    assert follow_up(action, rules).kind is (K.CONFLICT if hold else K.UPLOAD)


@pytest.mark.parametrize(
    ("mode", "kind"), [("upload", K.UPLOAD), ("download", K.CONFLICT), ("two-way", K.UPLOAD)]
)
def test_a_touched_file_that_turned_out_edited(mode, kind):
    action = Action(K.ADOPT, "p", TOUCHED, row(), None, 9, "conflict")
    assert follow_up(action, policy(mode)).kind is kind


def test_an_object_put_again_with_other_bytes_is_fetched_where_the_bucket_decides():
    rules = policy("download")
    action = decide("p", local(), row(), REPUT, rules)
    assert follow_up(action, rules).kind is K.DOWNLOAD


@pytest.mark.parametrize(
    ("sentence", "here", "base", "kind", "number"),
    [
        ("a new file is sent", local(), None, K.UPLOAD, 2),
        ("an unchanged file is left alone", local(), row(), None, 6),
        ("a changed file is sent", EDITED, row(), K.UPLOAD, 9),
        ("a deleted file is retired", None, row(), K.DELETE_REMOTE, 13),
        ("an unknown place is left alone", UNKNOWN, row(), None, 0),
        ("nothing is left alone", None, None, None, 1),
    ],
)
@pytest.mark.parametrize("ignored", [None, UNKNOWN, REPLACED])
def test_without_a_listing_the_object_is_taken_to_be_as_agreed(
    sentence, here, base, kind, number, ignored
):
    found = judge("p", here, base, ignored, policy(retire=True), is_listed=False)
    assert (found[0], found[1] and found[1].kind) == (number, kind)


def outside(_path):
    return False


@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
@pytest.mark.parametrize("mode", MODES)
def test_a_path_that_left_the_scope_is_forgotten_and_nothing_else(case, mode):
    _sentence, here, base, there, *_rest = case
    rules = policy(mode, retire=True, foreign=True, covers=outside)
    action = decide("p", here, base, there, rules)
    assert action is None if base is None else action[:2] == (K.FORGET, "p")
