"""Guards of what may be read: whole, quiet files of the accepted root."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_TORN = "tests/transfer/small/test_torn.py::"
_QUIET = "tests/transfer/small/test_quiet.py::"
_UNREADABLE = "tests/transfer/small/test_unreadable.py::"
_PARTS_TORN = "tests/transfer/parts/test_torn.py::"
_RACY = "tests/transfer/test_racy.py::"
_RETIRE = "tests/transfer/test_retire.py::"

MUTANTS = [
    Mutant(
        name="whole seconds are taken for exact times",
        file=_T + "source.py",
        old="        tellable = max(settle.quiet_seconds, granule_seconds(self.entry))",
        new="        tellable = settle.quiet_seconds",
        tests=[_RACY + "test_where_times_are_whole_seconds_a_file_rests_for_two"],
    ),
    Mutant(
        name="a young stat is trusted once the content proved unchanged",
        file=_T + "small.py",
        old='"unchanged", row, is_stale=source.is_racy)',
        new='"unchanged", row)',
        tests=[_RACY + "test_a_young_stat_that_must_be_recorded_is_one_that_no_later_stat_equals"],
    ),
    Mutant(
        name="a ctime ahead of the clock is set aside for an mtime set by hand",
        file=_T + "source.py",
        old="    newest = entry.ctime_ns if entry.mtime_ns > now_ns else max(",
        new="    newest = entry.ctime_ns if entry.mtime_ns > now_ns else min(",
        tests=[_RACY + "test_the_age_of_a_file_is_what_its_times_can_prove"],
    ),
    Mutant(
        name="a file is sent though its stat changed while it was read",
        file=_T + "source.py",
        old="        self.check_writers()\n        self.check_unchanged()\n",
        new="        self.check_writers()\n",
        tests=[
            _TORN + "test_file_that_grows_while_it_is_read_is_not_sent",
            _PARTS_TORN + "test_file_changed_while_its_parts_go_is_not_published",
        ],
    ),
    Mutant(
        name="the ctime does not count as a change",
        file=_T + "source.py",
        old="        if now == self.entry:\n",
        new="        if now[:3] == self.entry[:3]:\n",
        tests=[_TORN + "test_rewrite_that_keeps_size_and_mtime_is_noticed_by_its_ctime"],
    ),
    Mutant(
        name="a file is sent however young its stat is",
        file=_T + "source.py",
        old="        source.check_young()\n",
        new="",
        tests=[_QUIET + "test_file_younger_than_the_settle_time_waits"],
    ),
    Mutant(
        name="a file with a writer is sent",
        file=_T + "source.py",
        old="        if not wait:\n            return\n        if not self._is_overdue:\n",
        new="        if wait is not None:\n            return\n        if not self._is_overdue:\n",
        tests=[
            _QUIET + "test_file_that_may_be_open_and_has_a_writer_waits",
            _PARTS_TORN + "test_file_with_a_writer_is_not_begun",
        ],
    ),
    Mutant(
        name="a file that is empty for a moment is sent past its deadline",
        file=_T + "source.py",
        old="        return self._settle.is_past_deadline and self.entry.size_bytes > 0\n",
        new="        return self._settle.is_past_deadline\n",
        tests=[_QUIET + "test_empty_file_with_a_writer_is_not_sent_past_its_deadline"],
    ),
    Mutant(
        name="a close is believed although a writer is there again",
        file=_T + "source.py",
        old="            if is_free is not None:\n",
        new="            if is_free:\n",
        tests=[_QUIET + "test_closed_file_that_is_begun_anew_waits_for_its_writer"],
    ),
    Mutant(
        name="a file whose writers cannot be told has one",
        file="s3syncd/local/files.py",
        old="        return False if error.errno == errno.EAGAIN else None\n",
        new="        return False\n",
        tests=["tests/local/test_files.py::test_lease_that_cannot_be_asked_for_tells_nothing"],
    ),
    Mutant(
        name="past its deadline any file is sent",
        file=_T + "source.py",
        old=" and now.size_bytes > self.entry.size_bytes\n",
        new="\n",
        tests=[_QUIET + "test_file_past_its_deadline_that_changes_without_growing_is_unstable"],
    ),
    Mutant(
        name="past its deadline a file known to be rewritten in place is sent",
        file=_T + "source.py",
        old=" or _is_rewritten_in_place(self._action, self.entry):\n",
        new=":\n",
        tests=[_QUIET + "test_file_past_its_deadline_known_to_be_rewritten_in_place_is_unstable"],
    ),
    Mutant(
        name="a stat too young to judge is recorded as it is",
        file=_T + "source.py",
        old="        return self.entry._replace(ctime_ns=0) if self.is_racy else self.entry\n",
        new="        return self.entry\n",
        tests=[_QUIET + "test_row_of_a_file_too_young_to_judge_equals_no_later_stat"],
    ),
    Mutant(
        name="a file may have grown beyond the bytes admitted for it",
        file=_T + "source.py",
        old="    if admitted < entry.size_bytes <= threshold_bytes:\n",
        new="    if threshold_bytes < 0:\n",
        tests=[_TORN + "test_file_much_larger_than_decided_is_not_read"],
    ),
    Mutant(
        name="any directory in the root's place will do",
        file="s3syncd/transfer/kit.py",
        old="return self.held_root.borrow(self.root_identity)",
        new="return self.held_root.borrow(None)",
        tests=[
            _UNREADABLE + "test_another_directory_in_the_roots_place_sends_nothing",
            _RETIRE + "test_empty_directory_in_the_roots_place_deletes_nothing",
        ],
    ),
    Mutant(
        name="a file replaced during its upload is not dirty",
        file=_T + "kit.py",
        old="            return self.look(action) != entry\n",
        new="            return self.look(action) is None\n",
        tests=[_TORN + "test_file_replaced_while_it_is_sent_is_stale"],
    ),
    Mutant(
        name="a clock that leapt makes a file old",
        file=_T + "source.py",
        old="            age = min(age, settle.decided_seconds_ago)",
        new="            age = max(age, 0.0)",
        tests=[_QUIET + "test_file_changed_since_it_was_decided_on_is_no_older_than_that"],
    ),
    Mutant(
        name="nobody tells the worker how long ago was decided",
        file="s3syncd/site/quiet.py",
        old="            decided_seconds_ago=max(0.0, now - planned_at),\n",
        new="",
        tests=[
            "tests/scenarios/test_torn.py"
            "::test_a_worker_knows_how_long_ago_was_decided_whatever_the_clock_says"
        ],
    ),
]
