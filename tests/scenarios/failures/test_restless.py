"""Files that do not rest are tried again until they do."""

from __future__ import annotations

import itertools

from s3syncd.core.entry import Action, Outcome, Result
from tests.scenarios.world import World


def _not_quiet(action: Action) -> Outcome:
    return Outcome(action, Result.SUPERSEDED, reason="not_quiet", due_in_seconds=5.0)


def test_the_deadline_goes_on_counting_while_a_file_is_not_quiet(settled: World) -> None:
    def grown(action: Action) -> Outcome:
        with (settled.root / "f000").open("a") as log:
            log.write("more")
        return _not_quiet(action)

    settled.scripts["f000"] = [grown] * 100
    settled.settles.clear()
    settled.write("f000", "newer", hint=True)
    settled.run(58)
    told = [settle.is_past_deadline for path, settle in settled.settles if path == "f000"]
    assert told
    assert not any(told)
    settled.run(10)
    assert settled.settles[-1][1].is_past_deadline
    assert settled.settles[-1][1].is_growing


def test_an_unstable_file_is_tried_at_one_two_four_five_minutes(settled: World) -> None:
    def unstable(action: Action) -> Outcome:
        return Outcome(action, Result.SUPERSEDED, reason="unstable", due_in_seconds=60.0)

    settled.scripts["f000"] = [unstable] * 7
    settled.carried.clear()
    settled.write("f000", "newer", hint=True)
    moments: list[float] = []
    for _ in range(1500):
        before = len(settled.carried)
        settled.run(1)
        moments += [settled.now] * (len(settled.carried) - before)
        if len(moments) == 2:
            assert [p["reason"] for p in settled.status["problems"]] == ["unstable"]
            assert not settled.status["in_sync"]
    distances = [round(b - a, -1) for a, b in itertools.pairwise(moments)]
    assert distances[:6] == [60, 120, 240, 300, 300, 300]


def test_a_stale_outcome_makes_the_path_dirty(settled: World) -> None:
    def sent_stale(action: Action) -> Outcome:
        assert action.local is not None
        row = settled.ledger.baseline("f000")
        assert row is not None
        return Outcome(action, Result.DONE, "put", row._replace(ctime_ns=0), is_stale=True)

    settled.scripts["f000"] = [sent_stale]
    settled.write("f000", "newer", hint=True)
    settled.settle()
    assert settled.objects == settled.files
