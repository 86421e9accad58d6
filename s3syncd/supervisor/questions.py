"""Commands to sites, and what their answers come to."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

from s3syncd.supervisor.life import SiteLife

__all__ = ["Question", "refused", "summed_up"]


class Question:
    """One command to one site, and the wait for its answer.

    Args:
        name: of the site.
        life: None where the site drains under another configuration.
    """

    def __init__(self, name: str, life: SiteLife | None) -> None:
        self._name = name
        self._life = life
        self._answers: SimpleQueue[dict[str, object]] = SimpleQueue()

    def ask(self, command: str, arguments: dict[str, Any]) -> None:
        """Send it, or refuse it where nobody can take it yet."""
        life = self._life
        if life is None or life.is_leaving or not life.is_launched:
            self._answers.put(refused(f"site {self._name} is starting", "try again in a moment"))
        else:
            life.ask(command, arguments, self._answers.put)

    def answer(self, timeout_seconds: float) -> dict[str, Any]:
        """Give the answer, or say that none came in time."""
        try:
            return self._answers.get(timeout=max(0.0, timeout_seconds))
        except Empty:
            return refused(
                f"site {self._name} does not answer",
                "it may still carry this out; see: s3syncd status, and the log",
            )


def summed_up(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Make one answer of those of several sites: the first, or all that was refused."""
    refusals = [answer for answer in answers if not answer.get("ok")]
    if not refusals:
        return answers[0]
    accepted = len(answers) - len(refusals)
    more = f" ({accepted} of {len(answers)} sites accepted)" if len(answers) > 1 else ""
    return {**refusals[0], "error": "; ".join(str(r["error"]) for r in refusals) + more}


def refused(error: str, hint: str) -> dict[str, Any]:
    """Say no, and what to do instead."""
    return {"ok": False, "error": error, "hint": hint}
