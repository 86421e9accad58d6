"""Why a path is where it is: the rule that takes it in or out, its state, and what comes next.

Words for people; what is decided is decided by `core.table` and told here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s3syncd.core.entry import Action, Kind
from s3syncd.core.paths import Scope

__all__ = ["KEYLESS", "Ruling", "Told", "next_step", "ruling_of", "standings_of"]


class Ruling(NamedTuple):
    """Whether a path is the site's, and by which rule.

    `word`: `included`, `excluded`, `not_included`, or what `Scope.problem_with` says. `rule` is the
    option and the number of its pattern (the first is 1), '' where none decided.
    """

    is_selected: bool
    word: str
    rule: str
    pattern: str
    text: str


class Told(NamedTuple):
    """A closed word, and what it means here."""

    word: str
    text: str


_PROBLEMS: Final = {
    "undecodable_name": "Its name is not UTF-8, so that no key can stand for it.",
    "key_too_long": "Its key would have more than 1,024 bytes, prefix included.",
    "inner_prefix": "Its key lies below the prefix of another site, whose business it is.",
}

_REMEDIES: Final = {
    "undecodable_name": "Rename it, or exclude it",
    "key_too_long": "Shorten the path or the prefix",
    "inner_prefix": "Rename it, or exclude it",
}

KEYLESS: Final = frozenset({"undecodable_name", "key_too_long"})
"""What `Ruling.word` says of paths that no object can ever be of."""

_NOTHING: Final = {
    0: "One side could not be looked at: nothing is decided until it can be.",
    1: "There is nothing on either side: nothing is done.",
    3: "This site never put the object: it is left alone (retire_foreign).",
    6: "Both sides are as they last agreed: nothing is done.",
    13: "The file was deleted; without retire_deleted the object stays.",
}

_STEPS: Final = {
    (Kind.UPLOAD, "new"): "There is no object: the file is sent.",
    (Kind.UPLOAD, "changed"): "The file is not as it was sent: it is sent.",
    (Kind.UPLOAD, "vanished"): "The object is gone, and nobody asked for that here: the file is"
    " sent again.",
    (Kind.UPLOAD, "drift"): "Somebody else changed the object: the file is sent over it"
    " (on_drift: overwrite).",
    (Kind.UPLOAD, "first_contact"): "Another object stands there, and nothing is remembered of it:"
    " the file is sent over it.",
    (
        Kind.ADOPT,
        "first_contact",
    ): "Nothing is remembered, and the sizes are equal: the contents are"
    " compared by digest; equal ones are remembered, else the file is sent.",
    (Kind.ADOPT, "drift"): "The object was changed, and its size is the file's: the contents are"
    " compared by digest; equal ones are remembered, else the file is sent.",
    (Kind.ADOPT, "changed"): "Only a touch may have changed: the contents are compared.",
    (Kind.DELETE_REMOTE, "retired"): "The file was deleted: after a second look, and if no guard"
    " holds it, the object is deleted.",
    (Kind.DELETE_REMOTE, "foreign"): "This site never put the object: with retire_foreign it is"
    " deleted, the first time after its list is approved: `s3syncd approve SITE --list HASH`.",
    (Kind.FORGET, "gone"): "It is gone on both sides: it is forgotten.",
    (Kind.FORGET, "kept"): "The file was deleted, and somebody else changed the object: the object"
    " stays, and is forgotten.",
    (
        Kind.FORGET,
        "out_of_scope",
    ): "It is not the site's business any more: it is forgotten, and the object stays.",
    (Kind.CONFLICT, "drift"): "Somebody else changed the object: nothing is sent before"
    " `s3syncd approve SITE --only drift` (on_drift: hold).",
    (
        Kind.RECLASS,
        "class",
    ): "The configured storage class is another one: the object is copied onto itself.",
}


def ruling_of(
    path: str, scope: Scope, *, exclusions: Sequence[str], inclusions: Sequence[str]
) -> Ruling:
    """Tell which rule takes a path into the site, or out of it.

    Args:
        path: site-relative.
        scope: made of these patterns; it has the last word.
        exclusions: regexes, as configured.
        inclusions: regexes, as configured.
    """
    if scope.is_selected(path):
        takes_all = ".*" in inclusions  # as `Scope` has it
        found = ("", "") if takes_all else _first("inclusions", inclusions, path)
        problem = scope.problem_with(path)
        if problem is not None:
            return Ruling(False, problem, *found, _PROBLEMS[problem])
        text = f"{found[0]} takes it in." if found[0] else "No filter takes it out."
        return Ruling(True, "included", *found, text)
    rule, pattern = _first("exclusions", exclusions, path)
    if rule:
        return Ruling(False, "excluded", rule, pattern, f"{rule} takes it out.")
    return Ruling(False, "not_included", "", "", "There are inclusions, and none takes it in.")


def _first(name: str, patterns: Sequence[str], path: str) -> tuple[str, str]:
    for number, pattern in enumerate(patterns, start=1):
        if re.search(pattern, path):
            return f"{name}[{number}]", pattern
    return "", ""


def next_step(number: int, action: Action | None) -> Told:
    """Word what the decision table says of both sides as they are now."""
    if action is None:
        return Told("nothing", _NOTHING.get(number, "Nothing is done about it in this mode."))
    text = _STEPS.get((action.kind, action.reason), "")
    return Told(str(action.kind), text or f"{action.kind} ({action.reason}).")


def standings_of(
    facts: Mapping[str, Any],
    ruling: Ruling,
    number: int,
    step: Told,
    *,
    now: str = "",
    is_there: bool = True,
) -> list[Told]:
    """Tell what state a path is in, and why; what comes first says most.

    Args:
        facts: what the site knows of it (`site.facts`).
        ruling: see `ruling_of`.
        number: of the row that both sides are in.
        step: what follows from that.
        now: as the facts' times, RFC 3339; '' where none of them can be past.
        is_there: whether a file stands there.
    """
    if retry := facts.get("retry"):
        facts = {**facts, "retry": {**retry, "when": _when(retry["next_at"], facts, now)}}
    if kept_for := facts.get("kept_for"):
        facts = {**facts, "deletion": None, "kept": kept_for}
    found = [word_of(facts[name]) for name, word_of in _STANDINGS.items() if facts.get(name)]
    if found:
        return found
    if ruling.word in _PROBLEMS and is_there:
        remedy = _REMEDIES[ruling.word]
        text = f"{ruling.word}: {ruling.text} {remedy}: until then the site is not in sync."
        return [Told("problem", text)]
    if not ruling.is_selected:
        return [Told("left_out", "It is not this site's business.")]
    if number == 0:
        return [Told("unknown", step.text)]
    if step.word == "nothing":
        return [Told("at_rest", "Nothing is to be done about it.")]
    return [Told("unnoticed", "Nothing is under way: a change, or the next pass, brings it up.")]


def _when(next_at: str, facts: Mapping[str, Any], now: str) -> str:
    """Tell when a failed path is tried again; a time that is past says nothing."""
    site = facts.get("site")
    if site is None:
        return "once a daemon runs" if next_at <= now else f"at {next_at}, if a daemon runs then"
    if site["state"] == "paused":
        return "once the site is resumed"
    if site["state"] in {"halted", "unavailable"}:
        return "once the site can go on"
    return "as soon as its turn comes: it is due" if next_at <= now else f"at {next_at}"


def _in_flight(fact: Mapping[str, Any]) -> Told:
    what = f"{fact['kind']} ({fact['reason']})"
    return Told("in_flight", f"{what} is being carried out, for {fact['seconds']:.0f} s.")


def _planned(fact: Mapping[str, Any]) -> Told:
    return Told("planned", f"{fact['kind']} ({fact['reason']}) waits for its turn.")


def _dirty(fact: Mapping[str, Any]) -> Told:
    if fact["due_in_seconds"] is None:
        return Told("dirty", "It changed, and is being looked at, or is due when what is under way"
                    " has ended.")  # fmt: skip
    last = "was closed" if fact["is_closed"] else "may still be written"
    return Told(
        "settling",
        f"It changed {fact['since_seconds']:.1f} s ago and {last}: it is looked at in"
        f" {fact['due_in_seconds']:.1f} s, if it is quiet until then.",
    )


def _deletion(fact: Mapping[str, Any]) -> Told:
    text = {
        "waiting": "The file was seen gone: it is looked at again, and a guard judges.",
        "cleared": "The file is gone for sure: the object is deleted when its turn comes.",
        "approved": "A person has approved the deletion: it is carried out when its turn comes.",
        "held": "A guard holds the deletion, in a list that waits to be approved:"
        " `s3syncd approve SITE --list HASH`.",
    }[fact["state"]]
    return Told("held" if fact["state"] == "held" else "deletion_waits", text)


def _kept(fact: str) -> Told:
    return Told(
        "kept",
        f"The file may be one that cannot be sent: {fact}. The object is kept until a person sees"
        " to that one: rename it, exclude it, delete it, or, if it is drift, approve that:"
        " `s3syncd approve SITE --only drift`.",
    )


def _retry(fact: Mapping[str, Any]) -> Told:
    times = "once" if fact["attempts"] == 1 else f"{fact['attempts']} times"
    text = f"It failed {times}, since {fact['since']}: {fact['reason']}: {fact['hint']}"
    return Told("failed", f"{text.strip()} It is tried again {fact['when']}.")


def _problem(fact: Mapping[str, Any]) -> Told:
    where = f" of {fact['path']}" if fact["is_above"] else ""
    return Told("problem", f"{fact['reason']}{where}, since {fact['since']}: {fact['hint']}")


def _intent(fact: Mapping[str, Any]) -> Told:
    what = "An upload in parts" if fact["is_in_parts"] else str(fact["kind"])
    return Told(
        "unfinished", f"{what} was begun at {fact['since']}, and its end is not recorded yet."
    )


_STANDINGS: Final[Mapping[str, Callable[[Any], Told]]] = {
    "in_flight": _in_flight,
    "problem": _problem,
    "retry": _retry,
    "dirty": _dirty,
    "planned": _planned,
    "kept": _kept,
    "deletion": _deletion,
    "intent": _intent,
}
