"""Guards of deletions that are too many, or want a person's word."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_RETIRE = "s3syncd/site/retire.py"
_DECISIONS = "s3syncd/site/decisions.py"
_FOREIGN = "tests/scenarios/deletions/test_foreign.py"
_APPROVAL = "s3syncd/site/approval.py"
_APPROVALS = "tests/scenarios/test_approvals.py"
_HOLDS = "tests/scenarios/test_holds.py"
_COUNTED = "tests/scenarios/test_counted.py"
_GUARD = "s3syncd/site/guard.py"

MUTANTS = [
    Mutant(
        name="too many deletions are not held",
        file=_RETIRE,
        old="        if is_emptied or self._guard.is_mass():",
        new="        if is_emptied:",
        tests=[f"{_HOLDS}::test_every_waiting_deletion_is_held_and_uploads_go_on"],
    ),
    Mutant(
        name="a deletion that was judged to be a rename is not judged again",
        file=_RETIRE,
        old='        elif deletion.state == "approved" or self._guard.lets_pass(path):',
        new="        elif deletion:",
        tests=[
            f"{_COUNTED}::test_a_tree_that_is_moved_and_then_deleted_is_held",
            f"{_COUNTED}::test_files_that_were_given_the_inodes_of_others_are_no_renames",
        ],
    ),
    Mutant(
        name="where one deletion may go any number may",
        file=_GUARD,
        old="        self._passes -= 1\n",
        new="",
        tests=[f"{_COUNTED}::test_no_more_go_unasked_than_were_counted"],
    ),
    Mutant(
        name="a deletion on its way leaves its place to another",
        file=_GUARD,
        old="0 if is_mass else lost - len(self._passed)",
        new="0 if is_mass else lost",
        tests=[f"{_COUNTED}::test_no_more_go_unasked_than_were_counted"],
    ),
    Mutant(
        name="a deletion that was called back keeps its place",
        file=_RETIRE,
        old="            self._guard.forget_passed()\n            self.recheck_held()",
        new="            self.recheck_held()",
        tests=[f"{_COUNTED}::test_what_was_called_back_takes_nobodys_place"],
    ),
    Mutant(
        name="a deletion without an answer counts when it is known, and not before",
        file=_GUARD,
        old=".deletions_logged_since(day_ago) + unanswered,",
        new=".deletions_logged_since(day_ago),",
        tests=[
            f"{_COUNTED}::test_deletions_without_an_answer_count_before_it_is_known",
        ],
    ),
    Mutant(
        name="a deletion asked for and wanted again counts twice",
        file="s3syncd/ledger/deletions.py",
        old="        AND NOT EXISTS (SELECT 1 FROM deletion AS too WHERE too.path = asked.path)\n",
        new="",
        tests=[f"{_COUNTED}::test_a_deletion_asked_for_twice_counts_once"],
    ),
    Mutant(
        name="what is recorded of a path counts as a new name, though it has another file by now",
        file="s3syncd/ledger/deletions.py",
        old="(_COUNT_LOST, (awaited, json.dumps(list(awaited_paths)), limit))",
        new='(_COUNT_LOST, (awaited, "[]", limit))',
        tests=[
            "tests/ledger/test_lost.py::"
            "test_what_is_recorded_of_a_path_that_has_another_file_by_now_does_not_matter"
        ],
    ),
    Mutant(
        name="a file that was given an inode passes for the one that was deleted",
        file="s3syncd/ledger/deletions.py",
        old="            AND coalesce(other.md5 = row.md5, other.mtime_ns = row.mtime_ns)\n",
        new="",
        tests=[
            "tests/ledger/test_lost.py::"
            "test_another_content_is_another_file_that_was_given_the_inode",
        ],
    ),
    Mutant(
        name="so it does at the last gate",
        file="s3syncd/ledger/baseline.py",
        old='" AND coalesce(md5 = ?, mtime_ns = ?) AND',
        new='" AND coalesce(md5 = ?, mtime_ns = ?, 1) + 1 AND',
        tests=[
            f"{_COUNTED}::"
            "test_files_that_were_given_the_inodes_of_deleted_ones_are_in_the_log_of_deletions",
        ],
    ),
    Mutant(
        name="the same for deletions without an answer",
        file="s3syncd/ledger/deletions.py",
        old="        paths = json.dumps(list(awaited_paths))\n",
        new='        paths = "[]"\n',
        tests=[
            "tests/ledger/test_lost.py::test_the_same_goes_for_deletions_without_an_answer",
        ],
    ),
    Mutant(
        name="the log of deletions takes another file for the one that was moved",
        file=_GUARD,
        old=" and not is_another(path, row.inode)",
        new="",
        tests=[
            f"{_COUNTED}::"
            "test_what_went_while_its_old_name_was_written_anew_is_in_the_log_of_deletions"
        ],
    ),
    Mutant(
        name="the backlog tells of no other file at a path",
        file="s3syncd/site/underway.py",
        old="is_known or any(file.inode != inode for file in self._backlog.files(path))",
        new="is_known",
        tests=[
            f"{_COUNTED}::"
            "test_names_that_were_moved_and_replaced_before_the_old_ones_went_are_no_renames"
        ],
    ),
    Mutant(
        name="a slow removal is judged when it pauses, not after 30 s",
        file=_RETIRE,
        old="        return first + max(self._grace_seconds, _JUDGE_AT_LATEST_SECONDS)",
        new='        return first + float("inf")',
        tests=[f"{_HOLDS}::test_a_slow_removal_does_not_slip_through_in_batches"],
    ),
    Mutant(
        name="planned deletions are not called back by a hold",
        file=_RETIRE,
        old="            call_back(self._ledger, self._backlog)\n",
        new="",
        tests=[f"{_HOLDS}::test_planned_deletions_are_called_back_by_a_hold"],
    ),
    Mutant(
        name="the first foreign objects are not held",
        file=_RETIRE,
        old="        is_held = foreign is not None and not self._hold.lets_foreign_pass",
        new="        is_held = False",
        tests=[f"{_FOREIGN}::test_retire_foreign_waits_the_first_time"],
    ),
    Mutant(
        name="an emptied root that fills again releases foreign objects",
        file="s3syncd/site/hold.py",
        old="r.foreign_etag is None or self.lets_foreign_pass",
        new="r.path",
        tests=[f"{_HOLDS}::test_an_emptied_root_releases_no_foreign_objects"],
    ),
    Mutant(
        name="any list is approved",
        file=_APPROVAL,
        old="    if wanted is not None and wanted != held:",
        new="    if wanted is not None and held is None:",
        tests=[f"{_HOLDS}::test_the_list_that_was_shown_is_approved_and_no_other"],
    ),
    Mutant(
        name="who approves drift approves what is held, too",
        file=_APPROVAL,
        old="if word in words else 0",
        new="if word in words or word == DELETIONS else 0",
        tests=[f"{_APPROVALS}::test_an_approval_of_drift_alone_deletes_nothing"],
    ),
    Mutant(
        name="who approves a list approves drift, too",
        file=_APPROVAL,
        old="        one = only if wanted is None else DELETIONS",
        new="        one = only",
        tests=[f"{_APPROVALS}::test_an_approval_of_the_list_that_is_held_approves_no_drift"],
    ),
    Mutant(
        name="a word that nobody knows approves something, or nothing, and who knows which",
        file=_APPROVAL,
        old="    if only is not None and only not in APPROVALS:",
        new="    if False:",
        tests=[f"{_APPROVALS}::test_what_cannot_be_meant_is_refused"],
    ),
    Mutant(
        name="a list is approved where something else was to be",
        file=_APPROVAL,
        old="    if wanted is not None and only not in {None, DELETIONS}:",
        new="    if False:",
        tests=[f"{_APPROVALS}::test_what_cannot_be_meant_is_refused"],
    ),
    Mutant(
        name="an approval of nothing that is held lets an emptied root pass",
        file=_APPROVAL,
        old="        if not self._site.hold.count:\n            return 0\n"
        "        self._site.decisions.is_emptied = False\n",
        new="        self._site.decisions.is_emptied = False\n"
        "        if not self._site.hold.count:\n            return 0\n",
        tests=[
            f"{_APPROVALS}::"
            "test_an_approval_before_anything_is_held_says_nothing_of_an_emptied_root"
        ],
    ),
    Mutant(
        name="an emptied root is not looked at as a whole",
        file=_DECISIONS,
        old="            self._retirement.judge(now, is_emptied=self.is_emptied)",
        new="            self._retirement.judge(now, is_emptied=False)",
        tests=[f"{_HOLDS}::test_an_emptied_root_deletes_nothing"],
    ),
    Mutant(
        name="who approves something else does without a mount that is away for a moment",
        file="s3syncd/site/approval.py",
        old='_BY_NAME = frozenset({"mount_missing"})',
        new="_BY_NAME = frozenset()",
        tests=["tests/scenarios/test_mounts.py::test_a_person_says_that_a_mount_is_gone_for_good"],
    ),
]
