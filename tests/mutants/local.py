"""Guards of the local side: what must not be taken for absent, and what must not go unheard."""

from __future__ import annotations

from tests.faults.hanging import HAS_FUSE
from tests.mutants.mutant import Mutant

_MOUNTS = "tests/local/test_inner_mounts.py::"
_SCANNER = "tests/local/test_scanner.py::"
_ROOTS = "tests/local/test_roots.py::"
_WALK = "tests/local/test_walk.py::"
_WATCHER = "tests/local/test_watcher.py::"
_HEARING = "tests/local/test_hearing.py::"
_WATCHES = "tests/local/test_watches.py::"
_WITHOUT_EVENTS = "tests/local/test_without_events.py::"
_FILES = "tests/local/test_files.py::"
_FAILING = "tests/local/test_failing_disk.py::"
_SCENARIO = "tests/scenarios/test_mounts.py::"

MUTANTS = [
    Mutant(
        name="a directory that may not be read is taken for empty",
        file="s3syncd/local/walk.py",
        old="            return [UnknownMark(prefix, reason_of(error))]\n",
        new="            return []\n",
        tests=[_SCANNER + "test_what_may_not_be_read_is_unknown_and_the_rest_complete"],
    ),
    Mutant(
        name="a link on the way is taken for absence",
        file="s3syncd/local/files.py",
        old="        if isinstance(above, UnknownMark):\n",
        new="        if False:\n",
        tests=[_FILES + "test_a_parent_that_became_a_link_is_not_followed"],
    ),
    Mutant(
        name="links on the way are followed",
        file="s3syncd/local/identity.py",
        old='PASS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW',
        new='PASS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY',
        tests=[_FILES + "test_a_parent_that_became_a_link_is_not_followed"],
    ),
    Mutant(
        name="any root will do",
        file="s3syncd/local/identity.py",
        old="    if expected is not None and seen != expected:\n",
        new="    if False:\n",
        tests=[_ROOTS + "test_another_root_in_its_place_is_neither_scanned_nor_looked_at"],
    ),
    Mutant(
        name="the root is not compared again after a scan's first step",
        file="s3syncd/local/scanner.py",
        old="        root_fd = open_root(self._root, expected=scan.root)\n",
        new="        root_fd = open_root(self._root)\n",
        tests=[_ROOTS + "test_a_root_swapped_during_a_scan_makes_it_incomplete"],
    ),
    Mutant(
        name="the root is not compared after a scan",
        file="s3syncd/local/scanner.py",
        old="                os.close(open_root(self._root, expected=scan.root))\n",
        new="                pass\n",
        tests=[_ROOTS + "test_a_root_swapped_after_the_last_step_makes_the_scan_incomplete"],
    ),
    Mutant(
        name="a look is judged by the root expected when it is made, not when it was asked for",
        file="s3syncd/local/scanner.py",
        old="self._ask(lambda: self._look(paths, expected))",
        new="self._ask(lambda: self._look(paths, self._expected))",
        tests=[_ROOTS + "test_a_look_asked_for_under_the_old_root_is_not_answered_by_the_new"],
    ),
    Mutant(
        name="a mount that is gone without a trace is not missed",
        file="s3syncd/local/directory.py",
        old='            if rest[: rest.find("/") + 1] not in present:\n',
        new="            if False:\n",
        tests=[_ROOTS + "test_a_mount_inside_the_root_that_is_gone_is_unknown"],
    ),
    Mutant(
        name="what is under a lost mount is looked at as if it were there",
        file="s3syncd/local/inner.py",
        old="            if unknown and (reason := _reason_at(path, unknown))\n",
        new="            if (reason := '')\n",
        tests=[_ROOTS + "test_a_mount_inside_the_root_that_is_gone_is_unknown"],
    ),
    Mutant(
        name="what is mounted over known files belongs to the tree",
        file="s3syncd/local/inner.py",
        old="        if not is_same_tree(sampled=len(sample), matching=matching):\n",
        new="        if False:\n",
        tests=[_MOUNTS + "test_what_is_mounted_over_known_files_is_unknown_until_it_goes"],
    ),
    Mutant(
        name="a look comes before a mount is known of",
        file="s3syncd/local/scanner.py",
        old="            self._mounts.refresh(root_fd, self._scope.is_pruned)\n            results",
        new="            results",
        tests=[_MOUNTS + "test_the_first_look_already_knows_of_a_mount"],
    ),
    Mutant(
        name="what is found when a mount is accepted is not compared",
        file="s3syncd/site/mounted.py",
        old="        if message.was_left_out:\n",
        new="        if False:\n",
        tests=["tests/scenarios/test_mounts.py::test_what_was_left_out_is_compared_when_accepted"],
    ),
    Mutant(
        name="a mount over known files is accepted without a sample of them",
        file="s3syncd/site/mounted.py",
        old="self._parts.scanner.accept_mount(path, identity, sample)",
        new="self._parts.scanner.accept_mount(path, identity, ())",
        tests=["tests/scenarios/test_mounts.py::test_a_mount_is_judged_by_the_files_known_below"],
    ),
    Mutant(
        name="a mount that is back is forgotten",
        file="s3syncd/local/inner.py",
        old="        if stored is None or found == stored:\n",
        new="        if stored is None:\n",
        tests=[_MOUNTS + "test_a_mount_that_is_back_is_not_forgotten"],
    ),
    Mutant(
        name="what is mounted in the place of a forgotten mount is taken for the tree",
        file="s3syncd/local/inner.py",
        old="        if path in self._inner:  # another one",
        new="        if False:  # another one",
        tests=[_MOUNTS + "test_another_mount_in_the_place_of_one_that_is_gone_is_judged"],
    ),
    Mutant(
        name="mounts that nobody was told to be missing are approved to be gone",
        file="s3syncd/site/mounted.py",
        old="if any(place.startswith(path) for place in places)]",
        new="]",
        tests=[_SCENARIO + "test_a_person_says_that_a_mount_is_gone_for_good"],
    ),
    Mutant(
        name="a mount that is gone for good is missed again after a start",
        file="s3syncd/site/mounted.py",
        old="            mounts.pop(message.path, None)\n",
        new="            pass\n",
        tests=[_SCENARIO + "test_a_person_says_that_a_mount_is_gone_for_good"],
    ),
    Mutant(
        name="a scan sends on although nobody takes",
        file="s3syncd/local/scanner.py",
        old="if scan.untaken < MAX_BATCHES",
        new="if scan.untaken >= 0",
        tests=[_SCANNER + "test_a_scan_that_nobody_takes_from_pauses_and_the_rest_goes_on"],
    ),
    Mutant(
        name="the rest of a replaced directory is read as if it were the same",
        file="s3syncd/local/walk.py",
        old="            if os.fstat(fd).st_ino != directory.inode:\n",
        new="            if False:\n",
        tests=[_WALK + "test_the_rest_of_a_large_directory_that_was_replaced_is_unknown"],
    ),
    Mutant(
        name="an overflow is not told",
        file="s3syncd/local/listener.py",
        old='        self._hints.doubt("overflow")\n',
        new="",
        tests=[_WATCHER + "test_an_overflow_loses_nothing"],
    ),
    Mutant(
        name="a new directory is listed and not watched",
        file="s3syncd/local/walk.py",
        old="                self._watch.watch(prefix, fd)",
        new="                pass",
        tests=[_WATCHER + "test_chaos_loses_nothing"],
    ),
    Mutant(
        name="a watch found stale is dropped although it was met again",
        file="s3syncd/local/watching.py",
        old="[wd for wd in turn if self._watches.find(wd) is None]",
        new="turn",
        tests=[_WATCHES + "test_a_directory_met_again_under_its_new_path_stays_watched"],
    ),
    Mutant(
        name="a directory moved in is not scanned with what is below",
        file="s3syncd/local/listener.py",
        old="            self._hints.scan(path, is_recursive=True)\n",
        new="            self._hints.scan(path)\n",
        tests=[_WATCHER + "test_after_an_exchange_of_directories_changes_are_told_where_they_are"],
    ),
    Mutant(
        name="directories without a watch are left alone until the next rescan",
        file="s3syncd/local/watching.py",
        old="                self.hints.scan(path)\n",
        new="                pass\n",
        tests=[_WITHOUT_EVENTS + "test_directories_beyond_the_limit_are_scanned_in_turn_and_named"],
    ),
    Mutant(
        name="a deaf reader is believed because its thread lives",
        file="s3syncd/local/watching.py",
        old="                is_well = not self._cookie.is_late(now)\n",
        new="                is_well = True\n",
        tests=[_HEARING + "test_a_deaf_reader_is_noticed_replaced_and_doubted"],
    ),
    Mutant(
        name="an event that could not be understood is forgotten",
        file="s3syncd/local/listener.py",
        old='        self._hints.doubt("exception")\n',
        new="        pass\n",
        tests=[_HEARING + "test_an_exception_in_the_reader_is_doubt_and_not_its_end"],
    ),
    Mutant(
        name="a broken lease ends the process",
        file="s3syncd/local/files.py",
        old="    signal.signal(signal.SIGIO, signal.SIG_IGN)\n",
        new="    pass\n",
        tests=[_FILES + "test_a_broken_lease_does_not_end_the_process"],
    ),
    Mutant(
        name="a lease is kept",
        file="s3syncd/local/files.py",
        old="        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)\n",
        new="",
        tests=[_FILES + "test_a_lease_is_given_back_at_once"],
    ),
    Mutant(
        name="a fifo is waited for",
        file="s3syncd/local/files.py",
        old="os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK",
        new="os.O_RDONLY | os.O_NOFOLLOW",
        tests=[_FILES + "test_opening_a_fifo_never_waits"],
    ),
    Mutant(
        name="a root held open is believed to stand at its place for ever",
        file="s3syncd/local/held.py",
        old=" and held.place == place:",
        new=":",
        tests=["tests/local/test_held.py::test_another_directory_in_its_place_is_another_root"],
    ),
    Mutant(
        name="a root is held where any other is expected",
        file="s3syncd/local/held.py",
        old="(expected is None or expected == held.identity)",
        new="True",
        tests=["tests/local/test_held.py::test_what_is_not_expected_is_not_lent"],
    ),
    Mutant(
        name="a root held open is never let go",
        file="s3syncd/local/held.py",
        old="            held, self._held = self._held, None\n",
        new="            held = self._held\n            return\n",
        tests=["tests/local/test_held.py::test_what_nobody_borrows_is_closed_when_let_go"],
    ),
    Mutant(
        name="what a late comer borrows of a root is held for ever",
        file="s3syncd/local/held.py",
        old="            if self._is_over:\n                return opened\n",
        new="",
        tests=["tests/local/test_held.py::test_what_is_borrowed_late_is_closed_by_the_last_too"],
    ),
    Mutant(
        name="a name that is no text is passed over until the next rescan",
        file="s3syncd/local/listener.py",
        old='                self._hints.doubt("undecodable_name")\n',
        new="                pass\n",
        tests=[
            "tests/e2e/test_main_job.py::"
            "test_a_name_that_is_no_text_is_met_and_missed_beside_a_running_daemon"
        ],
    ),
]

