"""Mutants of the guards around each effect on the bucket."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_T = "s3syncd/transfer/"
_TORN = "tests/transfer/small/test_torn.py::"
_QUIET = "tests/transfer/small/test_quiet.py::"
_UNREADABLE = "tests/transfer/small/test_unreadable.py::"
_SENDING = "tests/transfer/small/test_sending.py::"
_CONDITIONS = "tests/transfer/small/test_conditions.py::"
_PARTS_TORN = "tests/transfer/parts/test_torn.py::"
_FAILURES = "tests/transfer/parts/test_failures.py::"
_PUBLISHING = "tests/transfer/parts/test_publishing.py::"
_RESUMING = "tests/transfer/parts/test_resuming.py::"
_UNCHANGED = "tests/transfer/parts/test_unchanged.py::"
_VERIFY = "tests/transfer/test_verify.py::"
_RACY = "tests/transfer/test_racy.py::"
_ADOPT = "tests/transfer/test_adopt.py::"
_RETIRE = "tests/transfer/test_retire.py::"
_RECLASS = "tests/transfer/test_reclass.py::"
_PROVISIONAL = "tests/scenarios/test_provisional.py::"
_RECOVERY = "s3syncd/site/recovery.py"
_RECOVER = "tests/transfer/test_recover.py::"

_BUCKET_GONE = "tests/scenarios/test_bucket_gone.py::"

MUTANTS = [
    Mutant(
        name="the memory of an upload that failed waits for the collector",
        file="s3syncd/transfer/parts.py",
        old="            del end  #",
        new="            pass  #",
        tests=["tests/transfer/test_leaks.py::test_no_memory_of_parts_waits_for_the_collector"],
    ),
    Mutant(
        name="the C library keeps the memory of parts that were sent",
        file="s3syncd/cli/process.py",
        old="    allocator.own_process()\n",
        new="",
        tests=["tests/test_allocator.py::test_the_command_keeps_no_large_blocks_that_are_free"],
    ),
    Mutant(
        name="a bare 404 passes for a missing object",
        file=_T + "looks.py",
        old="    if seen is None and not (yield from prove_gone(kit, action)):",
        new="    if False:",
        tests=[_BUCKET_GONE + "test_deletion_waits_for_the_bucket"],
    ),
    Mutant(
        name="what a bare 404 tells of an intent is believed",
        file=_T + "recover.py",
        old='    seen = yield from look_surely(kit, action)\n    failpoints.reach("recovery.',
        new=(
            "    seen = yield kit.bucket.head(kit.key(action))\n"
            "    seen = None if seen.failure else seen\n"
            '    failpoints.reach("recovery.'
        ),
        tests=[
            _RECOVER + "test_missing_bucket_tells_nothing_of_what_was_intended",
            _BUCKET_GONE + "test_upload_without_an_answer_is_not_undone_because_the_bucket_went",
        ],
    ),
    Mutant(
        name="what a listing does not know is forgotten though the bucket is not there",
        file=_T + "looks.py",
        old="    if failure.kind is not FailureKind.MISSING:\n",
        new="    if False:\n",
        tests=[_RETIRE + "test_missing_bucket_does_not_pass_for_a_missing_object"],
    ),
    Mutant(
        name="a 404 that does not name the key is enough to forget it",
        file=_T + "looks.py",
        old="        failure = page.failure or failure\n",
        new="",
        tests=[_RETIRE + "test_where_a_store_does_not_say_what_is_missing_the_bucket_must_answer"],
    ),
    Mutant(
        name="the checksum that S3 makes by itself proves nothing",
        file=_T + "digests.py",
        old='    "x-amz-checksum-crc64nvme": Crc64Nvme,\n',
        new="",
        tests=[_ADOPT + "test_checksum_of_the_store_is_a_proof[x-amz-checksum-crc64nvme-<lambda>]"],
    ),
    Mutant(
        name="a verification takes what cannot be proved for equal",
        file=_T + "verify.py",
        old='Verdict.UNPROVED: "unproved"',
        new='Verdict.UNPROVED: ""',
        tests=[_VERIFY + "test_an_object_that_only_a_key_can_tell_of_is_not_proved"],
    ),
    Mutant(
        name="a verification believes what it read of a file that changed",
        file=_T + "verify.py",
        old="        source.check_settled()\n",
        new="",
        tests=[_VERIFY + "test_a_file_with_a_writer_is_not_judged"],
    ),
    Mutant(
        name="a verification judges by a listing that is old",
        file=_T + "verify.py",
        old="    seen = yield from look_at(kit, action)\n",
        new="    seen = None\n",
        tests=[_VERIFY + "test_what_was_put_since_the_listing_is_no_difference"],
    ),
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
        old="        if not wait:\n            return\n        if not self._may_be_growing:\n",
        new="        if wait is not None:\n            return\n"
        "        if not self._may_be_growing:\n",
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
        old=" and now.size_bytes > self.entry.size_bytes:\n",
        new=":\n",
        tests=[_QUIET + "test_file_past_its_deadline_that_changes_without_growing_is_unstable"],
    ),
    Mutant(
        name="past its deadline a file known to be rewritten in place is sent",
        file=_T + "source.py",
        old="        if _is_rewritten_in_place(self._action, self.entry):\n",
        new="        if self._fd < 0:\n",
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
        name="equal content is not sent though the object is not the baseline's",
        file=_T + "small.py",
        old="    if base is None or action.row != _CHANGED_LOCALLY:\n        return False\n"
        "    return remote is None or",
        new="    if base is None:\n        return False\n    return remote is None or",
        tests=[_SENDING + "test_equal_content_is_sent_where_the_object_is_not_the_baselines"],
    ),
    Mutant(
        name="held drift is overwritten",
        file=_T + "small.py",
        old='    if kit.settings.policy.on_drift != "hold":\n',
        new='    if kit.settings.policy.on_drift != "":\n',
        tests=[
            _CONDITIONS + "test_lost_condition_overwrites_nothing_and_holds_the_drift",
            _FAILURES + "test_lost_condition_publishes_nothing_and_leaves_nothing",
        ],
    ),
    Mutant(
        name="a condition lost to our own request is a foreign change",
        file=_T + "small.py",
        old="    if seen is not None and has_made(seen, op_id):\n",
        new="    if seen is not None and has_made(seen, None):\n",
        tests=[_CONDITIONS + "test_condition_lost_to_ourselves_is_a_success"],
    ),
    Mutant(
        name="an ETag under a KMS key teaches that ETags are no MD5",
        file=_T + "small.py",
        old="    if etag_may_be_md5(reply) and ",
        new="    if reply.etag and ",
        tests=[_SENDING + "test_etag_under_a_kms_key_teaches_nothing"],
    ),
    Mutant(
        name="a failed look after an effect forgets that it may have been applied",
        file=_T + "looks.py",
        old="replace(end.outcome, result=Result.RETRYABLE, is_unknown=True)",
        new="replace(end.outcome, is_unknown=False)",
        tests=[_FAILURES + "test_complete_and_look_without_an_answer_stay_unknown"],
    ),
    Mutant(
        name="parts are sent before the ledger knows of the upload",
        file=_T + "multipart.py",
        old="    if not (yield kit.commit_intent(note)):\n",
        new="    if (yield kit.commit_intent(note)) is None:\n",
        tests=[_PUBLISHING + "test_nothing_is_sent_without_the_ledger"],
    ),
    Mutant(
        name="an upload is published though its path leads elsewhere",
        file=_T + "multipart.py",
        old="        _check_in_place(kit, action, source)\n",
        new="",
        tests=[_PARTS_TORN + "test_file_changed_while_its_parts_go_is_not_published"],
    ),
    Mutant(
        name="an upload that cannot be used is left behind",
        file=_T + "multipart.py",
        old="    if outcome.result is Result.RETRYABLE:\n        return Ended(outcome)\n",
        new="    if outcome.result:\n        return Ended(outcome)\n",
        tests=[_FAILURES + "test_forbidden_part_leaves_no_upload_behind"],
    ),
    Mutant(
        name="an upload is left behind whose file became small",
        file="s3syncd/site/outcomes.py",
        old="not self._went_in_parts(outcome):",
        new='outcome.effect != "put":',
        tests=[
            "tests/scenarios/test_left_uploads.py"
            "::test_it_is_aborted_where_the_file_became_small_before_it_was_taken_up"
        ],
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
        file="s3syncd/site/looks.py",
        old="        ago = max(0.0, now - planned.planned_at)\n",
        new='        ago = float("inf")\n',
        tests=[
            "tests/scenarios/test_torn.py"
            "::test_a_worker_knows_how_long_ago_was_decided_whatever_the_clock_says"
        ],
    ),
    Mutant(
        name="an upload is left behind where an older one shows",
        file=_T + "recover.py",
        old="another version.\n        yield from _sweep_parts(kit, action, intent, keep=None)\n",
        new="another version.\n",
        tests=[
            _RECOVER
            + "test_upload_that_does_not_show_is_aborted_where_the_work_of_an_older_one_does"
        ],
    ),
    Mutant(
        name="an upload that cannot be aborted loses its intent",
        file=_T + "multipart.py",
        old="error.failure._replace(kind=FailureKind.TRANSIENT)",
        new="error.failure",
        tests=[_FAILURES + "test_upload_that_cannot_be_aborted_keeps_its_intent"],
    ),
    Mutant(
        name="an upload of an older state of the file is taken up",
        file=_T + "multipart.py",
        old="    if intent is None or not is_same_file(intent, source.recorded):\n",
        new="    if intent is None:\n",
        tests=[_RESUMING + "test_upload_of_an_older_state_of_the_file_is_aborted_and_begun_anew"],
    ),
    Mutant(
        name="an upload is taken up with another part size",
        file=_T + "multipart.py",
        old="    is_usable = held is not None and is_same_layout\n",
        new="    is_usable = held is not None\n",
        tests=[_RESUMING + "test_upload_with_another_part_size_is_aborted_and_begun_anew"],
    ),
    Mutant(
        name="a listed part is trusted by its number",
        file=_T + "parts.py",
        old="parts.held.get(number) == Part(number, md5.hex(), size_bytes):\n",
        new="number in parts.held:\n",
        tests=[_RESUMING + "test_part_that_is_not_the_files_is_sent_again"],
    ),
    Mutant(
        name="a part is sent again with other bytes",
        file=_T + "parts.py",
        old="        if first_md5 not in {None, md5}:\n",
        new="        if first_md5 == b'':\n",
        tests=[_FAILURES + "test_part_that_changed_before_it_is_sent_again_is_not_sent"],
    ),
    Mutant(
        name="the memory of a part is used again before it was read",
        file="s3syncd/s3/wire.py",
        old="        if self._rest:\n            return\n",
        new="",
        tests=["tests/s3/test_bodies.py::test_body_read_in_part_tells_nothing"],
    ),
    Mutant(
        name="the memory for parts outlives the uploads",
        file=_T + "buffers.py",
        old="            self._shared = weakref.ref(buffers)\n",
        new="            self._shared = lambda: buffers\n",
        tests=["tests/transfer/test_buffers.py::test_nothing_is_kept_after_the_last_upload"],
    ),
    Mutant(
        name="a file put in parts is hashed without a turn for others",
        file=_T + "digests.py",
        old="        if (turn := source.turn()) is not None:\n            yield turn  # a part",
        new="        if (turn := None) is not None:\n            yield turn  # a part",
        tests=[_UNCHANGED + "test_touched_file_that_was_put_in_parts_gives_turns_to_others"],
    ),
    Mutant(
        name="content is read again for a digest that is known",
        file=_T + "comparing.py",
        old="    if proof.make is new_md5 and md5 is not None:\n",
        new="    if proof is None and md5 == '':\n",
        tests=[_ADOPT + "test_content_is_read_once[our note]"],
    ),
    Mutant(
        name="hashing drives out of the page cache what was there",
        file=_T + "source.py",
        old="        if self._is_cold and (",
        new="        if (",
        tests=[_ADOPT + "test_hashing_leaves_the_page_cache_as_it_was[True]"],
    ),
    Mutant(
        name="what was hashed stays in the page cache",
        file=_T + "source.py",
        old="            pagecache.drop_read(self._fd, 0, end)\n",
        new="            pagecache.drop_read(self._fd, offset, end - offset)\n",
        tests=[_ADOPT + "test_hashing_leaves_the_page_cache_as_it_was[False]"],
    ),
    Mutant(
        name="a worker that waits keeps what its last call held",
        file="s3syncd/pool/crew.py",
        old="            del step\n",
        new="",
        tests=["tests/transfer/test_leaks.py::test_nothing_is_held_by_workers_that_wait"],
    ),
    Mutant(
        name="a file stays open where its upload failed",
        file="s3syncd/transfer/source.py",
        old="    def __exit__(self, *_: object) -> None:\n        self.close()\n",
        new="    def __exit__(self, *_: object) -> None:\n        pass\n",
        tests=["tests/transfer/test_leaks.py::test_nothing_is_held_after_the_end[requests_fail]"],
    ),
    Mutant(
        name="two bodies are read into one memory",
        file=_T + "buffers.py",
        old="            buffer = self._spare.pop()\n",
        new="            buffer = self._spare[-1]\n",
        tests=["tests/transfer/test_leaks.py::test_each_object_holds_what_its_file_held"],
    ),
    Mutant(
        name="every buffer that was given back is kept",
        file=_T + "buffers.py",
        old="deque(maxlen=_SPARE)",
        new="deque()",
        tests=["tests/transfer/test_buffers.py::test_few_are_kept"],
    ),
    Mutant(
        name="the version of another writer is confirmed as ours",
        file=_T + "recover.py",
        old="    if seen is None or not has_made(seen, intent.op_id):\n",
        new="    if seen is None:\n",
        tests=[_PUBLISHING + "test_version_of_the_next_writer_is_not_confirmed"],
    ),
    Mutant(
        name="nobody asks how a store lists a large upload",
        file="s3syncd/site/outcomes.py",
        old="        elif outcome.is_provisional:\n",
        new="        elif outcome.is_unknown:\n",
        tests=[
            _PROVISIONAL + "test_listed_version_is_recorded_after_a_minute_with_one_request",
            _PROVISIONAL + "test_deletion_waits_for_the_version_and_retires_the_object",
            _PROVISIONAL + "test_restart_asks_at_once",
        ],
    ),
    Mutant(
        name="a version confirmed late replaces the record of a newer upload",
        file=_RECOVERY,
        old="            if not self._parts.ledger.changed_since(path, one.seq):\n",
        new="            if one.is_applied:\n",
        tests=[_PROVISIONAL + "test_newer_record_is_not_replaced_by_a_late_answer"],
    ),
    Mutant(
        name="an action waits the whole minute for the version",
        file="s3syncd/site/dispatch.py",
        old="        self._recovery.hurry(path, now)\n",
        new="",
        tests=[_PROVISIONAL + "test_next_change_is_not_kept_waiting"],
    ),
    Mutant(
        name="a version not confirmed yet is in doubt in status",
        file=_RECOVERY,
        old="not (one.has_been_seen or one.is_settled)",
        new="not one.has_been_seen",
        tests=[_PROVISIONAL + "test_it_is_in_sync_before_the_store_was_asked"],
    ),
    Mutant(
        name="any number of versions waits to be confirmed",
        file=_RECOVERY,
        old="_CONFIRM_SECONDS if len(self._open) < _PUT_OFF else 0.0",
        new="_CONFIRM_SECONDS",
        tests=[_PROVISIONAL + "test_few_versions_wait_to_be_confirmed"],
    ),
    Mutant(
        name="a change met while the version was asked for is forgotten",
        file="s3syncd/site/outcomes.py",
        old="        if outcome.row is None or outcome.is_stale:\n",
        new="        if outcome.row is None:\n",
        tests=[_PROVISIONAL + "test_change_without_an_event_is_found_with_the_version"],
    ),
    Mutant(
        name="all parts of a file are sent at once",
        file=_T + "parts.py",
        old="_IN_FLIGHT = 8\n",
        new="_IN_FLIGHT = 10_000\n",
        tests=["tests/transfer/test_in_pool.py::test_at_most_eight_parts_of_a_file_are_under_way"],
    ),
    Mutant(
        name="uploads of other attempts are left behind",
        file=_T + "leftovers.py",
        old='    for upload_id in sorted(unfinished - {keep or ""}):\n',
        new="    for upload_id in unfinished & {recorded} - {keep}:\n",
        tests=[
            _RESUMING + "test_every_other_upload_of_exactly_this_key_is_aborted",
            _RECOVER + "test_upload_created_before_its_id_was_known_is_aborted",
        ],
    ),
    Mutant(
        name="the layout of a multipart object is assumed",
        file=_T + "comparing.py",
        old="    size_bytes = seen.size_bytes\n",
        new="    size_bytes = 8 * 1024 * 1024\n",
        tests=[_ADOPT + "test_layout_of_parts_is_learnt_and_never_assumed"],
    ),
    Mutant(
        name="unknown content is taken for equal",
        file=_T + "comparing.py",
        old="        return by_etag.verdict if is_told else Verdict.UNPROVED\n",
        new="        return Verdict.EQUAL\n",
        tests=[_ADOPT + "test_no_proof_is_an_upload"],
    ),
    Mutant(
        name="metadata is believed over an ETag that is known to be an MD5",
        file=_T + "comparing.py",
        old="    if kit.etag_is_md5 is True and etag_may_be_md5(seen):\n",
        new="    if seen.failure is not None:\n",
        tests=[_ADOPT + "test_note_carried_over_to_other_content_is_not_believed_over_the_etag"],
    ),
    Mutant(
        name="a checksum of checksums is a proof",
        file=_T + "digests.py",
        old='    if headers.get("x-amz-checksum-type", "").upper() != "COMPOSITE":\n',
        new='    if headers.get("x-amz-checksum-type", "").upper() != "":\n',
        tests=[_ADOPT + "test_checksum_of_checksums_is_no_proof"],
    ),
    Mutant(
        name="a file that changed while it was hashed is adopted",
        file=_T + "adopt.py",
        old="        source.check_settled()\n",
        new="",
        tests=[_ADOPT + "test_file_changed_while_it_was_hashed_is_not_adopted"],
    ),
    Mutant(
        name="a deletion does not look at the path again right before",
        file=_T + "retire.py",
        old='    _check_gone(kit, action)\n    failpoints.reach("delete.before_delete")\n',
        new='    failpoints.reach("delete.before_delete")\n',
        tests=[_RETIRE + "test_file_back_or_unknown_keeps_the_object"],
    ),
    Mutant(
        name="what is unknown is taken for gone",
        file=_T + "retire.py",
        old="    if look in _GONE:\n",
        new="    if look in _GONE or isinstance(look, UnknownMark):\n",
        tests=[_RETIRE + "test_file_back_or_unknown_keeps_the_object"],
    ),
    Mutant(
        name="a deletion relies on the store's obeying its condition",
        file=_T + "retire.py",
        old="    if not _is_known(action, seen):\n"
        '        return decided_again(kit, action, None, seen, local_state="absent")\n'
        "    _check_gone(kit, action)\n",
        new="    _check_gone(kit, action)\n",
        tests=[_RETIRE + "test_other_version_than_the_known_is_left_alone"],
    ),
    Mutant(
        name="a deletion is unconditional",
        file=_T + "retire.py",
        old="    reply: Reply = yield kit.bucket.delete(kit.key(action), if_match=seen.etag)\n",
        new="    reply: Reply = yield kit.bucket.delete(kit.key(action))\n",
        tests=[_RETIRE + "test_version_put_after_the_look_is_saved_by_the_condition"],
    ),
    Mutant(
        name="another writer's version is taken for our copy",
        file=_T + "reclass.py",
        old="    is_same = failure is None and now is not None and now.etag == seen.etag\n",
        new="    is_same = failure is None and now is not None\n",
        tests=[_RECLASS + "test_version_of_another_writer_is_not_taken_for_the_copy"],
    ),
    Mutant(
        name="a copy loses what describes the object",
        file=_T + "reclass.py",
        old="    if lost := _lost_by_copy(seen):\n",
        new="    if lost := _lost_by_copy(seen)[:0]:\n",
        tests=[_RECLASS + "test_description_that_a_copy_would_lose_is_worth_more_than_the_class"],
    ),
    Mutant(
        name="recovery takes any object for the one from before",
        file=_T + "recover.py",
        old="    if (seen.etag if seen else None) in known:\n",
        new="    if seen is not None or None in known:\n",
        tests=[_RECOVER + "test_another_object_in_its_place_drops_the_baseline"],
    ),
    Mutant(
        name="recovery records the stat of the file as it is now",
        file=_T + "recover.py",
        old="        row = _row_of(kit, intent, seen)\n",
        new="        row = _row_of(kit, intent, seen)\n"
        "        now = kit.look(action)\n"
        "        row = row._replace(ctime_ns=now[3], mtime_ns=now[2])\n",
        tests=[_RECOVER + "test_file_changed_after_the_intent_gets_no_row_that_equals_it"],
    ),
    Mutant(
        name="recovery takes up the upload of a changed file",
        file=_T + "recover.py",
        old="LocalEntry) or not is_same_file(intent, local):\n",
        new="LocalEntry):\n",
        tests=[_RECOVER + "test_interrupted_upload_of_a_changed_file_is_aborted"],
    ),
    Mutant(
        name="an answer that misses what shall not be there is taken for a lost condition",
        file="s3syncd/transfer/small.py",
        old="    return condition.is_set and not is_misplaced\n",
        new="    return condition.is_set\n",
        tests=[
            "tests/transfer/small/test_conditions.py::"
            "test_an_answer_that_misses_what_shall_not_be_there_is_not_asked_for_again_at_once"
        ],
    ),
    Mutant(
        name="a Complete that misses what shall not be there is repeated at once",
        file="s3syncd/transfer/multipart.py",
        old="    is_vanished = is_vanished and condition_for(kit, action).if_match is not None\n",
        new="",
        tests=[
            "tests/transfer/parts/test_failures.py::"
            "test_a_complete_that_misses_what_shall_not_be_there_is_not_repeated_at_once"
        ],
    ),
]
