import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.entry import Action, Kind
from s3syncd.core.reconcile import adopted_class, decide, follow_up
from s3syncd.core.table import ROWS, UNKNOWN, colder_classes, judge
from tests.core.entries import local, policy, remote, row

K = Kind
MODES = ("upload", "download", "two-way")
EDITED, TOUCHED = local(size=99, stamp=2), local(stamp=2)
REPLACED, REPUT = remote(size=77, etag="e2"), remote(etag="e2")

# sentence, local, baseline, remote, row, what follows in upload, download, two-way (retire on)
TABLE = [
    ("a file of ours that cannot be looked at",
     UNKNOWN, row(), remote(), 0, None, None, None),
    ("an object that cannot be looked at",
     local(), row(), UNKNOWN, 0, None, None, None),
    ("a place that cannot be looked at, and an object",
     UNKNOWN, None, remote(), 0, None, None, None),
    ("a place that cannot be looked at, and no object any more",
     UNKNOWN, row(), None, 0, None, None, None),
    ("nothing anywhere",
     None, None, None, 1, None, None, None),
    ("a new file",
     local(), None, None, 2, (K.UPLOAD, "new"), None, (K.UPLOAD, "new")),
    ("a foreign object",
     None, None, remote(), 3, None, (K.DOWNLOAD, "new"), (K.DOWNLOAD, "new")),
    ("first contact of equal sizes",
     local(), None, remote(), 4,
     (K.ADOPT, "first_contact"), (K.ADOPT, "first_contact"), (K.ADOPT, "first_contact")),
    ("first contact of different sizes",
     local(), None, remote(size=11), 5,
     (K.UPLOAD, "first_contact"), (K.CONFLICT, "conflict"), (K.CONFLICT, "conflict")),
    ("nothing changed",
     local(), row(), remote(), 6, None, None, None),
    ("an object replaced by one of another size",
     local(), row(), REPLACED, 7,
     (K.UPLOAD, "drift"), (K.DOWNLOAD, "changed"), (K.DOWNLOAD, "changed")),
    ("an object put again with the same size",
     local(), row(), REPUT, 7, (K.ADOPT, "drift"), (K.ADOPT, "changed"), (K.ADOPT, "changed")),
    ("an object with the old version token but another size",
     local(), row(), remote(size=77), 7,
     (K.UPLOAD, "drift"), (K.DOWNLOAD, "changed"), (K.DOWNLOAD, "changed")),
    ("a vanished object",
     local(), row(), None, 8,
     (K.UPLOAD, "vanished"), (K.DELETE_LOCAL, "retired"), (K.DELETE_LOCAL, "retired")),
    ("an edited file",
     EDITED, row(), remote(), 9,
     (K.UPLOAD, "changed"), (K.CONFLICT, "conflict"), (K.UPLOAD, "changed")),
    ("a touched file",
     TOUCHED, row(), remote(), 9,
     (K.UPLOAD, "changed"), (K.ADOPT, "conflict"), (K.UPLOAD, "changed")),
    ("both edited to equal sizes",
     local(size=77, stamp=2), row(), REPLACED, 10,
     (K.ADOPT, "drift"), (K.ADOPT, "drift"), (K.ADOPT, "drift")),
    ("both edited to different sizes",
     EDITED, row(), REPLACED, 11,
     (K.UPLOAD, "drift"), (K.CONFLICT, "conflict"), (K.CONFLICT, "conflict")),
    ("an edited file whose object vanished",
     EDITED, row(), None, 12,
     (K.UPLOAD, "vanished"), (K.FORGET, "kept"), (K.UPLOAD, "vanished")),
    ("a deleted file",
     None, row(), remote(), 13,
     (K.DELETE_REMOTE, "retired"), (K.DOWNLOAD, "vanished"), (K.DELETE_REMOTE, "retired")),
    ("a deleted file whose object was replaced",
     None, row(), REPLACED, 14,
     (K.FORGET, "kept"), (K.DOWNLOAD, "vanished"), (K.DOWNLOAD, "vanished")),
    ("a deleted file whose object was put again",
     None, row(), REPUT, 14,
     (K.FORGET, "kept"), (K.DOWNLOAD, "vanished"), (K.DOWNLOAD, "vanished")),
    ("gone on both sides",
     None, row(), None, 15, (K.FORGET, "gone"), (K.FORGET, "gone"), (K.FORGET, "gone")),
]  # fmt: skip


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


