"""Guards of what a site knows of its store, its files and its uploads before it sends or ends."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_DISPATCH = "s3syncd/site/dispatch.py"
_LOOKS = "s3syncd/site/looks.py"
_INTERRUPTED = "tests/scenarios/failures/test_interrupted.py"
_CAPABILITIES = "tests/scenarios/test_capabilities.py"
_CLOCK = "tests/scenarios/test_clock.py"
_TORN = "tests/scenarios/test_torn.py"

MUTANTS = [
    Mutant(
        name="a store that takes no notice of conditions is trusted",
        file="s3syncd/transfer/probing.py",
        old="        return Probed(False, is_clean, hint)\n",
        new="        return Probed(True, is_clean, hint)\n",
        tests=[f"{_CAPABILITIES}::test_there_each_write_looks_first"],
    ),
    Mutant(
        name="a store is trusted before it was asked",
        file="s3syncd/site/capabilities.py",
        old="is_kept=self.keeps_conditions is True)",
        new="is_kept=self.keeps_conditions is not False)",
        tests=[f"{_CAPABILITIES}::test_until_it_is_known_each_write_looks_first"],
    ),
    Mutant(
        name="a whole file is written without the look that stands for a condition",
        file="s3syncd/transfer/small.py",
        old="    yield from look_first(kit, action, source.entry, condition)\n",
        new="",
        tests=[f"{_CAPABILITIES}::test_there_each_write_looks_first[whole]"],
    ),
    Mutant(
        name="an upload in parts is completed without the look that stands for a condition",
        file="s3syncd/transfer/multipart.py",
        old="    yield from _look_first(kit, action, source, parts)\n",
        new="",
        tests=[f"{_CAPABILITIES}::test_there_each_write_looks_first[parts]"],
    ),
    Mutant(
        name="what a kill left of a probe stays",
        file="s3syncd/transfer/probing.py",
        old="    if left is not None and not",
        new="    if False and not",
        tests=[f"{_CAPABILITIES}::test_what_a_kill_left_of_a_probe_is_removed_at_the_next_start"],
    ),
    Mutant(
        name="what was found out about an effect counts as the close of a writer",
        file="s3syncd/site/outcomes.py",
        old="in self._backlog:\n            self._looks.note(path, now, is_soon=True)",
        new="in self._backlog:\n            self._looks._dirty(path, now, is_closed=True, first=None)",  # noqa: E501
        tests=[f"{_TORN}::test_what_a_kill_left_open_is_no_news_of_a_writer"],
    ),
    Mutant(
        name="what is no news of a writer counts as its close",
        file="s3syncd/core/settle.py",
        old="            is_closed = known is not None and known.is_closed\n",
        new="            is_closed = True\n",
        tests=[f"{_TORN}::test_what_a_kill_left_open_is_no_news_of_a_writer"],
    ),
    Mutant(
        name="how far ahead a clock was is not noted where a path fails",
        file="s3syncd/site/retries.py",
        old="max(self._wall_ahead, wall - self._parts.clock())",
        new="self._wall_ahead",
        tests=[f"{_CLOCK}::test_what_failed_while_the_clock_was_ahead_is_tried_once_it_is_right"],
    ),
    Mutant(
        name="leftover parts of a file that is gone stay in the bucket",
        file=_LOOKS,
        old="        self._on_gone(path)\n",
        new="",
        tests=[f"{_INTERRUPTED}::test_parts_of_a_file_that_is_gone_are_aborted"],
    ),
    Mutant(
        name="leftover parts of a file that became small stay in the bucket",
        file=_DISPATCH,
        old="        if not self._is_large(planned.action):\n            self._recovery",
        new="        if planned.action.path == '':\n            self._recovery",
        tests=[f"{_INTERRUPTED}::test_parts_of_a_file_that_became_small_are_aborted"],
    ),
    Mutant(
        name="a stop leaves provisional versions to the next start",
        file="s3syncd/site/site.py",
        old="            self.recovery.finish()\n",
        new="            pass\n",
        tests=[
            "tests/scenarios/test_provisional.py"
            "::test_a_stop_asks_at_once_so_that_the_next_start_need_not"
        ],
    ),
    Mutant(
        name="a paused site asks at its stop",
        file="s3syncd/site/site.py",
        old="        if self.may_work:\n            self.recovery.finish()\n",
        new="        self.recovery.finish()\n",
        tests=["tests/scenarios/test_provisional.py::test_a_paused_site_asks_nothing_at_its_stop"],
    ),
]
