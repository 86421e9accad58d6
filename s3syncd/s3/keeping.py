"""Judges what a bucket does to objects by itself: lifecycle rules, versions. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s3syncd.core.finding import Finding, Verdict

__all__ = ["judge_lifecycle", "judge_versioning"]


def judge_lifecycle(
    rules: Sequence[Mapping[str, Any]], prefix: str, *, has_rules: bool = True
) -> Iterator[Finding]:
    """Judge lifecycle rules by what they do to `prefix`.

    Args:
        rules: as the store gives them.
        prefix: the site's.
        has_rules: whether the store knows any; where it does not, none can be missing.
    """
    ours = [
        rule
        for rule in rules
        if rule.get("Status") == "Enabled" and _touches(_prefix(rule), prefix)
    ]
    expiring = [rule for rule in ours if set(rule.get("Expiration", ())) & {"Days", "Date"}]
    for rule in expiring:
        name = rule.get("ID", "without a name")
        yield Finding(
            Verdict.WARNING,
            "lifecycle",
            f"rule {name} expires objects of the prefix; each is then uploaded again",
            "let the rule leave this prefix out, or delete the files instead",
        )
    if not expiring:
        yield Finding(Verdict.OK, "lifecycle", "no rule expires objects of the prefix")
    if has_rules and not any("AbortIncompleteMultipartUpload" in rule for rule in ours):
        yield Finding(
            Verdict.WARNING,
            "unfinished uploads",
            "no rule aborts them; s3syncd cleans up its own unless its ledger is lost, and what is "
            "left is charged for and listed nowhere",
            "add a lifecycle rule AbortIncompleteMultipartUpload of 7 days",
        )


def judge_versioning(
    state: str,
    bucket: str,
    is_retiring: bool,
    *,
    endpoint: str | None = None,
    profile: str | None = None,
) -> Finding:
    """Judge what the bucket keeps of an object that is deleted or overwritten.

    Args:
        state: `Enabled`, `Suspended`, or empty: there never were versions.
        bucket: its name.
        is_retiring: whether the site deletes.
        endpoint: of the store; None: AWS.
        profile: whose credentials the site has, where it names one.
    """
    if state == "Enabled":
        return Finding(Verdict.OK, "versioning", "older versions of objects are kept")
    text = "what is overwritten is gone: the bucket keeps no versions"
    if not is_retiring:
        return Finding(Verdict.OK, "versioning", text)
    # Copied without these the command asks AWS, for a bucket of this name, as somebody else.
    asked = [("--endpoint-url", endpoint), ("--profile", profile), ("--bucket", bucket)]
    options = " ".join(f"{name} {shlex.quote(value)}" for name, value in asked if value)
    return Finding(
        Verdict.WARNING,
        "versioning",
        "what is deleted or overwritten is gone: the bucket keeps no versions",
        f"aws s3api put-bucket-versioning {options} --versioning-configuration "
        "Status=Enabled (and a lifecycle rule that expires old versions), or retire_deleted: false",
    )


def _prefix(rule: Mapping[str, Any]) -> str:
    chosen: Mapping[str, Any] = rule.get("Filter") or {}
    chosen = chosen.get("And") or chosen
    return str(chosen.get("Prefix") or rule.get("Prefix") or "")


def _touches(of_rule: str, of_site: str) -> bool:
    return of_rule.startswith(of_site) or of_site.startswith(of_rule)
