"""Guards of threads: what holds one, how many there are, and on which cores."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_APART = "s3syncd/pool/apart.py"
_CREW = "tests/pool/test_crew.py::"
_THREADS_APART = "tests/pool/test_apart.py::"

MUTANTS = [
    Mutant(
        name="a contact holds a worker",
        file="s3syncd/site/access.py",
        old="self._parts.lane.idle(contact)",
        new="contact.__call__",
        tests=[_THREADS_APART + "test_a_first_contact_that_is_silent_holds_no_worker_and_no_slot"],
    ),
    Mutant(
        name="a request to complete holds a worker",
        file="s3syncd/transfer/multipart.py",
        old="etag = yield from apart(lambda: _complete(kit, action, source, parts))",
        new="etag = _complete(kit, action, source, parts)",
        tests=[
            "tests/transfer/test_in_pool.py::"
            "test_a_store_that_is_silent_to_control_requests_holds_no_worker"
        ],
    ),
    Mutant(
        name="a request to abort holds a worker",
        file="s3syncd/transfer/leftovers.py",
        old="yield from apart(lambda: kit.bucket.abort_multipart(kit.key(action), upload_id))\n",
        new="yield from ()\n    kit.bucket.abort_multipart(kit.key(action), upload_id)\n",
        tests=[
            "tests/transfer/test_in_pool.py::"
            "test_a_store_that_is_silent_to_control_requests_holds_no_worker"
        ],
    ),
    Mutant(
        name="a request to list uploads holds a worker",
        file="s3syncd/transfer/leftovers.py",
        old="        return (yield from apart(lambda: kit.bucket.list_uploads(key)))\n",
        new="        yield from ()\n        return kit.bucket.list_uploads(key)\n",
        tests=[
            "tests/transfer/test_in_pool.py::"
            "test_a_store_that_is_silent_to_control_requests_holds_no_worker"
        ],
    ),
    Mutant(
        name="a request to list parts holds a worker",
        file="s3syncd/transfer/leftovers.py",
        old="parts = yield from apart(lambda: kit.bucket.list_parts(kit.key(action), upload_id))\n",
        new="yield from ()\n        parts = kit.bucket.list_parts(kit.key(action), upload_id)\n",
        tests=[
            "tests/transfer/test_in_pool.py::"
            "test_a_store_that_is_silent_to_control_requests_holds_no_worker"
        ],
    ),
    Mutant(
        name="a contact holds a slot",
        file="s3syncd/site/access.py",
        old="self._parts.lane.idle(contact)",
        new="contact",
        tests=[_THREADS_APART + "test_a_first_contact_that_is_silent_holds_no_worker_and_no_slot"],
    ),
    Mutant(
        name="what was in vain takes every thread apart",
        file=_APART,
        old="_MOST_AGAIN if errand.start.is_again else _MOST\n",
        new="_MOST\n",
        tests=[_THREADS_APART + "test_what_was_in_vain_leaves_threads_to_what_was_not_yet_tried"],
    ),
    Mutant(
        name="busy sites take every thread apart",
        file=_APART,
        old="        if of_lane:\n",
        new="        if of_lane is None:\n",
        tests=[_THREADS_APART + "test_busy_sites_leave_a_thread_to_each_of_the_others"],
    ),
    Mutant(
        name="one site takes every thread apart",
        file=_APART,
        old=" and of_lane < _MOST_OF_LANE",
        new="",
        tests=[_THREADS_APART + "test_one_site_has_a_few_threads_apart"],
    ),
    Mutant(
        name="the process spreads over all cores",
        file="s3syncd/cores.py",
        old="        self._place(0, frozenset({self.core}))\n",
        new="        pass\n",
        tests=["tests/test_cores.py::test_the_process_and_its_threads_keep_to_one_core"],
    ),
    Mutant(
        name="the home core moves though it has itself to itself",
        file="s3syncd/cores.py",
        old="busy.get(self.core, 0.0) - our_share",
        new="busy.get(self.core, 0.0)",
        tests=["tests/test_cores.py::test_it_stays_where_it_has_its_core_for_itself"],
    ),
    Mutant(
        name="every command keeps to one core, and so does what it starts",
        file="s3syncd/__main__.py",
        old="    cores.own_process()\n",
        new="    cores.own_process()\n    cores.settle()\n",
        tests=["tests/test_cores.py::test_other_commands_use_every_core_also_for_what_they_start"],
    ),
    Mutant(
        name="the daemon spreads over all cores",
        file="s3syncd/cli/process.py",
        old="    cores.settle()\n",
        new="",
        tests=["tests/test_cores.py::test_the_daemon_and_sync_keep_to_one_core"],
    ),
    Mutant(
        name="nobody helps a worker that is held up",
        file="s3syncd/pool/crew.py",
        old="            self._wake_one()\n        elif",
        new="            pass\n        elif",
        tests=[_CREW + "test_a_worker_that_hangs_is_replaced_until_all_hang"],
    ),
    Mutant(
        name="a worker that waits for a core is taken for one that waits for a disk",
        file="s3syncd/pool/crew.py",
        old="look.has_ready and not look.preemptions and",
        new="look.has_ready and",
        tests=[_CREW + "test_how_many_workers_do_any_good"],
    ),
    Mutant(
        name="a step queued while the last worker goes to wait is not seen",
        file="s3syncd/pool/crew.py",
        old="() if self._ready or self._is_over.is_set() else",
        new="() if self._is_over.is_set() else",
        tests=[_CREW + "test_a_step_queued_just_before_the_last_worker_waits_is_done"],
    ),
    Mutant(
        name="workers that are awake stay awake",
        file="s3syncd/pool/crew.py",
        old="            if self._leaving and self._leave():\n                return\n",
        new="            pass\n",
        tests=[_CREW + "test_a_worker_too_many_goes_to_bed_though_there_is_work"],
    ),
    Mutant(
        name="the last worker goes to bed",
        file="s3syncd/pool/crew.py",
        old="not self._leaving or self._awake == 1",
        new="not self._leaving",
        tests=[_CREW + "test_the_last_worker_never_goes_to_bed"],
    ),
    Mutant(
        name="the watch never rests",
        file="s3syncd/pool/crew.py",
        old="while in_vain < _LOOKS_IN_VAIN and",
        new="while",
        tests=[_CREW + "test_the_watch_rests_while_nothing_happens"],
    ),
]
