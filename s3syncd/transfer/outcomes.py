"""Outcomes: how every way a call can end is told to its site.

Inside a call the end is raised as `Ended` wherever it is met; `Transfer` turns it, a failed request
and an error of the file system into the outcome, so that no call raises for expected trouble.
"""

from __future__ import annotations

import errno

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import Failure, FailureKind

__all__ = ["Ended", "from_failure", "from_os_error", "superseded"]


class Ended(Exception):  # noqa: N818 - no error: the way a call ends early
    """The call is over; `outcome` says how."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


_RETRY, _AGAIN, _NO = Result.RETRYABLE, Result.SUPERSEDED, Result.REFUSED

_VANISHED_ADVICE = (
    "It is not there, where it must be: it is tried again by itself. Look for somebody else who"
    " deletes below the prefix, or a proxy that answers."
)

# A failure's kind -> (result, reason, whose trouble, what the operator can do).
_VERDICTS: dict[FailureKind, tuple[Result, str, str, str]] = {
    FailureKind.THROTTLED: (
        _RETRY,
        "throttled",
        "bucket",
        "The store is busy: less is asked of it.",
    ),
    FailureKind.TRANSIENT: (_RETRY, "transient", "path", "It is tried again by itself."),
    FailureKind.CREDENTIALS: (_RETRY, "credentials", "bucket", "Check the site's credentials."),
    FailureKind.BUCKET: (_RETRY, "bucket_unavailable", "bucket", "Run `s3syncd check`."),
    FailureKind.CLOCK: (_RETRY, "clock_skewed", "bucket", "Set this machine's clock."),
    FailureKind.PRECONDITION: (_AGAIN, "foreign_change", "path", ""),
    # Where a version that vanished is news, it was handled; here it makes no sense, and deciding
    # again at once would ask for ever.
    FailureKind.MISSING: (_RETRY, "vanished", "path", _VANISHED_ADVICE),
    FailureKind.CONFLICT: (_AGAIN, "concurrent_change", "path", ""),
    FailureKind.REFUSED: (_NO, "refused", "path", "Check the bucket's policy for this key."),
    FailureKind.LOCAL: (_RETRY, "local_error", "path", ""),
    FailureKind.CANCELED: (_RETRY, "canceled", "path", ""),
}

# Codes of a request that nobody answered although the connection stood: 30 s and more each.
_SILENCES = frozenset({
    "DeadlineExceeded", "ReadTimeoutError", "AWS_ERROR_HTTP_CHANNEL_THROUGHPUT_FAILURE",
    "AWS_ERROR_HTTP_RESPONSE_FIRST_BYTE_TIMEOUT",
})  # fmt: skip
_SILENCE_ADVICE = "The server went silent: look at it, and at proxies and links on the way."

# Two operations on one key at a time: the other one is over within moments.
_CONFLICT_PAUSE_SECONDS = 1.0

_HINT_LIMIT = 300  # characters of a server's message that are of use on a status page

# What the system says of a file -> (result, reason, hint). Anything else is tried again.
_SYSTEM_VERDICTS: dict[int, tuple[Result, str, str]] = {
    errno.EACCES: (_NO, "unreadable", "Make it readable for the daemon's user, or exclude it."),
    errno.EPERM: (_NO, "unreadable", "Make it readable for the daemon's user, or exclude it."),
    errno.EMFILE: (_RETRY, "too_many_open_files", "Raise the limit of open files."),
    errno.ENFILE: (_RETRY, "too_many_open_files", "Raise the limit of open files."),
}


def superseded(
    action: Action,
    reason: str,
    *,
    due_in_seconds: float | None = None,
    local_state: str = "file",
    follow_up: Action | None = None,
    is_unknown: bool = False,
) -> Outcome:
    """Tell that the action no longer fits what is there: the site decides again."""
    return Outcome(
        action,
        Result.SUPERSEDED,
        reason=reason,
        due_in_seconds=due_in_seconds,
        local_state=local_state,
        follow_up=follow_up,
        is_unknown=is_unknown,
    )


def from_failure(action: Action, failure: Failure, *, sent_bytes: int = 0) -> Outcome:
    """Tell of a request that failed; whether it may have been applied all the same is kept."""
    result, reason, scope, advice = _VERDICTS[failure.kind]
    said = f"{failure.code or failure.status or 'no answer'}: {failure.message}".strip(": ")
    if failure.code == "AccessDenied":
        reason = "access_denied"
    elif failure.code in {
        "HTTP400",
        "HTTP403",
    }:  # a refused HEAD, or an answer that was not the store's
        advice = "Check the bucket's policy for this key, and the credentials."
    elif failure.code in _SILENCES:
        reason, advice = "stalled", _SILENCE_ADVICE
    return Outcome(
        action,
        result,
        is_unknown=failure.is_unknown,
        due_in_seconds=_CONFLICT_PAUSE_SECONDS if result is _AGAIN else None,
        reason=reason,
        hint=f"{advice} ({said})"[:_HINT_LIMIT].strip(),
        scope=scope,
        sent_bytes=sent_bytes,
    )


def from_os_error(action: Action, error: OSError) -> Outcome:
    """Tell of a file that could not be read; never of one that is absent."""
    result, reason, hint = _SYSTEM_VERDICTS.get(error.errno or 0, (_RETRY, "io_error", ""))
    said = error.strerror or type(error).__name__
    return Outcome(
        action, result, local_state="unknown", reason=reason, hint=f"{hint} ({said})".strip()
    )
