import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.safety import (
    REASONS,
    RootIdentity,
    is_mass_rewrite,
    is_root_emptied,
    judge_mass_delete,
    judge_root,
    list_hash,
    mass_delete_limit,
)


@pytest.mark.parametrize(
    ("max_delete", "baseline", "limit"),
    [
        pytest.param(None, 0, 20, id="a small site may lose twenty"),
        pytest.param(None, 83, 20, id="a quarter of 83 is still twenty"),
        pytest.param(None, 84, 21, id="from there on a quarter"),
        pytest.param(None, 1_000_000, 250_000, id="a quarter of a big site"),
        pytest.param(5, 1_000_000, 5, id="a configured limit counts alone"),
        pytest.param(0, 100, 0, id="none at all can be configured"),
    ],
)
def test_limit_of_deletions(max_delete, baseline, limit):
    assert mass_delete_limit(max_delete, baseline) == limit


@pytest.mark.parametrize(
    ("wanted", "carried_out", "max_delete", "is_held"),
    [
        pytest.param(25, 0, None, False, id="as many as the limit pass"),
        pytest.param(26, 0, None, True, id="one more than the limit is held"),
        pytest.param(1, 25, None, True, id="those of the last day count"),
        pytest.param(0, 99, None, False, id="nothing wanted, nothing held"),
        pytest.param(1, 0, 0, True, id="with a limit of none each one is held"),
    ],
)
def test_mass_deletion(wanted, carried_out, max_delete, is_held):
    assert is_held is judge_mass_delete(
        wanted=wanted,
        carried_out_unapproved_24h=carried_out,
        baseline_count_24h_ago=100,
        max_delete=max_delete,
    )


@given(batches=st.lists(st.integers(min_value=1, max_value=40), max_size=40))
def test_a_deletion_in_batches_passes_no_more_than_one_at_once(batches):
    carried_out = 0
    for wanted in batches:
        if not judge_mass_delete(
            wanted=wanted,
            carried_out_unapproved_24h=carried_out,
            baseline_count_24h_ago=100,
            max_delete=None,
        ):
            carried_out += wanted
    assert carried_out <= mass_delete_limit(None, 100)


A, B = RootIdentity(2, 77), RootIdentity(2, 78)


@pytest.mark.parametrize(
    ("stored", "seen", "root_check", "sampled", "matching", "verdict"),
    [
        pytest.param(None, A, "strict", 200, 0, "ok", id="the first root is accepted"),
        pytest.param(A, A, "strict", 200, 0, "ok", id="the same root is accepted"),
        pytest.param(A, B, "strict", 200, 180, "ok", id="another one with 90 % of the files"),
        pytest.param(A, B, "strict", 200, 179, "replaced", id="another one with fewer"),
        pytest.param(A, RootIdentity(3, 77), "strict", 1, 0, "replaced", id="another inode"),
        pytest.param(A, B, "off", 200, 0, "ok", id="replaced on purpose"),
        pytest.param(A, B, "strict", 0, 0, "ok", id="an empty baseline has nothing to lose"),
    ],
)
def test_root_identity(stored, seen, root_check, sampled, matching, verdict):
    assert verdict == judge_root(
        stored, seen, root_check=root_check, sampled=sampled, matching=matching
    )


@pytest.mark.parametrize(
    ("baseline", "scanned", "is_complete", "is_emptied"),
    [
        pytest.param(2, 0, True, True, id="two known files are gone, and all others"),
        pytest.param(1, 0, True, False, id="a single file may be deleted"),
        pytest.param(9, 1, True, False, id="one file is left"),
        pytest.param(9, 0, False, False, id="an incomplete scan says nothing"),
    ],
)
def test_emptied_root(baseline, scanned, is_complete, is_emptied):
    assert is_root_emptied(baseline, scanned, is_complete) is is_emptied


@pytest.mark.parametrize(
    ("rewritten", "baseline", "is_many"),
    [
        pytest.param(100, 200, True, id="a hundred that are half of all"),
        pytest.param(99, 99, False, id="a small site may be rewritten whole"),
        pytest.param(100, 201, False, id="less than half of all"),
        pytest.param(500_000, 1_000_000, True, id="half of a large one"),
    ],
)
def test_mass_rewrite(rewritten, baseline, is_many):
    assert is_mass_rewrite(rewritten, baseline) is is_many


def test_a_list_is_named_by_its_content():
    assert list_hash(iter(["a", "é"])) == hashlib.sha256("a\0é".encode()).hexdigest()[:12]
    assert list_hash(["a", "b"]) != list_hash(["ab"])
    assert len(list_hash([])) == 12


def test_every_guard_says_what_to_do():
    assert set(REASONS) == {
        "root_missing", "root_replaced", "root_emptied", "mass_delete", "bucket_unavailable",
        "subtree_unknown", "mount_missing", "mount_new", "directory_became_symlink",
        "listing_incomplete",
        "ledger_unavailable", "state_dir_full",
    }  # fmt: skip
    assert all(guard.message and guard.remedy for guard in REASONS.values())
