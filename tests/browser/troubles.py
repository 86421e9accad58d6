"""Sites in trouble, and names that mean harm: what the page has to show."""

from __future__ import annotations

from tests.browser.scene import problem, site

__all__ = ["DEAD", "HOLD", "HOSTILE", "trouble"]

HOLD = {
    "in_sync": False, "held_deletions": 4211, "held_list": "3fa91c0be2d4", "reason": "mass_delete",
    "hint": "Bring the files back, or confirm the held list: "
            "`s3syncd approve SITE --list HASH`.",
}  # fmt: skip
DEAD = {
    "in_sync": False, "state": "unavailable", "reason": "bucket_unavailable",
    "hint": "The bucket photos does not exist: correct `bucket`.",
}  # fmt: skip
HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "\u202egpj.exe",
    "two\nlines\u2028three\x00\x1b[31m",
    "a\udcff lone \ud800 surrogate",
    "`code` &amp; <b>bold</b> javascript:alert(1)",
]


def trouble() -> list[dict[str, object]]:
    """One site of every kind."""
    return [
        site("good"),
        site("working", in_sync=False, state="syncing", pending={"actions": 9, "bytes": 4096},
             oldest_pending_seconds=71.0),
        site("held", **HOLD),
        site("dead", **DEAD),
        site("ill", in_sync=False, problems=[problem("a/b")], problems_total=3),
        site("resting", in_sync=False, state="paused"),
    ]  # fmt: skip
