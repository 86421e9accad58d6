"""Storage classes: when one is changed, which is recorded, and which are colder."""

import pytest

from s3syncd.core.reconcile import adopted_class, decide
from s3syncd.core.table import colder_classes
from tests.core.entries import local, policy, remote, row
from tests.core.sentences import MODES, K


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
