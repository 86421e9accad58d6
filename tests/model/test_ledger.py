"""The ledger in memory says what the real one says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3syncd.ledger import Intent, Ledger
from tests.core.entries import row
from tests.model.ledger import MemoryLedger

OPERATIONS = st.sampled_from([
    "record", "record other", "refresh", "forget", "intend", "end", "want", "clear", "unwant",
    "fail", "heal", "pass", "pass over", "commit",
])  # fmt: skip


def carry_out(ledger: Any, name: str, number: int) -> None:
    effects: dict[str, Callable[[], object]] = {
        "record": lambda: ledger.record(row()),
        "record other": lambda: ledger.record(row(size=20, stamp=2, etag="e2")),
        "refresh": lambda: ledger.refresh(row(stamp=3)),
        "forget": lambda: ledger.forget("p"),
        "intend": lambda: ledger.put_intent(Intent("p", f"op{number}", "Upload", etag_before="e1")),
        "end": lambda: ledger.drop_intent("p"),
        "want": lambda: ledger.want_deletion("p", "DeleteRemote", 5.0),
        "clear": lambda: ledger.set_deletion_state("cleared", of="waiting"),
        "unwant": lambda: ledger.drop_deletion("p"),
        "fail": lambda: ledger.put_retry(
            "p", attempts=1, next_at_wall=7.0, reason="transient", since=5.0
        ),
        "heal": lambda: ledger.drop_retry("p"),
        "pass": ledger.begin_pass,
        "pass over": ledger.end_pass,
        "commit": ledger.commit,
    }
    effects[name]()
    if isinstance(ledger, MemoryLedger) and name.startswith("pass"):
        ledger.is_passing = name == "pass"


def told(ledger: Any, marks: list[int]) -> list[object]:
    found = ledger.baseline("p")
    return [
        found and found._replace(changed_seq=0), ledger.count(), ledger.intent("p"),
        ledger.intents(), ledger.deletion("p"), ledger.has_deletions, ledger.retry("p"),
        ledger.retries_due(7.0, 9), ledger.retries_due(6.0, 9), ledger.next_retry_at(),
        ledger.by_inode(1, 10), ledger.count_lost((), limit=5), ledger.count_lost((1,), limit=5),
        [ledger.count_deletions(state) for state in ("waiting", "cleared", "held")],
        len(ledger.page("")), len(ledger.page("p")), len(ledger.page("", prefix="p/")),
        [ledger.changed_since("p", mark) for mark in marks],
        [ledger.keeps_version("p", mark) for mark in marks],
    ]  # fmt: skip


@settings(
    max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(OPERATIONS, max_size=12))
def test_the_ledger_in_memory_says_what_the_real_one_says(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}" / "ledger.sqlite"
    real, memory = Ledger.open(path, identity="i"), MemoryLedger()
    real_marks, marks = [0], [0]
    is_passing = False
    for number, name in enumerate(names):
        if (name == "pass") == is_passing and name.startswith("pass"):
            continue  # one at a time
        is_passing = name == "pass" or (is_passing and name != "pass over")
        carry_out(real, name, number)
        carry_out(memory, name, number)
        real_marks.append(real.seq())
        marks.append(memory.seq())
        assert told(real, real_marks) == told(memory, marks)
    real.close()
