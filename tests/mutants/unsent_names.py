"""The old names of files that can have no object."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_TESTS = "tests/scenarios/test_unsent_names.py::"
_STAYS = _TESTS + "test_the_object_of_the_old_name_stays_until_the_file_has_another_one"

MUTANTS = [
    Mutant(
        name="the object of an old name goes though the new one can have none",
        file="s3syncd/site/looks.py",
        old="            self.withheld.unsent(local, problem, now)\n",
        new="",
        tests=[_STAYS + "[heard of]"],
    ),
    Mutant(
        name="a scan does not know that a file without a key had another name",
        file="s3syncd/site/sightings.py",
        old="                self._looks.withheld.unsent(entry, reason, now)\n",
        new="",
        tests=[_STAYS + "[found]"],
    ),
    Mutant(
        name="a file renamed to what is no text was deleted",
        file="s3syncd/site/sightings.py",
        old="withheld.nameless, withheld.are_more_nameless = message.inodes, message.is_full",
        new="withheld.are_more_nameless = message.is_full",
        tests=[
            _TESTS + "test_a_file_renamed_to_what_is_no_text_keeps_the_object_of_its_old_name",
        ],
    ),
    Mutant(
        name="files renamed to what is no text are a mass deletion",
        file="s3syncd/site/underway.py",
        old="{*self._backlog.inodes, *self._withheld.nameless}",
        new="{*self._backlog.inodes}",
        tests=[_TESTS + "test_what_was_renamed_so_is_no_mass_deletion"],
    ),
    Mutant(
        name="what no key can stand for is not told of with its files",
        file="s3syncd/local/nameless.py",
        old="tuple(self.sample), frozenset(self.inodes)",
        new="tuple(self.sample)",
        tests=[
            "tests/e2e/test_main_job.py::"
            "test_a_file_renamed_to_what_is_no_text_keeps_the_object_of_its_old_name",
        ],
    ),
    Mutant(
        name="a link without a name passes for its file",
        file="s3syncd/local/nameless.py",
        old="entry.is_file(follow_symlinks=False)",
        new="entry.is_file()",
        tests=["tests/local/test_nameless.py::test_no_link_is_followed"],
    ),
    Mutant(
        name="inodes of another file system pass for this one's",
        file="s3syncd/local/nameless.py",
        old="os.fstat(fd).st_dev == os.fstat(parent).st_dev",
        new="fd",
        tests=["tests/local/test_nameless.py::test_another_file_system_has_inodes_of_its_own"],
    ),
    Mutant(
        name="what was moved unheard to where no names are was deleted",
        file="s3syncd/site/decisions.py",
        old="            if self._may_be_nameless():",
        new="            if False:",
        tests=[
            _TESTS + "test_what_was_moved_unheard_into_a_directory_without_a_name_keeps_its_object"
        ],
    ),
    Mutant(
        name="of more nameless files than are remembered all old names go",
        file="s3syncd/site/withheld.py",
        old="self._is_full or self.are_more_nameless",
        new="self._is_full",
        tests=[
            _TESTS + "test_where_more_have_no_name_than_are_remembered_nothing_is_deleted",
        ],
    ),
    Mutant(
        name="that there are more is not told",
        file="s3syncd/local/nameless.py",
        old="        if self._looked_at >= _REMEMBERED:\n            self.is_full = True\n",
        new="        if self._looked_at >= _REMEMBERED:\n",
        tests=["tests/local/test_nameless.py::test_only_so_many_are_looked_at"],
    ),
    Mutant(
        name="an object kept until a person sees to its file is pending work",
        file="s3syncd/site/pending.py",
        old="site.retirement.waiting - site.retirement.kept\n",
        new="site.retirement.waiting\n",
        tests=[
            "tests/scenarios/test_withheld.py::test_an_old_name_stays_while_the_new_one_waits_for_a_person"
        ],
    ),
    Mutant(
        name="a deletion that waits for what is under way is told as kept",
        file="s3syncd/site/retire.py",
        old="awaited(inode) and not is_moving(inode) for",
        new="awaited(inode) for",
        tests=[_TESTS + "test_a_kept_object_hides_no_deletion_that_is_pending"],
    ),
    Mutant(
        name="a kept object whose deletion is held hides another one",
        file="s3syncd/site/retire.py",
        old="            self._kept.clear()  # they are held now",
        new="            # they are held now",
        tests=[_TESTS + "test_a_kept_object_whose_deletion_is_held_is_counted_once"],
    ),
    Mutant(
        name="an object is told as kept though something is to be done about its file",
        file="s3syncd/site/facts.py",
        old="looks.withheld.is_awaited(inode) and not looks.underway.is_moving(inode)\n",
        new="looks.underway.is_awaited(inode)\n",
        tests=[_TESTS + "test_what_is_kept_is_pending_again_as_soon_as_its_file_is_on_its_way"],
    ),
    Mutant(
        name="where more have no name than are remembered it is not said what is waited for",
        file="s3syncd/site/withheld.py",
        old=" or (self.are_more_nameless and not self._is_full)",
        new="",
        tests=[
            _TESTS + "test_where_more_have_no_name_than_are_remembered_nothing_is_deleted",
        ],
    ),
]
