"""What no decision does, whatever is seen of a path and whatever is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.reconcile import decide
from s3syncd.core.table import UNKNOWN
from tests.core.entries import local, policy, remote, row
from tests.core.sentences import EDITED, MODES, REPLACED, REPUT, TOUCHED, K

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
