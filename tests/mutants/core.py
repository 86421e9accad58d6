"""The guards of the pure heart, each taken out once."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

PATHS = "s3syncd/core/paths.py"
TABLE = "s3syncd/core/table.py"
MERGE = "s3syncd/core/reconcile.py"
SAFETY = "s3syncd/core/safety.py"
SETTLE = "s3syncd/core/settle.py"
RETRY = "s3syncd/core/retry.py"
WINDOW = "s3syncd/core/window.py"

MUTANTS = [
    Mutant(
        name="a prefix may end in the middle of a name",
        file=PATHS,
        old='if each and not each.endswith("/"):',
        new="if False:",
        tests=["tests/core/test_paths.py::test_a_prefix_without_its_boundary_is_refused"],
    ),
    Mutant(
        name="keys that climb out of the root are mapped",
        file=PATHS,
        old="return path if _is_plain(path) or not _UNMAPPABLE.search(path) else None",
        new="return path",
        tests=["tests/core/test_paths.py::test_a_key_is_not_the_sites"],
    ),
    Mutant(
        name="the keys of an inner site are ours too",
        file=PATHS,
        old="or key.startswith(self._inner)",
        new="",
        tests=["tests/core/test_paths.py::test_an_inner_site_is_invisible_on_both_sides"],
    ),
    Mutant(
        name="what an inner site has now is still the outer one's to delete",
        file=PATHS,
        old="return self.is_selected(path) and self.problem_with(path) is None",
        new="return self.is_selected(path)",
        tests=["tests/e2e/test_inner_site_later.py"],
    ),
    Mutant(
        name="directories are pruned without proof",
        file=PATHS,
        old="if not _LOOKS_BEHIND_MATCH.search(each)",
        new="if each",
        tests=["tests/core/test_paths.py::test_only_provably_empty_directories_are_pruned"],
    ),
    Mutant(
        name="exclusions do not win",
        file=PATHS,
        old="            if search(path):\n                return False\n",
        new="            if search(path):\n                break\n",
        tests=["tests/core/test_paths.py::test_filters"],
    ),
    Mutant(
        name="unknown is taken for absent",
        file=TABLE,
        old="if local is UNKNOWN or (is_listed and remote is UNKNOWN):",
        new="if False:",
        tests=["tests/core/test_restraint.py::test_nothing_follows_from_not_knowing"],
    ),
    Mutant(
        name="a filtered path looks deleted",
        file=TABLE,
        old="if not policy.covers(path):",
        new="if False:",
        tests=[
            "tests/core/test_table.py::"
            "test_a_path_that_left_the_scope_is_forgotten_and_nothing_else"
        ],
    ),
    Mutant(
        name="deletions need no switch",
        file=TABLE,
        old="or not all(getattr(policy, switch) for switch in rule.needs)",
        new="",
        tests=["tests/core/test_table.py::test_without_retire_deleted_only_two_way_deletes"],
    ),
    Mutant(
        name="an object put again passes for the agreed one",
        file=TABLE,
        old="is_same = remote.etag == baseline.etag and remote",
        new="is_same = remote",
        tests=["tests/core/test_table.py::test_row_of_the_table"],
    ),
    Mutant(
        name="held drift is overwritten",
        file=TABLE,
        old='if rule.is_drift and policy.on_drift == "hold":',
        new="if False:",
        tests=["tests/core/test_table.py::test_held_drift_overwrites_nothing"],
    ),
    Mutant(
        name="equal sizes are not compared by content",
        file=TABLE,
        old="elif rule.may_adopt and not is_different",
        new="elif False",
        tests=[
            "tests/core/test_table.py::"
            "test_equal_sizes_are_compared_before_anything_is_sent_or_held"
        ],
    ),
    Mutant(
        name="a foreign change makes a retired object of it",
        file=TABLE,
        old='Row("B", "A", "C",  _FORGET_KEPT, ',
        new='Row("B", "A", "C",  _RETIRE,      ',
        tests=["tests/core/test_laws.py::test_only_what_was_agreed_on_is_deleted"],
    ),
    Mutant(
        name="what a lifecycle rule moved is moved back",
        file=TABLE,
        old="if remote.storage_class != asked and remote.storage_class in colder_classes(wanted):",
        new="if False:",
        tests=[
            "tests/core/test_class.py::"
            "test_the_class_is_changed_only_when_another_one_was_asked_for"
        ],
    ),
    Mutant(
        name="an unreadable directory looks empty",
        file=MERGE,
        old="return UNKNOWN if is_below else None",
        new="return None",
        tests=["tests/core/test_agreement.py::test_no_deletion_at_or_under_a_mark"],
    ),
    Mutant(
        name="an inner mark ends the outer one",
        file=MERGE,
        old="if self._unknown_below is None or not near.path.startswith(self._unknown_below):",
        new="if True:",
        tests=["tests/core/test_merge.py::test_an_inner_mark_does_not_end_the_outer_one"],
    ),
    Mutant(
        name="a broken listing looks complete",
        file=MERGE,
        old="return UNKNOWN if self._is_listing_broken else None",
        new="return None",
        tests=[
            "tests/core/test_merge.py::"
            "test_behind_the_break_of_a_listing_nothing_is_known_of_the_bucket"
        ],
    ),
    Mutant(
        name="disorder looks like absence",
        file=MERGE,
        old="        if not is_ascending:\n",
        new="        if False:\n",
        tests=["tests/core/test_merge.py::test_a_stream_out_of_order_voids_the_pass"],
    ),
    Mutant(
        name="a run of equal rows is not looked at for its order",
        file=MERGE,
        old="if is_equal and all(map(lt, (position, *paths), paths)):",
        new="if is_equal:",
        tests=[
            "tests/core/test_agreement.py::test_streams_that_are_out_of_order_alike_void_a_rescan"
        ],
    ),
    Mutant(
        name="an undecodable name hides the files behind it",
        file=MERGE,
        old='if near.reason == "undecodable_name":',
        new="if False:",
        tests=["tests/core/test_merge.py::test_an_undecodable_name_hides_nothing_behind_it"],
    ),
    Mutant(
        name="an unchanged file is told by its stat alone",
        file=MERGE,
        old="                or there[2] != row[7]\n",
        new="",
        tests=["tests/core/test_agreement.py::test_merge_says_of_each_path_what_decide_says"],
    ),
    Mutant(
        name="a mass deletion passes in batches",
        file=SAFETY,
        old="wanted + carried_out_unapproved_24h > limit",
        new="wanted > limit",
        tests=[
            "tests/core/test_safety.py::test_a_deletion_in_batches_passes_no_more_than_one_at_once"
        ],
    ),
    Mutant(
        name="another directory passes for the root",
        file=SAFETY,
        old='return "ok" if is_same_tree(sampled=sampled, matching=matching) else "replaced"',
        new='return "ok"',
        tests=["tests/core/test_safety.py::test_root_identity"],
    ),
    Mutant(
        name="a rewritten small site is worth a warning",
        file=SAFETY,
        old="    is_many = rewritten >= REWRITTEN_PATHS\n",
        new="    is_many = True\n",
        tests=["tests/core/test_safety.py::test_mass_rewrite"],
    ),
    Mutant(
        name="an emptied root is believed",
        file=SAFETY,
        old="return is_complete and scanned_count == 0 and baseline_count >= EMPTIED_ROWS",
        new="return False",
        tests=["tests/core/test_safety.py::test_emptied_root"],
    ),
    Mutant(
        name="a file that never rests is never due",
        file=SETTLE,
        old="return min(last + wait, deadline_at)",
        new="return last + wait",
        tests=["tests/core/test_deadlines.py::test_a_file_that_never_rests_is_due_at_its_deadline"],
    ),
    Mutant(
        name="the table of dirty paths grows without bound",
        file=SETTLE,
        old="elif len(self._entries) >= self._max_paths:",
        new="elif False:",
        tests=["tests/core/test_settle.py::test_a_full_table_says_so_and_keeps_what_it_has"],
    ),
    Mutant(
        name="hints make an unstable file due at once",
        file=SETTLE,
        old="due_at = max(self._quiet_at(now, is_closed is not False, deadline_at), again_at)",
        new="due_at = self._quiet_at(now, is_closed is not False, deadline_at)",
        tests=[
            "tests/core/test_deadlines.py::"
            "test_past_its_deadline_a_path_comes_back_when_asked_for_and_hints_do_not_hurry_it"
        ],
    ),
    Mutant(
        name="a refused listing is one path's trouble",
        file=RETRY,
        old="return FailureKind.BUCKET if is_bucket_wide and kind in _BUCKET_WIDE else kind",
        new="return kind",
        tests=["tests/core/test_retry.py::test_a_refused_listing_is_the_sites_trouble"],
    ),
    Mutant(
        name="each answer of one burst halves the window",
        file=WINDOW,
        old="self._answers_to_skip = self.limit - 1",
        new="self._answers_to_skip = 0",
        tests=["tests/core/test_retry.py::test_a_burst_of_slow_downs_halves_the_window_once"],
    ),
    Mutant(
        name="the window widens though answers only come later",
        file=WINDOW,
        old="        return is_as_fast\n",
        new="        return True\n",
        tests=[
            "tests/core/test_retry.py::test_a_window_does_not_widen_where_answers_only_come_later"
        ],
    ),
    Mutant(
        name="answers to a trickle widen the window",
        file=WINDOW,
        old="        if not is_full:\n            return\n",
        new="",
        tests=["tests/core/test_retry.py::test_a_trickle_tells_nothing_of_what_a_store_bears"],
    ),
    Mutant(
        name="a request that ran out of time does not narrow the window",
        file="s3syncd/s3/transport.py",
        old='elif exchange.is_expired or "TIMEOUT" in failure.code:',
        new="elif False:",
        tests=["tests/s3/test_patience.py::test_a_request_that_ran_out_of_time_narrows_the_window"],
    ),
]
