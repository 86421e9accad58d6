"""The exception tree of s3syncd; every error carries a hint: what the operator can do.

    S3SyncError
    +- ConfigError          exit 2; every difficulty of the file at once, no traceback
    |  +- UnknownSiteError  exit 2; a command names a site that the configuration does not have
    +- FatalError           the process ends with exit 1 (ledger unusable, second daemon)
    +- SiteError            one site stops, the others go on
    |  +- SiteUnavailable   root or bucket cannot be reached: looked for again, with back-off
    |  +- SiteHalted        a guard said no: waits for a person
    +- LedgerError          the site's ledger cannot be read or written

Difficulties with one path are data (`core.entry.Problem`, `core.entry.Outcome`), not exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "ConfigError",
    "FatalError",
    "LedgerError",
    "S3SyncError",
    "SiteError",
    "SiteHalted",
    "SiteUnavailable",
    "UnknownSiteError",
]


class S3SyncError(Exception):
    """Base of all errors raised by s3syncd.

    Args:
        message: what is wrong, one sentence, never a secret.
        hint: what the operator can do about it; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(S3SyncError):
    """The configuration cannot be used; `problems` lists every difficulty as `file:line: text`."""

    def __init__(self, problems: list[str], *, hint: str = "") -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems


class UnknownSiteError(ConfigError):
    """A command names a site that there is not."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__([message], hint=hint)

    @classmethod
    def of(cls, site: str | None, known: Iterable[str]) -> UnknownSiteError:
        """Make the error about a name, with the names that there are."""
        return cls(f"there is no site {site!r}", hint=f"sites: {', '.join(known)}")


class FatalError(S3SyncError):
    """The process cannot go on at all."""


class SiteError(S3SyncError):
    """One site cannot go on; `reason` is one of the closed words of the status page."""

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class SiteUnavailable(SiteError):
    """The site's root or bucket cannot be reached; it is looked for again by itself."""


class SiteHalted(SiteError):
    """A guard stopped the site; it waits for `s3syncd approve`."""


class LedgerError(S3SyncError):
    """The ledger cannot be read or written (disk full, damaged, newer than this program)."""