# A disk that fails is a FUSE file system, which needs root.
if HAS_FUSE:
    MUTANTS += [
        Mutant(
            name="a file whose disk fails is passed over by a scan",
            file="s3syncd/local/directory.py",
            old="            except OSError as error:\n"
            "                add(UnknownMark(prefix + name, reason_of(error)))\n",
            new="            except OSError:\n",
            tests=[_FAILING + "test_a_scan_that_meets_errors_knows_nothing_and_no_absence"],
        ),
        Mutant(
            name="a directory whose listing breaks off has ended",
            file="s3syncd/local/walk.py",
            old="        except OSError as error:\n"
            "            return [UnknownMark(prefix, reason_of(error))], None\n"
            "        finally:\n",
            new="        except OSError:\n            return [], None\n        finally:\n",
            tests=[_FAILING + "test_a_scan_that_meets_errors_knows_nothing_and_no_absence"],
        ),
        Mutant(
            name="where a disk fails nothing stands",
            file="s3syncd/local/files.py",
            old='        return "absent"\n    except OSError as error:\n'
            "        return UnknownMark(path, reason_of(error))\n",
            new='        return "absent"\n    except OSError:\n        return "absent"\n',
            tests=[_FAILING + "test_a_look_that_meets_errors_is_no_absence"],
        ),
    ]
