"""Guards of the classical list of ablations that no other module here is about.

docs/reliability.md has the whole list, with the mutant that stands for each.
"""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_FAILURES = "tests/transfer/small/test_failures.py"
_CONDITIONS = "tests/transfer/small/test_conditions.py"
_RETIRE = "tests/transfer/test_retire.py"

MUTANTS = [
    Mutant(
        name="an upload is recorded though it was answered by an error",
        file="s3syncd/transfer/small.py",
        old="    if reply.failure is None:\n        _learn(kit, reply, md5)\n",
        new="    if reply.failure is None or action:\n        _learn(kit, reply, md5)\n",
        tests=[f"{_FAILURES}::test_failure_says_whose_trouble_it_is"],
    ),
    Mutant(
        name="a lost condition passes for an upload",
        file="s3syncd/transfer/small.py",
        old="    if seen is not None and has_made(seen, op_id):\n",
        new="    if seen is not None:\n",
        tests=[f"{_CONDITIONS}::test_lost_condition_overwrites_nothing_and_holds_the_drift"],
    ),
    Mutant(
        name="a lost condition passes for a deletion",
        file="s3syncd/transfer/retire.py",
        old="    if reply.failure is None:\n",
        new="    if reply.failure is None or reply.failure.kind in _LOST_CONDITION:\n",
        tests=[f"{_RETIRE}::test_version_put_after_the_look_is_saved_by_the_condition"],
    ),
    Mutant(
        name="a look refused without a reason waits for an hour",
        file="s3syncd/s3/answer.py",
        old='_soon_again(reply) if request.method == "HEAD" and status in _VAGUE else reply',
        new="reply",
        tests=[
            "tests/s3/test_reply.py::"
            "test_a_look_refused_without_a_reason_may_be_the_credentials_and_is_soon_repeated"
        ],
    ),
    Mutant(
        name="what bears no mark is of an operation that has none",
        file="s3syncd/transfer/looks.py",
        old="return seen is not None and op_id is not None and seen",
        new="return seen is not None and seen",
        tests=["tests/transfer/test_whose_version.py"],
    ),
]
