"""Mutants of what the daemon notices of its configuration and its log."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_REREADING = "s3syncd/supervisor/rereading.py"
_SIDE_TESTS = "tests/supervisor/test_companions.py::"
_FILE_TESTS = "tests/supervisor/test_rereading.py::"
_CONFIG_TESTS = "tests/config/test_telling.py::"

MUTANTS = [
    Mutant(
        name="a file is read while it is being written",
        file=_REREADING,
        old="wait = SETTLED_SECONDS if seen is not None else MISSING_SECONDS",
        new="wait = 0.0 if seen is not None else MISSING_SECONDS",
        tests=[_FILE_TESTS + "test_a_file_that_is_still_being_written_is_left_alone"],
    ),
    Mutant(
        name="a file that is gone for a moment is a change",
        file=_REREADING,
        old="wait = SETTLED_SECONDS if seen is not None else MISSING_SECONDS",
        new="wait = SETTLED_SECONDS",
        tests=[_FILE_TESTS + "test_a_file_that_is_gone_for_a_moment_is_no_change"],
    ),
    Mutant(
        name="every touch of the configuration is a reload",
        file="s3syncd/supervisor/supervisor.py",
        old="if not is_asked and config == self._config and self._reload_error is None:",
        new="if False:",
        tests=[_SIDE_TESTS + "test_a_file_that_changed_in_nothing_that_counts_is_not_reloaded"],
    ),
    Mutant(
        name="addresses are written as they are",
        file="s3syncd/config/models.py",
        old="return frozenset(found.union(*map(references.secrets_in, urls)))",
        new="return frozenset(found)",
        tests=[_CONFIG_TESTS + "test_an_address_is_never_shown"],
    ),
    Mutant(
        name="an address with a secret may stand in a file that everybody may read",
        file="s3syncd/config/references.py",
        old="return is_inline(written) and secrets_in(written) != {written}",
        new="return False",
        tests=[
            _CONFIG_TESTS
            + "test_an_address_with_a_secret_is_refused_in_a_file_that_everybody_may_read"
        ],
    ),
    Mutant(
        name="a log that was rotated is written to for ever",
        file="s3syncd/logs.py",
        old="            if _is_same_file(self._own, self._file):\n",
        new="            if True:\n",
        tests=[
            "tests/logs/test_lines.py::test_a_file_that_was_rotated_is_opened_anew_without_being_told"
        ],
    ),
    Mutant(
        name="whoever breaks the file can ask the daemon nothing",
        file="s3syncd/config/peek.py",
        old="    found = _STATE_DIR.search(text)\n",
        new="    found = None\n",
        tests=["tests/cli/test_status.py::test_the_status_is_told_though_the_file_was_broken"],
    ),
]
