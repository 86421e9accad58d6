"""Guards against clocks, disks and roots that fail."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

CLOCK = "tests/scenarios/test_clock.py::"

MUTANTS = [
    Mutant(
        name="a clock that the store refuses has no remedy",
        file="s3syncd/site/alarm.py",
        old='            hint = f"{advice} ({failure.message})"',
        new="            hint = failure.message",
        tests=[CLOCK + "test_a_clock_that_the_store_refuses_is_named_with_its_remedy"],
    ),
    Mutant(
        name="a full disk keeps the daemon from starting",
        file="s3syncd/supervisor/lock.py",
        old="        with suppress(OSError):",
        new="        with suppress(ValueError):",
        tests=["tests/faults/test_state_disk.py::test_full_disk_keeps_nobody_from_the_lock"],
    ),
    Mutant(
        name="a connection that failed lives on behind its cursor",
        file="s3syncd/ledger/store.py",
        old="            self._execute = _refuse\n",
        new="",
        tests=[
            "tests/ledger/test_durability.py"
            "::test_after_a_failure_nothing_of_the_old_connection_is_left",
        ],
    ),
    Mutant(
        name="a failed path waits until the clock says again what it said",
        file="s3syncd/site/retries.py",
        old="        elif ahead < was_ahead - _SET_BACK_SECONDS:",
        new="        elif ahead < -1e12:",
        tests=[
            CLOCK + "test_a_failed_path_is_tried_again_as_soon_whatever_the_clock_says",
        ],
    ),
    Mutant(
        name="after a start a failed deletion waits for years",
        file="s3syncd/site/retries.py",
        old="            beyond = wall + _REFUSED_SECONDS",
        new="            return",
        tests=[
            CLOCK + "test_a_failed_deletion_is_tried_again_after_a_start_whatever_the_clock_says",
        ],
    ),
    Mutant(
        name="a clock that is corrected by seconds brings refused paths forward",
        file="s3syncd/site/retries.py",
        old="_SET_BACK_SECONDS = 5.0",
        new="_SET_BACK_SECONDS = 0.0",
        tests=[
            CLOCK + "test_a_refused_path_is_tried_hourly_by_a_clock_that_is_corrected_bit_by_bit",
        ],
    ),
]
