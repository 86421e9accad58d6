"""Guards of the site's loop."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_RETIRE = "s3syncd/site/retire.py"
_DECISIONS = "s3syncd/site/decisions.py"
_DISPATCH = "s3syncd/site/dispatch.py"
_OUTCOMES = "s3syncd/site/outcomes.py"
_LOOKS = "s3syncd/site/looks.py"
_UNLISTED = "tests/scenarios/deletions/test_unlisted.py"
_DELETIONS_LOOKS = "tests/scenarios/deletions/test_looks.py"
_FOREIGN = "tests/scenarios/deletions/test_foreign.py"
_ORDER = "tests/scenarios/deletions/test_order.py"
_DRIFT = "tests/scenarios/test_drift.py"
_HOLDS = "tests/scenarios/test_holds.py"
_COUNTED = "tests/scenarios/test_counted.py"
_GUARD = "s3syncd/site/guard.py"
_UNSEEN = "tests/scenarios/passes/test_unseen.py"
_NEWER = "tests/scenarios/passes/test_newer.py"
_RENAMES = "tests/scenarios/test_renames.py"
_RETRIES = "tests/scenarios/failures/test_retries.py"
_LOST_ANSWERS = "tests/scenarios/failures/test_lost_answers.py"
_INTERRUPTED = "tests/scenarios/failures/test_interrupted.py"
_BUCKET = "tests/scenarios/failures/test_bucket.py"
_LIFE = "tests/scenarios/test_plain_life.py"
_OUTAGE = "tests/scenarios/test_ledger_outage.py"
_STATUS = "tests/scenarios/test_status.py"
_RANGES = "s3syncd/site/ranges.py"
_AHEAD = "tests/scenarios/test_listing_ahead.py"
_AFTERMATH = "tests/scenarios/test_aftermath.py"
_SPACE = "tests/scenarios/test_space.py"
_SCRUB = "tests/scenarios/test_scrub.py"
_ROOTS = "tests/scenarios/test_roots.py"

_CAPABILITIES = "tests/scenarios/test_capabilities.py"
_CLOCK = "tests/scenarios/test_clock.py"
_TORN = "tests/scenarios/test_torn.py"
_LATE = "tests/scenarios/test_late_effects.py"
_UNANSWERED = "s3syncd/site/unanswered.py"
_RECOVERY = "s3syncd/site/recovery.py"

MUTANTS = [
    Mutant(
        name="of effects without an answer only the last is remembered",
        file=_UNANSWERED,
        old="    return (*one.older, *last)\n",
        new="    return ()\n",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a kill lets an older effect be forgotten",
        file=_RECOVERY,
        old="        for intent in self._parts.ledger.lates():\n",
        new="        for intent in ():\n",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a new intent takes the place of one that may still be applied",
        file="s3syncd/site/dispatch.py",
        old="        self._recovery.displace(action.path)\n",
        new="",
        tests=[f"{_LATE}::test_an_upload_answered_since_does_not_end_the_wait_for_the_first"],
    ),
    Mutant(
        name="the end of the last effect ends the wait for those before it",
        file=_RECOVERY,
        old="        if not one.older:\n            ledger.drop_lates(path)\n            return\n",
        new="        ledger.drop_lates(path)\n        return\n",
        tests=[
            f"{_LATE}::test_the_version_of_a_published_upload_does_not_end_the_wait_for_the_one_before"
        ],
    ),
    Mutant(
        name="what somebody else did counts as our effect",
        file=_RECOVERY,
        old='frozenset({"put", "reclassed", "deleted"})',
        new='frozenset({"put", "reclassed", "deleted", "gone"})',
        tests=[f"{_LATE}::test_an_object_that_others_took_away_does_not_end_the_wait"],
    ),
    Mutant(
        name="what a listing tells of a path that waits is left for the end of the wait",
        file=_RECOVERY,
        old="            one.has_been_seen, one.due_at = False, now\n",
        new="            pass\n",
        tests=[f"{_LATE}::test_what_a_listing_tells_of_a_path_that_waits_is_looked_into_at_once"],
    ),
    Mutant(
        name="the minute of an effect without an answer begins before it was sent",
        file=_RECOVERY,
        old="        until = now + _SECOND_LOOK_SECONDS\n        self._open[intent.path]",
        new="        until = now\n        self._open[intent.path]",
        tests=[f"{_LATE}::test_the_minute_begins_when_it_is_known_that_no_answer_comes"],
    ),
    Mutant(
        name="what an older upload made is somebody else's",
        file="s3syncd/transfer/recover.py",
        old="    if late is not None and not _is_work_of(intent, seen):",
        new="    if False:",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a plan given up leaves its intent behind an open one",
        file="s3syncd/site/dispatch.py",
        old="self._recovery.is_of(intent)",
        new="intent.path in self._recovery",
        tests=[f"{_LATE}::test_a_plan_given_up_leaves_no_intent_behind_an_open_one"],
    ),
    Mutant(
        name="a scrub that was only put off counts as one that ended",
        file="s3syncd/site/scrub.py",
        old="            ledger.set_meta(_FIRST_FROM, done)\n",
        new="            ledger.set_meta(_DONE, done)\n",
        tests=[f"{_SCRUB}::test_a_scrub_that_never_ran_has_no_end"],
    ),
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
        name="a chmod sends what changed in silence",
        file="s3syncd/site/dispatch.py",
        old="        if self._scrub.holds(planned.action):",
        new="        if False:",
        tests=[f"{_SCRUB}::test_other_permissions_do_not_send_what_is_held"],
    ),
    Mutant(
        name="files are read again as fast as the disk can",
        file="s3syncd/site/scrub.py",
        old="        self._next_at = now + max(_FILE_BYTES, cost) / self._rate",
        new="        self._next_at = now",
        tests=[f"{_SCRUB}::test_it_is_read_no_faster_than_allowed"],
    ),
    Mutant(
        name="files are read again while there is work to do",
        file="s3syncd/site/scrub.py",
        old="        elif not self._is_idle() or len",
        new="        elif len",
        tests=[f"{_SCRUB}::test_it_waits_while_there_is_anything_else_to_do"],
    ),
    Mutant(
        name="silent changes are forgotten by a restart",
        file="s3syncd/site/scrub.py",
        old="        self._parts.ledger.set_meta(_HELD, text)",
        new="        self._parts.ledger.set_meta(_HELD, None if text else text)",
        tests=[f"{_SCRUB}::test_what_is_held_survives_a_restart"],
    ),
    Mutant(
        name="a scrub begins anew after a restart",
        file="s3syncd/site/scrub.py",
        old="        self._position = ledger.meta(_POSITION)",
        new="        self._position = None",
        tests=[f"{_SCRUB}::test_a_restart_goes_on_where_it_was"],
    ),
    Mutant(
        name="an edit that a stat tells of is taken for a silent one",
        file="s3syncd/transfer/scrub.py",
        old="        if source.entry[1:5] != row[1:5]:",
        new="        if source.entry[1] != row[1]:",
        tests=[f"{_SCRUB}::test_a_file_that_changed_as_files_do_is_left_to_looks"],
    ),
    Mutant(
        name="work goes on in a state directory that is nearly full",
        file="s3syncd/site/site.py",
        old="self.pause.is_on or self.space.is_low or",
        new="self.pause.is_on or",
        tests=[f"{_SPACE}::test_nothing_is_begun_while_the_state_directory_is_nearly_full"],
    ),
    Mutant(
        name="a site that may not work for want of room is in sync",
        file="s3syncd/site/status.py",
        old="            and not site.space.is_low\n",
        new="",
        tests=[f"{_SPACE}::test_the_status_names_it_and_the_remedy"],
    ),
    Mutant(
        name="a little room is enough to go on",
        file="s3syncd/site/space.py",
        old="(_ENOUGH * least if self.is_low else least)",
        new="least",
        tests=[f"{_SPACE}::test_it_goes_on_by_itself_when_there_is_room_enough"],
    ),
    Mutant(
        name="nobody asks whether the machine went down",
        file="s3syncd/site/dispatch.py",
        old="                    self._aftermath.met(planned.action)",
        new="                    pass",
        tests=[f"{_AFTERMATH}::test_a_file_that_came_back_empty_is_reported_and_sent"],
    ),
    Mutant(
        name="a clean stop is taken for a crash",
        file="s3syncd/site/aftermath.py",
        old="not ledger.was_clean and bool(before)",
        new="bool(before)",
        tests=[f"{_AFTERMATH}::test_after_an_orderly_shutdown_nothing_is_reported"],
    ),
    Mutant(
        name="a file emptied by its user is reported",
        file="s3syncd/site/aftermath.py",
        old="            self.is_open = False",
        new="            pass",
        tests=[f"{_AFTERMATH}::test_a_file_emptied_after_the_site_was_in_sync_is_its_users_doing"],
    ),
    Mutant(
        name="a look ends the report of a file that is still empty",
        file="s3syncd/site/problems.py",
        old="if reason != SILENT and (local.size_bytes or reason != EMPTIED):",
        new="if reason != SILENT:",
        tests=[f"{_AFTERMATH}::test_the_report_stays_until_the_file_has_content_again"],
    ),
    Mutant(
        name="a listing alone says that the object of a deleted file is gone",
        file=_DECISIONS,
        old="        if self._is_hearsay(action):",
        new="        if False:",
        tests=[f"{_UNLISTED}::test_an_object_that_a_listing_does_not_know_yet_is_deleted"],
    ),
    Mutant(
        name="what was asked about and is gone stays wanted",
        file=_OUTCOMES,
        old="            if outcome.action.kind is Kind.FORGET:",
        new="            if False:",
        tests=[f"{_UNLISTED}::test_a_path_gone_on_both_sides_is_asked_about_once_and_forgotten"],
    ),
    Mutant(
        name="the second look is taken for absence whatever it found",
        file=_RETIRE,
        old="(isinstance(look, UnknownMark) and not is_held):",
        new="look is None:",
        tests=[f"{_DELETIONS_LOOKS}::test_a_path_that_became_a_symlink_is_not_absent"],
    ),
    Mutant(
        name="the second look comes without the grace",
        file=_RETIRE,
        old="        is_grace_over = now >= self._gone_by + self._grace_seconds",
        new="        is_grace_over = now >= self._gone_by",
        tests=[f"{_DELETIONS_LOOKS}::test_the_last_of_a_slow_removal_has_its_grace_too"],
    ),
    Mutant(
        name="too many deletions are not held",
        file=_RETIRE,
        old="        if is_emptied or self._guard.is_mass(self._on_their_way.awaited_inodes()):",
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
        name="the old name goes before the new one is recorded",
        file=_RETIRE,
        old="        self._on_their_way = on_their_way\n",
        new="        self._on_their_way = type(\n"
        '            "", (), {"is_awaited": lambda *_: False, "awaited_inodes": lambda _: set(),\n'
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
            f"{_DRIFT}::test_an_old_name_stays_while_the_new_one_waits_for_a_person",
            f"{_DRIFT}::test_an_old_name_goes_when_the_new_one_that_was_approved_is_there",
        ],
    ),
    Mutant(
        name="a withheld file that is heard of again lets its old name go",
        file=_LOOKS,
        old="            self.withheld.hold(local, now)\n",
        new="",
        tests=[f"{_DRIFT}::test_an_old_name_stays_while_the_new_one_waits_for_a_person"],
    ),
    Mutant(
        name="a withheld file that is gone keeps its old name for ever",
        file=_DECISIONS,
        old="        self._look_at_withheld(one)\n",
        new="",
        tests=[f"{_DRIFT}::test_an_old_name_waits_no_longer_when_the_new_one_went_unheard"],
    ),
    Mutant(
        name="of too many withheld files some let their old names go",
        file="s3syncd/site/withheld.py",
        old="        return self._is_full or inode in self.inodes",
        new="        return inode in self.inodes",
        tests=[f"{_DRIFT}::test_beyond_what_is_remembered_every_old_name_waits_until_a_pass"],
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
        file="s3syncd/site/commands.py",
        old="        if wanted is not None and wanted != held:",
        new="        if wanted is not None and held is None:",
        tests=[f"{_HOLDS}::test_the_list_that_was_shown_is_approved_and_no_other"],
    ),
    Mutant(
        name="a deletion waits for the upload of the very file that is gone",
        file=_DECISIONS,
        old="        self._retries.gone(action.path)\n",
        new="",
        tests=[f"{_DELETIONS_LOOKS}::test_a_file_removed_while_its_failed_upload_waits_is_deleted"],
    ),
    Mutant(
        name="deletions go on while a scan is outstanding",
        file=_DECISIONS,
        old="        if self._schedule().is_scanning(now):\n            return\n",
        new="",
        tests=[f"{_ORDER}::test_no_deletion_starts_while_a_directory_scan_is_outstanding"],
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
        name="what a void pass saw gone is believed",
        file=_DECISIONS,
        old="        if self._retirement.withdraw():",
        new="        if self._retirement.waiting < 0:",
        tests=[f"{_UNSEEN}::test_a_listing_that_fails_at_its_second_page_deletes_nothing"],
    ),
    Mutant(
        name="a scan that broke off is taken for whole",
        file="s3syncd/site/schedule.py",
        old="                if batch.is_last and not batch.is_complete:\n"
        "                    self._void(one)\n",
        new="",
        tests=[
            f"{_UNSEEN}::test_a_scan_that_breaks_off_deletes_nothing",
            f"{_UNSEEN}::test_a_scan_that_breaks_off_forgets_nothing",
        ],
    ),
    Mutant(
        name="a listing out of order is merged as it comes",
        file=_RANGES,
        old="return page.is_ascending and (",
        new="return (",
        tests=[f"{_UNSEEN}::test_a_store_that_lists_out_of_order_is_sorted_and_converges"],
    ),
    Mutant(
        name="a range begins with keys of the one before",
        file=_RANGES,
        old="page.first_key > self._last_key)",
        new='page.first_key > "")',
        tests=[
            f"{_AHEAD}::test_a_store_that_does_not_begin_where_asked_is_noticed_and_listed_whole"
        ],
    ),
    Mutant(
        name="a range goes on behind its end",
        file=_RANGES,
        old="entries[: bisect_right(entries, self._until[0], key=_path_of)]",
        new="entries",
        tests=[f"{_AHEAD}::test_keys_that_appear_meanwhile_are_nobodys_loss"],
    ),
    Mutant(
        name="a range ends before its end",
        file=_RANGES,
        old="self._last_key >= self._until[1]:",
        new="self._received >= self._rows:",
        tests=[f"{_AHEAD}::test_keys_that_appear_meanwhile_are_nobodys_loss"],
    ),
    Mutant(
        name="a range fetches all its pages at once",
        file=_RANGES,
        old=" and len(self.pages) < _PAGES_AHEAD",
        new="",
        tests=[f"{_AHEAD}::test_many_foreign_keys_in_a_range_are_counted_and_held_back"],
    ),
    Mutant(
        name="every range of a listing is begun at once",
        file="s3syncd/site/listing.py",
        old="has_room = len(self.ranges) < RANGES_AHEAD",
        new="has_room = True",
        tests=[f"{_AHEAD}::test_at_most_eight_ranges_of_five_pages_are_held"],
    ),
    Mutant(
        name="a store that refuses to begin in the middle is asked to for ever",
        file="s3syncd/site/listing.py",
        old="if failure.kind is FailureKind.REFUSED and one.after and one.token is None:",
        new="if False:",
        tests=[f"{_AHEAD}::test_a_store_that_refuses_to_begin_in_the_middle_is_listed_whole"],
    ),
    Mutant(
        name="a pass decides about a path with an open intent",
        file=_DECISIONS,
        old="        if path in self._recovery:\n",
        new="        if path in self._recovery and path is None:\n",
        tests=[f"{_NEWER}::test_a_path_whose_lost_answer_waits_for_its_second_look_is_not_decided"],
    ),
    Mutant(
        name="a pass decides about a path recorded since it began",
        file=_DECISIONS,
        old="self._parts.ledger.changed_since(path, one.started_seq)",
        new="self._parts.ledger.changed_since(path, one.started_seq + 1_000_000)",
        tests=[f"{_NEWER}::test_a_path_recorded_while_a_pass_runs_is_not_decided_by_it"],
    ),
    Mutant(
        name="passes bring refused paths forward",
        file=_DECISIONS,
        old="        if self._retries.is_pending(action):\n",
        new="        if action is None:\n",
        tests=[f"{_RETRIES}::test_passes_do_not_bring_a_refused_path_forward"],
    ),
    Mutant(
        name="an emptied root is not looked at as a whole",
        file=_DECISIONS,
        old="            self._retirement.judge(now, is_emptied=self.is_emptied)",
        new="            self._retirement.judge(now, is_emptied=False)",
        tests=[f"{_HOLDS}::test_an_emptied_root_deletes_nothing"],
    ),
    Mutant(
        name="intents are not durable before the effect",
        file=_DISPATCH,
        old="        if has_written:\n            self._parts.ledger.commit()\n",
        new="",
        tests=[
            f"{_OUTAGE}::test_nothing_is_sent_whose_intent_was_refused",
        ],
    ),
    Mutant(
        name="a path is sent again while its last effect is unknown",
        file=_DISPATCH,
        old="        if not self._recovery.is_in_doubt(path):",
        new="        if path:",
        tests=[
            f"{_LOST_ANSWERS}::test_nothing_is_sent_for_a_path_before_its_lost_answer_is_looked_into"
        ],
    ),
    Mutant(
        name="a lost answer is taken for a failure",
        file=_OUTCOMES,
        old="        if outcome.is_unknown:\n            self._recovery",
        new="        if outcome.is_unknown and path in self._recovery:\n            self._recovery",
        tests=[
            f"{_LOST_ANSWERS}::test_a_lost_answer_is_looked_into_at_once_and_again_after_a_minute"
        ],
    ),
    Mutant(
        name="what was not applied at once is not looked at again",
        file="s3syncd/site/recovery.py",
        old="_SECOND_LOOK_SECONDS = 60.0",
        new="_SECOND_LOOK_SECONDS = 0.0",
        tests=[f"{_LOST_ANSWERS}::test_a_put_applied_late_over_a_newer_one_is_found"],
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
        name="one poison file makes the bucket unavailable",
        file=_OUTCOMES,
        old="            self._failed_in_a_row.add(outcome.action.path)",
        new="            self._failed_in_a_row.add(str(len(self._failed_in_a_row)))",
        tests=[f"{_BUCKET}::test_one_poison_file_never_makes_the_bucket_unavailable"],
    ),
    Mutant(
        name="outcomes of an outage are dropped",
        file="s3syncd/site/outage.py",
        old="                ledger.record(answer.row)",
        new="                ledger.count()",
        tests=[
            f"{_OUTAGE}::test_an_effect_that_was_acknowledged_meanwhile_is_recorded",
        ],
    ),
    Mutant(
        name="the thread ends while the ledger cannot be written",
        file="s3syncd/site/thread.py",
        old="        outage.wait()\n",
        new="",
        tests=[f"{_OUTAGE}::test_the_thread_waits_for_the_ledger_and_ends_with_the_error"],
    ),
    Mutant(
        name="a listing that is ahead spins the loop",
        file="s3syncd/site/listing.py",
        old="for one in self.ranges if self._may_ask(one)]",
        new="for one in self.ranges]",
        tests=[f"{_STATUS}::test_a_listing_that_is_ahead_of_the_scan_is_no_busy_loop"],
    ),
    Mutant(
        name="a hint leaves the site in sync",
        file="s3syncd/site/status.py",
        old="            len(site.looks)\n            or len(site.backlog)",
        new="            len(site.backlog)",
        tests=[f"{_STATUS}::test_it_is_not_in_sync_from_a_hint_until_the_record"],
    ),
    Mutant(
        name="deletions seen before the root went are believed",
        file="s3syncd/site/alarm.py",
        old="            self._looks.lost(now)\n            self._retirement.lost()",
        new="            self._looks.lost(now)",
        tests=[f"{_ROOTS}::test_deletions_seen_just_before_the_root_went_are_not_believed"],
    ),
    Mutant(
        name="one look is enough for what was approved",
        file="s3syncd/site/retire.py",
        old="if is_first or deletion.state not in",
        new="if deletion.state not in",
        tests=[
            "tests/scenarios/deletions/test_looks.py::"
            "test_what_was_approved_takes_two_looks_since_then_also_after_a_restart"
        ],
    ),
    Mutant(
        name="what was approved needs no grace",
        file="s3syncd/site/confirmation.py",
        old="        return now >= self._seen_at + self._grace_seconds\n",
        new="        return True\n",
        tests=[
            "tests/scenarios/deletions/test_looks.py::"
            "test_what_was_approved_takes_two_looks_since_then_also_after_a_restart"
        ],
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
    Mutant(
        name="a stop looks into every open effect",
        file="s3syncd/site/recovery.py",
        old="        published = [path for path, one in self._open.items() if one.is_applied]\n",
        new="        published = list(self._open)\n",
        tests=["tests/scenarios/test_provisional.py::test_a_stop_does_not_ask_about_lost_answers"],
    ),
    Mutant(
        name="a scrub that fails goes on at once",
        file="s3syncd/site/scrub.py",
        old="            self._next_at = now + _FAILED_SECONDS\n",
        new="",
        tests=[
            "tests/scenarios/test_scrub.py"
            "::test_what_fails_for_no_reason_of_a_file_fails_once_a_minute"
        ],
    ),
]
