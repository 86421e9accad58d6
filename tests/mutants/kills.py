"""Guards that only a death shows: what must be durable before, and what must be done after."""

from __future__ import annotations

from tests.faults.disk import why_no_disk
from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_KILLED = (
    "tests/faults/test_failpoints.py::"
    "test_a_kill_at_any_point_is_made_good_by_the_next_start[{}]"
)  # fmt: skip
_DISPATCH = "s3syncd/site/dispatch.py"

MUTANTS = [
    Mutant(
        name="an effect does not wait for its intent to be durable",
        file=_DISPATCH,
        old="        if has_written:\n            self._parts.ledger.commit()\n",
        new="        if has_written and not chosen:\n            self._parts.ledger.commit()\n",
        tests=[
            _KILLED.format("new"),  # by who comes first: on busy cores the commit may
            "tests/scenarios/test_ledger_outage.py::test_nothing_is_sent_whose_intent_was_refused",
        ],
    ),
    Mutant(
        name="uploads of a site that deletes have no intents",
        file="s3syncd/site/unanswered.py",
        old='return settings.retire_deleted or settings.on_drift == "hold"',
        new='return settings.on_drift == "hold"',
        tests=[_KILLED.format("new")],
    ),
    Mutant(
        name="deletions have no intents",
        file=_DISPATCH,
        old="frozenset({Kind.DELETE_REMOTE, Kind.RECLASS, Kind.COPY})",
        new="frozenset({Kind.RECLASS, Kind.COPY})",
        tests=[_KILLED.format("delete")],
    ),
    Mutant(
        name="the intents of the last run are ignored",
        file="s3syncd/site/recovery.py",
        old="        for intent in self._parts.ledger.intents():\n",
        new="        for intent in self._parts.ledger.intents()[:0]:\n",
        tests=[_KILLED.format("recovery"), _KILLED.format("left upload")],
    ),
    Mutant(
        name="uploads that nobody will finish are left in the bucket",
        file="s3syncd/transfer/leftovers.py",
        old='    for upload_id in sorted(unfinished - {keep or ""}):\n',
        new='    for upload_id in sorted(unfinished & {keep or ""}):\n',
        tests=[_KILLED.format("left upload")],
    ),
    Mutant(
        name="the intent ends before its effect is recorded",
        file="s3syncd/site/outcomes.py",
        old="        self.apply(outcome, now, planned_at=planned.planned_at)\n"
        "        self._end_intent(planned, outcome, now)\n",
        new="        self._end_intent(planned, outcome, now)\n        self._parts.ledger.commit()\n"
        "        self.apply(outcome, now)\n",
        tests=[_KILLED.format("new")],
    ),
]

# The kernel keeps what a dead process has written: only a power cut shows what is not on the disk.
if not why_no_disk():
    MUTANTS.append(
        Mutant(
            name="a commit does not wait for the disk",
            file="s3syncd/ledger/opening.py",
            old='"PRAGMA synchronous = FULL"',
            new='"PRAGMA synchronous = NORMAL"',
            tests=["tests/faults/test_power.py::test_power_cuts_lose_no_commit"],
        )
    )
