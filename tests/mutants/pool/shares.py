"""Guards of what each site may hold."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_ADMISSION = "s3syncd/pool/admission.py"
_CALLS = "s3syncd/pool/calls.py"
_POOL = "s3syncd/pool/pool.py"
_SHARES = "s3syncd/pool/shares.py"
_THREADS_APART = "tests/pool/test_apart.py::"

MUTANTS = [
    Mutant(
        name="an idle call blocks on a worker",
        file=_POOL,
        old="        if start.__class__ is Idle:\n",
        new="        if start.__class__ is None:\n",
        tests=[_THREADS_APART + "test_what_blocks_holds_no_worker"],
    ),
    Mutant(
        name="threads apart outlive the pool",
        file=_POOL,
        old="        self._annex.stop()\n",
        new="",
        tests=[_THREADS_APART + "test_nothing_that_waits_is_begun_once_the_pool_has_stopped"],
    ),
    Mutant(
        name="one site may hold every worker and slot",
        file=_SHARES,
        old="            share = min(share, limit - max(1, limit // _RESERVE))\n",
        new="            share = min(share, limit)\n",
        tests=["tests/pool/test_admission.py::test_a_hung_disk_of_one_site_does_not_stop_another"],
    ),
    Mutant(
        name="busy sites do not divide the slots",
        file=_SHARES,
        old="limit // max(1, self._active)",
        new="limit",
        tests=[
            "tests/pool/test_admission.py::test_two_busy_sites_hold_at_most_half_of_the_slots_each"
        ],
    ),
    Mutant(
        name="a site that holds nothing is refused when others hold the budget",
        file=_SHARES,
        old="            return self._overdraft_bytes == 0 or total <= limit\n",
        new="            return total > 0 and self._held_bytes == 0\n",
        tests=[
            "tests/pool/test_admission.py::"
            "test_a_site_whose_budget_is_held_by_others_still_gets_one_request"
        ],
    ),
    Mutant(
        name="requests larger than the budget run side by side",
        file=_SHARES,
        old="            return self._overdraft_bytes == 0 or total <= limit\n",
        new="            return total > 0\n",
        tests=[
            "tests/pool/test_admission.py::test_two_giants_of_two_sites_do_not_run_at_the_same_time"
        ],
    ),
    Mutant(
        name="children keep small files out",
        file=_SHARES,
        old="            return account.wanted_bytes is not None or account.courtesy > 0\n",
        new="            return False\n",
        tests=[
            "tests/pool/test_children.py::"
            "test_small_files_get_in_beside_a_large_one_with_many_parts"
        ],
    ),
    Mutant(
        name="small files keep large parts out",
        file=_SHARES,
        old="        return bool(account.children)\n",
        new="        return False\n",
        tests=[
            "tests/pool/test_children.py::test_small_files_leave_the_room_that_the_next_part_needs"
        ],
    ),
    Mutant(
        name="a call that waits for its children keeps its slot",
        file=_POOL,
        old="                    self._run(self._admission.give_back(running))\n",
        new="",
        tests=["tests/pool/test_children.py::test_children_may_have_children_on_one_slot"],
    ),
    Mutant(
        name="an idle call goes on without its bytes",
        file=_ADMISSION,
        old="        if account.returning or not fits:\n",
        new="        if account.returning:\n",
        tests=[
            "tests/pool/test_children.py::"
            "test_a_call_that_idles_gives_its_bytes_back_and_takes_them_again"
        ],
    ),
    Mutant(
        name="a parent is done before its children",
        file=_ADMISSION,
        old="        while node is not None and node.is_ended and not node.open_children:\n",
        new="        while node is not None and node.is_ended:\n",
        tests=["tests/pool/test_children.py::test_a_parent_is_not_done_before_its_children_are"],
    ),
    Mutant(
        name="a second resume continues the call again",
        file=_CALLS,
        old="            return self._armed.pop()\n",
        new="            return self._armed[0]\n",
        tests=["tests/pool/test_calls.py::test_a_second_resume_does_not_answer_the_next_yield"],
    ),
    Mutant(
        name="a refusal is not remembered",
        file=_ADMISSION,
        old="                self._wait(lane)\n                return None\n            account.",
        new="                return None\n            account.",
        tests=[
            "tests/pool/test_admission.py::test_a_single_site_may_use_every_slot_and_no_more",
            "tests/pool/test_admission.py::test_no_call_for_room_is_lost_under_stress",
        ],
    ),
    Mutant(
        name="a StopIteration while making a call is its result",
        file=_POOL,
        old='            raise RuntimeError("make_call raised StopIteration") from error\n',
        new="            raise error from None\n",
        tests=["tests/pool/test_calls.py::test_a_stop_iteration_while_making_a_call_is_no_result"],
    ),
    Mutant(
        name="a stopping pool begins new calls",
        file=_POOL,
        old="        if self._admission.is_stopping and not running.is_child:\n",
        new="        if self._admission.is_stopping and running.is_child:\n",
        tests=["tests/pool/test_stopping.py::test_calls_that_have_not_begun_are_told_so"],
    ),
    Mutant(
        name="what is left behind at a stop keeps its files open",
        file=_POOL,
        old="                self._call_back(running.call.close)\n",
        new="                continue\n",
        tests=[
            "tests/pool/test_stopping.py::test_calls_that_wait_too_long_are_left_behind_and_closed"
        ],
    ),
    Mutant(
        name="large bodies are hashed on the home core",
        file="s3syncd/pool/pool.py",
        old="            cores.roam(is_roaming=is_long)\n",
        new="            pass\n",
        tests=["tests/pool/test_cores.py::test_a_worker_with_a_large_body_uses_every_core"],
    ),
]
