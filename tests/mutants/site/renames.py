"""Guards of old names, which stay until the new one is there."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_RETIRE = "s3syncd/site/retire.py"
_DECISIONS = "s3syncd/site/decisions.py"
_LOOKS = "s3syncd/site/looks.py"
_WITHHELD = "tests/scenarios/test_withheld.py"
_GUARD = "s3syncd/site/guard.py"
_RENAMES = "tests/scenarios/test_renames.py"
_LIFE = "tests/scenarios/test_plain_life.py"

MUTANTS = [
    Mutant(
        name="the old name goes before the new one is recorded",
        file=_RETIRE,
        old="        self._on_their_way = on_their_way\n",
        new="        self._on_their_way = guard._on_their_way = type(\n"
        '            "", (), {"is_awaited": lambda *_: False,\n'
        '                    "awaited": lambda _: (set(), set()),\n'
        '                    "is_another": lambda *_: False,\n'
        '                    "is_moving": lambda *_: False,\n'
        '                    "oldest_unseen": lambda _: on_their_way.oldest_unseen()}\n'
        "        )()\n",
        tests=[
            f"{_LIFE}::test_the_new_name_is_recorded_before_the_old_one_is_deleted",
            f"{_LIFE}::test_an_old_name_waits_while_the_upload_of_the_new_one_fails",
        ],
    ),
    Mutant(
        name="a failed upload lets the old name go",
        file="s3syncd/site/retries.py",
        old="self._inodes.set(action.path, action.local.inode if action.local else None)",
        new="self._inodes.set(action.path, None)",
        tests=[f"{_LIFE}::test_an_old_name_waits_while_the_upload_of_the_new_one_fails"],
    ),
    Mutant(
        name="an upload that waits for a person lets the old name go",
        file=_LOOKS,
        old="            self.withheld.hold(action.local, now)\n",
        new="",
        tests=[
            f"{_WITHHELD}::test_an_old_name_stays_while_the_new_one_waits_for_a_person",
            f"{_WITHHELD}::test_an_old_name_goes_when_the_new_one_that_was_approved_is_there",
        ],
    ),
    Mutant(
        name="a withheld file that is heard of again lets its old name go",
        file=_LOOKS,
        old="            self.withheld.hold(local, now)\n",
        new="",
        tests=[f"{_WITHHELD}::test_an_old_name_stays_while_the_new_one_waits_for_a_person"],
    ),
    Mutant(
        name="a withheld file that is gone keeps its old name for ever",
        file=_DECISIONS,
        old="        self._look_at_withheld(one)\n",
        new="",
        tests=[f"{_WITHHELD}::test_an_old_name_waits_no_longer_when_the_new_one_went_unheard"],
    ),
    Mutant(
        name="of too many withheld files some let their old names go",
        file="s3syncd/site/withheld.py",
        old="self._is_full or self.are_more_nameless",
        new="self.are_more_nameless",
        tests=[f"{_WITHHELD}::test_beyond_what_is_remembered_every_old_name_waits_until_a_pass"],
    ),
    Mutant(
        name="paths that were not looked at yet are not waited for",
        file=_RETIRE,
        old="        return self._on_their_way.oldest_unseen() <= moment",
        new="        return self._on_their_way.oldest_unseen() < 0 < moment",
        tests=[f"{_LIFE}::test_an_old_name_waits_for_a_new_one_that_is_still_open"],
    ),
    Mutant(
        name="renames count as deletions once they are carried out",
        file=_GUARD,
        old="        if row is None or not self._has_moved(row):",
        new="        if row is None or self._ledger:",
        tests=[f"{_LIFE}::test_a_moved_tree_does_not_use_up_what_may_be_deleted"],
    ),
    Mutant(
        name="deletions go on after a doubt whose scan has failed",
        file="s3syncd/site/schedule.py",
        old="self.timetable.is_doubtful or self.timetable.is_wanted(now)",
        new="self.timetable.is_wanted(now)",
        tests=[f"{_RENAMES}::test_an_old_name_waits_until_a_scan_that_broke_off_was_made_up_for"],
    ),
    Mutant(
        name="the file that a pass meets at a path that waits is not the one awaited",
        file=_DECISIONS,
        old="            self._looks.met(action.local)\n            self._correct",
        new="            self._correct",
        tests=[
            f"{_RENAMES}::test_an_old_name_waits_for_a_file_that_took_the_place_of_one_that_waits"
        ],
    ),
    Mutant(
        name="a late answer brings back which file was awaited",
        file="s3syncd/site/inodes.py",
        old=" and action.path not in self._of:",
        new=":",
        tests=[f"{_RENAMES}::test_a_late_answer_does_not_bring_back_which_file_is_awaited"],
    ),
    Mutant(
        name="an unstable file is not awaited",
        file="s3syncd/site/looks.py",
        old="self._unstable.met(action.path), action)",
        new="self._unstable.met(action.path), None)",
        tests=[f"{_RENAMES}::test_an_old_name_waits_for_a_new_one_that_is_rewritten_all_the_time"],
    ),
    Mutant(
        name="what cannot be told of a withheld file lets its old name go",
        file=_LOOKS,
        old="            self.withheld.still(path, now)\n            self._leave(path)\n",
        new="            self.clean(path)\n",
        tests=[
            f"{_WITHHELD}::"
            "test_an_old_name_stays_while_nobody_can_tell_whether_the_new_one_is_there"
        ],
    ),
]
