"""Guards of the ledger."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_STORE = "s3syncd/ledger/store.py"
_OPENING = "s3syncd/ledger/opening.py"
_BASELINE = "s3syncd/ledger/baseline.py"
_DELETIONS = "s3syncd/ledger/deletions.py"
_DURABILITY = "tests/ledger/test_durability.py"

MUTANTS = [
    Mutant(
        name="commits are not synchronous",
        file=_OPENING,
        old='"PRAGMA synchronous = FULL"',
        new='"PRAGMA synchronous = NORMAL"',
        tests=[f"{_DURABILITY}::test_every_connection_that_writes_is_durable"],
    ),
    Mutant(
        name="the group is lost when the disk fails",
        file=_STORE,
        old="        self._disconnect()\n        self.is_damaged |= is_damaged",
        new="        self._disconnect()\n        self._group.clear()\n"
        "        self.is_damaged |= is_damaged",
        tests=[
            f"{_DURABILITY}::test_a_group_that_the_disk_refused_is_written_when_the_disk_is_well"
        ],
    ),
    Mutant(
        name="the connection is kept after a failed commit",
        file=_STORE,
        old="        self._disconnect()\n        self.is_damaged |= is_damaged",
        new="        self.is_damaged |= is_damaged",
        tests=[f"{_DURABILITY}::test_after_a_failure_the_connection_is_a_new_one"],
    ),
    Mutant(
        name="a new connection trusts the WAL of the one that failed",
        file=_STORE,
        old='"PRAGMA wal_checkpoint(TRUNCATE)"',
        new='"SELECT 0, 0, 0"',
        tests=[
            f"{_DURABILITY}::"
            "test_the_wal_is_moved_into_the_database_before_a_new_connection_is_used"
        ],
    ),
    Mutant(
        name="counts are not read again before the group is carried out again",
        file=_STORE,
        old="        self._execute = db.cursor().execute\n        self._load()\n",
        new="        self._execute = db.cursor().execute\n"
        '        if "_loaded" not in vars(self):\n'
        "            self._load()\n"
        '        vars(self)["_loaded"] = True\n',
        tests=[f"{_DURABILITY}::test_a_failed_replay_does_not_count_twice"],
    ),
    Mutant(
        name="the file is not checked after an unclean stop",
        file=_OPENING,
        old="    if migrate and not is_clean and",
        new="    if migrate and is_clean is None and",
        tests=["tests/ledger/test_opening.py::test_damage_is_found_after_an_unclean_stop"],
    ),
    Mutant(
        name="a running ledger is not marked as unclean",
        file=_STORE,
        old='self._execute("UPDATE tally SET is_clean = 0")',
        new='self._execute("UPDATE tally SET is_clean = 1")',
        tests=["tests/ledger/test_opening.py::test_damage_is_found_after_an_unclean_stop"],
    ),
    Mutant(
        name="a reader leaves what it shares with nobody",
        file=_OPENING,
        old='mode = "ro" if _has_content(wal) else "rw"',
        new='mode = "ro"',
        tests=[
            "tests/ledger/test_reading.py::"
            "test_readers_leave_nothing_beside_a_ledger_that_nobody_writes"
        ],
    ),
    Mutant(
        name="a reader takes over what a killed daemon left",
        file=_OPENING,
        old='mode = "ro" if _has_content(wal) else "rw"',
        new='mode = "rw"',
        tests=[
            "tests/ledger/test_reading.py::"
            "test_a_reader_of_what_a_killed_daemon_left_leaves_it_as_it_is"
        ],
    ),
    Mutant(
        name="a directory that may only be read hides its ledger",
        file=_OPENING,
        old="ro&immutable=1",
        new="ro",
        tests=[
            "tests/ledger/test_reading.py::"
            "test_a_ledger_in_a_directory_that_may_only_be_read_is_read"
        ],
    ),
    Mutant(
        name="a newer schema is used as if it were ours",
        file=_OPENING,
        old="    if version > SCHEMA_VERSION or (version",
        new="    if (version",
        tests=["tests/ledger/test_opening.py::test_a_newer_schema_is_refused_and_left_alone"],
    ),
    Mutant(
        name="the ledger of another bucket is used",
        file=_OPENING,
        old='return "ours" if stored == (identity,) else "replaced"',
        new='return "ours" if stored else "replaced"',
        tests=[
            "tests/ledger/test_opening.py::"
            "test_another_bucket_begins_a_new_ledger_and_keeps_the_old_file"
        ],
    ),
    Mutant(
        name="a file put aside replaces the one put aside before",
        file=_OPENING,
        old="        number += 1\n",
        new="        break\n",
        tests=["tests/ledger/test_opening.py::test_two_files_put_aside_get_two_names"],
    ),
    Mutant(
        name="a row forgotten during a pass leaves no tombstone",
        file=_BASELINE,
        old="        if is_pass:\n",
        new="        if is_pass and not name:\n",
        tests=[
            "tests/ledger/test_baseline.py::"
            "test_a_path_forgotten_during_a_pass_is_known_as_changed_until_it_ends"
        ],
    ),
    Mutant(
        name="late times and large inodes come back folded",
        file=_BASELINE,
        old="if row[4] >= 0 and row[2] >= earliest <= row[3] else _unfold(row)",
        new="if row[4] >= earliest or not _unfold(row) else row",
        tests=["tests/ledger/test_baseline.py::test_stat_numbers_beyond_63_bits_keep_their_value"],
    ),
    Mutant(
        name="a candidate for deletion forgets that it is held when it is seen again",
        file=_DELETIONS,
        old="(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        new="(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
        tests=[
            "tests/ledger/test_records.py::test_a_candidate_keeps_its_first_sighting_and_its_state"
        ],
    ),
    Mutant(
        name="the count before the first deletion is not noted",
        file=_DELETIONS,
        old="        self.sample_count(first_seen_wall)\n",
        new="",
        tests=[
            "tests/ledger/test_records.py::"
            "test_a_trickle_of_deletions_is_judged_by_the_count_before_the_first"
        ],
    ),
    Mutant(
        name="an approval without a list approves everything",
        file=_DELETIONS,
        old='            raise ValueError("name a state or paths")\n',
        new='            of = "waiting"\n',
        tests=["tests/ledger/test_records.py::test_nobody_approves_everything_by_mistake"],
    ),
    Mutant(
        name="a schema that is no text is an error for ever",
        file="s3syncd/ledger/opening.py",
        old="    if isinstance(error, UnicodeError):\n        return True\n",
        new="",
        tests=["tests/ledger/test_spoilt.py::test_a_schema_that_is_no_text_is_put_aside"],
    ),
    Mutant(
        name="rows out of order void each pass",
        file="s3syncd/site/schedule.py",
        old="            if error.is_baseline:",
        new="            if False:",
        tests=[
            "tests/scenarios/test_spoilt_ledger.py::"
            "test_rows_out_of_order_are_damage_and_not_a_void_pass_for_ever"
        ],
    ),
    Mutant(
        name="what a whole look at the ledger finds is no damage",
        file="s3syncd/ledger/store.py",
        old="(sqlite3.DatabaseError(why), is_damaged=True)",
        new="(sqlite3.DatabaseError(why))",
        tests=[
            "tests/scenarios/test_spoilt_ledger.py::"
            "test_rows_out_of_order_are_damage_and_not_a_void_pass_for_ever"
        ],
    ),
    Mutant(
        name="a schema with another column is used",
        file="s3syncd/ledger/opening.py",
        old="    if migrate and _columns_of(db) != _columns():\n",
        new="    if False:\n",
        tests=["tests/ledger/test_spoilt.py::test_a_schema_with_another_column_is_put_aside"],
    ),
]