@pytest.mark.parametrize(
    ("sentence", "asked", "listed", "wanted", "is_reclassed"),
    [
        ("none configured", "GLACIER", "GLACIER", None, False),
        ("the class asked for is configured", "STANDARD_IA", "STANDARD_IA", "STANDARD_IA", False),
        ("a store that lists STANDARD always", "STANDARD_IA", "STANDARD", "STANDARD_IA", False),
        ("another class was configured", "STANDARD", "STANDARD", "STANDARD_IA", True),
        ("a warmer class was configured", "GLACIER_IR", "GLACIER_IR", "STANDARD", True),
        ("a lifecycle rule made it colder", "STANDARD", "GLACIER", "STANDARD_IA", False),
        ("and colder, class as configured", "STANDARD_IA", "GLACIER", "STANDARD_IA", False),
        ("a lifecycle rule did what is configured now", "STANDARD", "GLACIER", "GLACIER", True),
        ("nobody asked", "", "GLACIER", "STANDARD", False),
        ("a store's own class", "OWN", "OWN", "STANDARD", True),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_the_class_is_changed_only_when_another_one_was_asked_for(
    sentence, asked, listed, wanted, is_reclassed, mode
):
    rules = policy(mode, storage_class=wanted)
    action = decide("p", local(), row(asked=asked), remote(listed=listed), rules)
    if is_reclassed and mode != "download":
        assert (action.kind, action.reason, action.row) == (K.RECLASS, "class", 6)
    else:
        assert action is None
    assert decide("p", local(), row(asked=asked), None, rules, is_listed=False) is None


@pytest.mark.parametrize(
    ("listed", "wanted", "recorded"),
    [
        ("STANDARD", "STANDARD_IA", "STANDARD"),
        ("STANDARD", None, "STANDARD"),
        ("STANDARD_IA", "STANDARD_IA", "STANDARD_IA"),
        ("GLACIER", "STANDARD_IA", ""),
        ("GLACIER", None, ""),
    ],
)
def test_class_recorded_for_an_adopted_object(listed, wanted, recorded):
    assert adopted_class(listed, wanted) == recorded


def test_colder_classes():
    assert colder_classes(None) == frozenset()
    assert colder_classes("DEEP_ARCHIVE") == frozenset()
    assert colder_classes("GLACIER_IR") == {"GLACIER", "DEEP_ARCHIVE"}
    assert colder_classes("STANDARD") == colder_classes("OWN") >= {"STANDARD_IA", "GLACIER"}


LOCALS = st.sampled_from([None, UNKNOWN, local(), TOUCHED, EDITED, local(size=77, stamp=3)])
ROWS_OR_NONE = st.sampled_from([None, row(), row(asked="GLACIER"), row(asked="")])
REMOTES = st.sampled_from([None, UNKNOWN, remote(), REPUT, REPLACED, remote(listed="GLACIER")])
POLICIES = st.builds(
    policy,
    st.sampled_from(MODES),
    retire=st.booleans(),
    foreign=st.booleans(),
    hold=st.booleans(),
    storage_class=st.sampled_from([None, "STANDARD", "GLACIER_IR"]),
)
ANYTHING = {
    "here": LOCALS, "base": ROWS_OR_NONE, "there": REMOTES, "rules": POLICIES,
    "is_listed": st.booleans(), "is_different": st.booleans(),
}  # fmt: skip


def decided(here, base, there, rules, is_listed, is_different):
    return decide("p", here, base, there, rules, is_listed=is_listed, is_different=is_different)


@given(**ANYTHING)
def test_nothing_follows_from_not_knowing(here, base, there, rules, is_listed, is_different):
    action = decided(here, base, there, rules, is_listed, is_different)
    if here is UNKNOWN or (is_listed and there is UNKNOWN):
        assert action is None


@given(**ANYTHING)
def test_each_mode_keeps_its_hands_off_the_other_side(
    here, base, there, rules, is_listed, is_different
):
    action = decided(here, base, there, rules, is_listed, is_different)
    forbidden = {
        "upload": {K.DOWNLOAD, K.DELETE_LOCAL},
        "download": {K.UPLOAD, K.DELETE_REMOTE, K.RECLASS, K.COPY},
        "two-way": set(),
    }[rules.mode]
    assert action is None or action.kind not in forbidden


@given(**ANYTHING)
def test_a_deletion_needs_a_baseline_and_the_agreed_version(
    here, base, there, rules, is_listed, is_different
):
    action = decided(here, base, there, rules, is_listed, is_different)
    if action and action.kind is K.DELETE_REMOTE:
        assert here is None
        assert base is not None or (rules.retire_foreign and rules.retire_deleted)
        assert base is None or not is_listed or there[1:3] == (base.size_bytes, base.etag)
    if action and action.kind is K.DELETE_LOCAL:
        assert there is None
        assert is_listed
        assert here[:5] == base[:5]


@given(**ANYTHING)
def test_two_way_overwrites_only_what_both_sides_agreed_on(
    here, base, there, rules, is_listed, is_different
):
    action = decided(here, base, there, rules, is_listed, is_different)
    if action and rules.mode == "two-way" and action.kind is K.UPLOAD:
        assert action.remote is None or action.remote.etag == base.etag
    if action and rules.mode == "two-way" and action.kind is K.DOWNLOAD:
        assert action.local is None or action.local[:5] == base[:5]


@given(**ANYTHING)
def test_an_action_tells_what_it_was_decided_from(
    here, base, there, rules, is_listed, is_different
):
    action = decided(here, base, there, rules, is_listed, is_different)
    if action:
        assert (action.local, action.baseline) == (here, base)
        assert action.remote == (there if is_listed else None)
