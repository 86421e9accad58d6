"""Mutants of the restore: what keeps it inside, proves it, and replaces nothing."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_PLACE = "tests/local/test_destination.py::"
_DIRECTORY = "tests/strict/restoring/test_directory.py::"
_CONTENT = "tests/strict/restoring/test_content.py::"
_TREE = "tests/strict/restoring/test_tree.py::"
_RESTORING_PAST = "tests/strict/restoring/test_past.py::"
_BROKEN_OFF = "tests/strict/restoring/test_broken_off.py::"
_PAST = "tests/supervisor/test_holdings.py::"

MUTANTS = [
    Mutant(
        name="a path may lead out of the directory",
        file="s3syncd/local/destination.py",
        old='        if any(name in {"", ".", ".."} for name in (*names, last)):\n',
        new="        if False:\n",
        tests=[_PLACE + "test_a_path_that_is_none_is_refused"],
    ),
    Mutant(
        name="a link on the way to a restored file is followed",
        file="s3syncd/local/destination.py",
        old="        return os.open(name, PASS, dir_fd=parent)\n    with suppress(FileExistsError)",
        new="        return os.open(name, PASS & ~os.O_NOFOLLOW, dir_fd=parent)\n"
        "    with suppress(FileExistsError)",
        tests=[
            _PLACE + "test_links_are_not_followed",
            _DIRECTORY + "test_a_link_in_the_way_leads_nowhere",
        ],
    ),
    Mutant(
        name="a restored file takes the place of what stands there",
        file="s3syncd/local/destination.py",
        old="            if may_replace:\n",
        new="            if True:\n",
        tests=[_PLACE + "test_nothing_is_replaced_unless_it_may"],
    ),
    Mutant(
        name="a restored file may lie in our own directory",
        file="s3syncd/local/destination.py",
        old="STAGING in (*names, last)[:1]",
        new="False",
        tests=[_PLACE + "test_a_path_that_is_none_is_refused"],
    ),
    Mutant(
        name="a directory with files is taken for an empty one",
        file="s3syncd/local/staging.py",
        old="    if left:\n",
        new="    if left is None:\n",
        tests=[_PLACE + "test_a_directory_with_files_is_refused"],
    ),
    Mutant(
        name="another restore's directory is gone on with",
        file="s3syncd/local/staging.py",
        old="if found and not is_foreign_fine",
        new="if found is None and not is_foreign_fine",
        tests=[_PLACE + "test_an_unfinished_one_is_gone_on_with_by_its_own_only"],
    ),
    Mutant(
        name="two restores bring files into one directory at once",
        file="s3syncd/local/staging.py",
        old="        _lock(staging_fd)\n",
        new="",
        tests=[_PLACE + "test_two_at_once_are_refused"],
    ),
    Mutant(
        name="content that fits no digest gets its name",
        file="s3syncd/transfer/fetch.py",
        old="            if verdict is Verdict.EQUAL or (",
        new="            if True or (",
        tests=[_CONTENT + "test_content_that_is_not_the_digests_is_not_written"],
    ),
    Mutant(
        name="a file that differs is replaced unasked",
        file="s3syncd/transfer/fetch.py",
        old="    if is_there and not kit.may_replace:\n",
        new="    if False:\n",
        tests=[_CONTENT + "test_what_cannot_be_proved_is_brought_and_named"],
    ),
    Mutant(
        name="what is there is fetched again",
        file="s3syncd/transfer/fetch.py",
        old="        if there is Verdict.EQUAL:\n",
        new="        if False:\n",
        tests=[_TREE + "test_what_is_proved_to_be_there_is_not_fetched_again"],
    ),
    Mutant(
        name="who writes objects makes set-user-id programs",
        file="s3syncd/transfer/stamps.py",
        old="        return mode & _PERMISSIONS\n",
        new="        return mode & 0o7777\n",
        tests=[_TREE + "test_the_tree_comes_back_with_times_and_permissions"],
    ),
    Mutant(
        name="a tree is restored into a watched directory",
        file="s3syncd/supervisor/restoring.py",
        old="    if not wish.is_into_root:\n",
        new="    if False:\n",
        tests=[_DIRECTORY + "test_no_directory_that_a_site_watches_is_written_to"],
    ),
    Mutant(
        name="a tree is restored into the root beside a running daemon",
        file="s3syncd/supervisor/restoring.py",
        old="    return StateLock(config.state_dir)",
        new="    return None",
        tests=[_DIRECTORY + "test_the_root_is_restored_only_while_no_daemon_runs"],
    ),
    Mutant(
        name="the present passes for the past",
        file="s3syncd/supervisor/restoring.py",
        old="            if not self.versioning:\n",
        new="            if False:\n",
        tests=[_RESTORING_PAST + "test_without_versions_there_is_no_past"],
    ),
    Mutant(
        name="a missing file makes no difference",
        file="s3syncd/supervisor/restoring.py",
        old="        return self._is_over and not any(self.counts[word] for word in MISSING)",
        new="        return self._is_over",
        tests=[_TREE + "test_archived_objects_are_named_and_the_rest_comes"],
    ),
    Mutant(
        name="what was deleted before comes back",
        file="s3syncd/supervisor/holdings.py",
        old="        if chosen.is_marker:\n",
        new="        if False:\n",
        tests=[_PAST + "test_the_newest_that_is_not_later"],
    ),
    Mutant(
        name="of a key that goes on over pages half the versions are chosen from",
        file="s3syncd/supervisor/holdings.py",
        old="{open_key: [*held]} if held else {}",
        new="{}",
        tests=[_PAST + "test_versions_of_a_key_go_on_over_pages"],
    ),
    Mutant(
        name="versions out of order are believed",
        file="s3syncd/supervisor/holdings.py",
        old="                if min(by_key) <= last_key:\n",
        new="                if False:\n",
        tests=[_PAST + "test_a_store_that_lists_out_of_order_is_not_believed"],
    ),
    Mutant(
        name="a checksum of another content is no difference",
        file="s3syncd/transfer/proving.py",
        old="        if _is_stores(seen.headers):\n",
        new="        if False:\n",
        tests=["tests/transfer/test_proving.py::test_what_proves_a_content_and_what_does_not"],
    ),
    Mutant(
        name="what a KMS key made of an ETag is taken for a digest",
        file="s3syncd/transfer/proving.py",
        old="    if has_own_key(seen) or (",
        new="    if (",
        tests=["tests/transfer/test_proving.py::test_what_proves_a_content_and_what_does_not"],
    ),
    Mutant(
        name="a checksum of a newer version proves an older one",
        file="s3syncd/transfer/proving.py",
        old="        if seen.etag != wanted.etag and wanted.etag:\n",
        new="        if False:\n",
        tests=["tests/transfer/test_proving.py::test_a_checksum_of_another_version_proves_nothing"],
    ),
    Mutant(
        name="an octal mode passes for a decimal one",
        file="s3syncd/transfer/stamps.py",
        old="mode <= _MAX_MODE and ",
        new="",
        tests=["tests/transfer/test_stamps.py::test_permissions_are_those_of_a_file_and_no_more"],
    ),
    Mutant(
        name="a store that gives one page for ever is asked for ever",
        file="s3syncd/supervisor/holdings.py",
        old="            if following is not None and following == last:\n",
        new="            if False:\n",
        tests=[_PAST + "test_a_store_that_goes_round_in_circles_is_left"],
    ),
    Mutant(
        name="a large file that broke off is begun anew",
        file="s3syncd/local/drafts.py",
        old="        if is_unfinished:\n",
        new="        if False:\n",
        tests=[_BROKEN_OFF + "test_a_large_file_is_gone_on_with_where_it_broke_off"],
    ),
    Mutant(
        name="spans of an older version are taken for those of this one",
        file="s3syncd/local/drafts.py",
        old="    if not notes.startswith(head):\n",
        new="    if False:\n",
        tests=[
            _PLACE + "test_what_is_left_of_another_version_is_nothing",
            _BROKEN_OFF + "test_no_half_of_an_older_version_gets_into_a_large_file",
        ],
    ),
    Mutant(
        name="what an earlier run left needs no proof",
        file="s3syncd/transfer/fetch.py",
        old="(verdict is Verdict.UNPROVED and not draft.spans)",
        new="verdict is Verdict.UNPROVED",
        tests=[_BROKEN_OFF + "test_what_was_not_on_the_disk_when_the_power_went_is_fetched_again"],
    ),
    Mutant(
        name="a file that has its name already is gone on with",
        file="s3syncd/local/drafts.py",
        old=" or seen.st_nlink != 1:",
        new=":",
        tests=[_PLACE + "test_a_file_that_has_got_its_name_is_not_written_to_again"],
    ),
    Mutant(
        name="a link in the place of a file that was begun is written through",
        file="s3syncd/local/drafts.py",
        old="_AGAIN: Final = os.O_RDWR | os.O_NOFOLLOW | ",
        new="_AGAIN: Final = os.O_RDWR | ",
        tests=[_PLACE + "test_what_is_no_file_of_ours_is_not_gone_on_with"],
    ),
    Mutant(
        name="a note may be a number of any length",
        file="s3syncd/local/drafts.py",
        old=" and len(line) <= _MAX_OFFSET_DIGITS",
        new="",
        tests=[_PLACE + "test_a_number_that_no_offset_can_be_is_no_note"],
    ),
    Mutant(
        name="notes are read from whatever has their name",
        file="s3syncd/local/drafts.py",
        old="    except OSError:  # a pipe, a disk that fails: what cannot be read are no notes\n",
        new="    except KeyError:\n",
        tests=[_PLACE + "test_what_cannot_be_read_again_is_begun_anew"],
    ),
    Mutant(
        name="a directory is in the way of a file that is begun anew",
        file="s3syncd/local/drafts.py",
        old="            _clear(stem + suffix, staging_fd)\n",
        new="            _remove(stem + suffix, staging_fd)\n",
        tests=[_PLACE + "test_what_cannot_be_read_again_is_begun_anew"],
    ),
    Mutant(
        name="half a note is one",
        file="s3syncd/local/drafts.py",
        old='.split(b"\\n")[:-1]',
        new='.split(b"\\n")',
        tests=[_PLACE + "test_a_note_that_was_cut_off_is_none"],
    ),
    Mutant(
        name="what another restore has begun stays",
        file="s3syncd/local/staging.py",
        old="with_kept=not is_ours",
        new="with_kept=False",
        tests=[_PLACE + "test_what_another_restore_has_begun_goes_away"],
    ),
    Mutant(
        name="an empty directory that somebody made goes with a restore that finds nothing",
        file="s3syncd/local/destination.py",
        old="                if self._is_new:\n",
        new="                if True:\n",
        tests=[
            "tests/local/test_destination.py::test_an_empty_directory_that_was_there_before_stays"
        ],
    ),
]
