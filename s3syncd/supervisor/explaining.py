"""Why a path is where it is: both sides looked at once, the ledger, the rules, and what comes next.

The same document beside a daemon (from what its site knows) and without one (from the ledger).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.entry import BaselineRow, Kind, LocalEntry, RemoteEntry, UnknownMark
from s3syncd.core.explaining import KEYLESS, Ruling, Told, next_step, ruling_of, standings_of
from s3syncd.core.later import Later
from s3syncd.core.messages import Look
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.core.table import UNKNOWN, Remote, judge
from s3syncd.errors import SiteUnavailable, UnknownSiteError
from s3syncd.ledger import Ledger
from s3syncd.local.files import lstat_path
from s3syncd.local.identity import RootError, open_root
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.reply import NO_CONTACT, Reply, Start
from s3syncd.s3.settings import bucket_settings
from s3syncd.site.facts import remembered
from s3syncd.site.hold import held_list
from s3syncd.supervisor.attended import attended
from s3syncd.supervisor.build import ledger_identity, ledger_path, policy_of, scope_of
from s3syncd.supervisor.fleet import Fleet
from s3syncd.supervisor.naming import path_of, spellings
from s3syncd.transfer.looks import NAMES_THE_KEY

__all__ = [
    "document_of",
    "explain",
    "explain_within",
    "look_at_file",
    "look_at_object",
]

_NO_FILES = frozenset({"symlink", "special_file"})
_OF_MOUNTS = frozenset({"mount_missing", "mount_new"})
_ANSWER_SECONDS = 20.0  # a person waits; a request may have to wait for its turn
_SILENCE = Failure(
    FailureKind.TRANSIENT, "DeadlineExceeded", None, "The bucket did not answer in time.", False
)


def explain(config: Config, site: str, text: str) -> dict[str, Any]:
    """Explain a path without a daemon: nothing is changed, one object is looked at.

    Raises:
        UnknownSiteError: there is no such site.
        FatalError: the text names nothing of the site.
        LedgerError: the ledger cannot be read.
    """
    chosen = [each for each in config.sites if each.name == site]
    if not chosen:
        raise UnknownSiteError.of(site, [each.name for each in config.sites])
    (settings,) = chosen
    path = _meant(text, settings)
    facts = _facts(settings, config.state_dir, path)
    seen: Reply | SiteUnavailable
    with attended(bucket_settings(settings, max_connections=1)) as bucket:
        try:
            bucket.connect()
            seen = look_at_object(settings, path, bucket, bucket.call)
        except SiteUnavailable as error:
            seen = error
    return document_of(settings, path, facts, look_at_file(settings, path), seen)


def explain_within(fleet: Fleet, state_dir: Path, site: str, text: str) -> dict[str, Any]:
    """Explain a path of a running site, by what it knows and through its bucket; may wait.

    Raises:
        UnknownSiteError: a reload has taken the site away.
        FatalError: the text names nothing of the site.
        LedgerError: the site does not answer, and its ledger cannot be read.
    """
    settings = fleet.settings_of(site)
    path = _meant(text, settings)
    answer = fleet.command("explain", {"site": site, "path": path})
    facts = answer.get("facts") or _facts(settings, state_dir, path)
    if not answer.get("ok"):
        told = {"reason": None, "hint": answer["hint"], "in_sync": False}
        facts = {**facts, "site": {"state": answer["error"], **told}}
    bucket = fleet.bucket_of(site)
    seen = Reply(0, {}, b"", NO_CONTACT)
    if bucket is not None:
        seen = look_at_object(settings, path, bucket, _asked)
    return document_of(settings, path, facts, look_at_file(settings, path), seen)


def _meant(text: str, settings: SiteConfig) -> str:
    """Give the path that a person means: as it was written, or as a name is shown here."""
    written = path_of(text, settings)
    found = (each for each in spellings(written) if look_at_file(settings, each) != "absent")
    return next(found, written)


def _asked(start: Start) -> Reply:
    """Ask through a bucket that its site looks after: what takes too long is ended there."""
    replies: SimpleQueue[Reply | Later] = SimpleQueue()
    start(replies.put)
    try:
        while isinstance(reply := replies.get(timeout=_ANSWER_SECONDS), Later):
            reply.start(replies.put)
    except Empty:
        return Reply(0, {}, b"", _SILENCE)
    return reply


def _facts(settings: SiteConfig, state_dir: Path, path: str) -> dict[str, Any]:
    """Read what the ledger has of a path."""
    ledger = Ledger.open_readonly(
        ledger_path(state_dir, settings), identity=ledger_identity(settings)
    )
    try:
        return {**remembered(ledger, path), "held_list": held_list(ledger)}
    finally:
        ledger.close()


def look_at_file(settings: SiteConfig, path: str) -> Look:
    """See what stands at the path below the root; following no link."""
    try:
        root_fd = open_root(settings.root)
    except RootError:
        return UnknownMark(path, "root_missing")
    try:
        return lstat_path(root_fd, path)
    finally:
        os.close(root_fd)


def look_at_object(
    settings: SiteConfig, path: str, bucket: Bucket, ask: Callable[[Start], Reply]
) -> Reply:
    """Look at the object, if the path can have one; a bucket that is gone is no missing object."""
    scope = scope_of(settings)
    if scope.problem_with(path) is not None:
        return Reply(404, {}, b"", None)
    key = scope.key_for(path)
    seen = ask(bucket.head(key))
    if seen.failure is None or seen.failure.kind is not FailureKind.MISSING:
        return seen
    told = ask(bucket.peek(key))  # the answer to a HEAD does not say what is missing
    failure = told.failure
    if failure is None:  # it is there again
        return ask(bucket.head(key))
    if failure.kind is FailureKind.MISSING and failure.code not in NAMES_THE_KEY:
        return told._replace(failure=failure._replace(kind=FailureKind.BUCKET))
    return told


def document_of(
    settings: SiteConfig,
    path: str,
    facts: Mapping[str, Any],
    look: Look,
    seen: Reply | SiteUnavailable,
) -> dict[str, Any]:
    """Put together what is known, and what follows from it.

    Args:
        settings: of the site.
        path: site-relative.
        facts: `site.facts`.
        look: what stands below the root.
        seen: the answer of a HEAD, or why there was none.
    """
    row = facts.get("baseline")
    if (problem := facts.get("problem")) and problem["reason"] in _OF_MOUNTS:
        look = UnknownMark(path, problem["reason"])  # the site believes nothing it sees there
    ruling = ruling_of(
        path,
        scope_of(settings),
        exclusions=settings.exclusions,
        inclusions=settings.inclusions,
    )
    remote, told = _remote(path, seen)
    is_unseen = told["state"] == "unknown"
    beyond = UNKNOWN if is_unseen else remote
    number, step = _decided(path, settings, ruling, row, look=look, remote=beyond)
    if facts.get("kept_for") and step.word == Kind.DELETE_REMOTE:
        step = Told("nothing", "The object is kept, as its state tells.")
    is_there = isinstance(look, LocalEntry)
    now = _time(time.time_ns())
    standings = standings_of(facts, ruling, number, step, now=now, is_there=is_there)
    has_key = ruling.word not in KEYLESS
    shown = {key: fact for key, fact in facts.items() if key not in {"baseline", "site"}}
    return {
        "site": settings.name,
        "path": path,
        "key": f"s3://{settings.bucket}/{settings.prefix}{path}" if has_key else None,
        "rule": ruling._asdict(),
        "local": _local(look),
        "remote": told,
        "remembered": _row(row),
        "standing": [each._asdict() for each in standings],
        "facts": shown,
        "next": {"row": number, **step._asdict()},
        "site_state": facts.get("site"),
    }


def _decided(
    path: str, settings: SiteConfig, ruling: Ruling, row: BaselineRow | None, *, look: Look,
    remote: Remote,
) -> tuple[int, Told]:  # fmt: skip
    """Give the row of the table that both sides are in, and what follows."""
    is_unseen = isinstance(look, UnknownMark)
    local = look if isinstance(look, LocalEntry) else None
    number, action = judge(path, UNKNOWN if is_unseen else local, row, remote, policy_of(settings))
    step = next_step(number, action)
    if action is None and ruling.word in KEYLESS and local is not None:
        text = "No object can be of this name: nothing is sent before it is another."
    elif action is None and not ruling.is_selected:
        text = "It is not this site's business: both sides are left as they are."
    elif isinstance(look, UnknownMark) and look.reason in _NO_FILES:
        text = "What stands there is no regular file: it has no content to keep."
    elif isinstance(look, UnknownMark) and look.reason in _OF_MOUNTS:
        text = f"Nothing is sent or deleted there while {look.reason} stands."
    elif look == "directory" and row is None and remote is None:
        text = "It is a directory: it has no object; its files are asked one by one."
    else:
        return number, step
    return number, Told("nothing", text)


def _local(look: Look) -> dict[str, Any]:
    if isinstance(look, LocalEntry):
        return {
            "state": "file", "size_bytes": look.size_bytes, "mtime": _time(look.mtime_ns),
            "mode": f"{look.mode & 0o7777:04o}", "inode": look.inode,
        }  # fmt: skip
    return {"state": look.reason if isinstance(look, UnknownMark) else look}


def _row(row: BaselineRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "size_bytes": row.size_bytes, "mtime": _time(row.mtime_ns), "inode": row.inode,
        "etag": row.etag, "md5": row.md5, "storage_class": row.storage_class,
    }  # fmt: skip


def _remote(path: str, seen: Reply | SiteUnavailable) -> tuple[RemoteEntry | None, dict[str, Any]]:
    if isinstance(seen, SiteUnavailable):
        return None, {"state": "unknown", "detail": f"{seen.message} {seen.hint}".strip()}
    failure = seen.failure
    if failure is not None and failure.kind is not FailureKind.MISSING:
        return None, {"state": "unknown", "detail": f"{failure.code}: {failure.message}"}
    if failure is not None or seen.status == 404:
        return None, {"state": "absent"}
    storage_class = seen.headers.get("x-amz-storage-class", "STANDARD")
    size_bytes = -1 if seen.size_bytes is None else seen.size_bytes
    told = {
        "state": "object", "size_bytes": size_bytes, "etag": seen.etag,
        "storage_class": storage_class, "modified": _http_time(seen.headers.get("last-modified")),
        "version_id": seen.headers.get("x-amz-version-id"),
        "restore": seen.headers.get("x-amz-restore"),
    }  # fmt: skip
    return RemoteEntry(path, size_bytes, seen.etag, storage_class), told


def _http_time(text: str | None) -> str | None:
    try:
        return _time(int(parsedate_to_datetime(text).timestamp()) * 10**9) if text else None
    except (ValueError, OverflowError):
        return text


def _time(moment_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(moment_ns // 10**9, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{moment_ns} ns"  # a year that no calendar of ours has
    return f"{moment.isoformat(timespec='seconds').removesuffix('+00:00')}Z"
