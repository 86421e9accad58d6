"""The options that may stand at a site and, as the default of all sites, at the top of the file.

The string under each field is the reference: see `config.models`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from s3syncd.config.kinds import (
    Endpoint,
    Interval,
    Milliseconds,
    Mode,
    Patterns,
    Rate,
    Region,
    Role,
    Seconds,
    Switch,
    Text,
    Whole,
)

__all__ = ["MIB", "Frozen", "SiteOptions"]

MIB = 2**20
POLL_SECONDS = 10.0  # a walk of 100,000 files costs 0.23 s CPU: 2.3 % of a core
SETTLE_SECONDS = 0.1  # the age of a stat below which a second write can hide in its timestamp


def _default_settle(validated: dict[str, Any]) -> float:
    # With inotify, watch_interval says how long a file has to be quiet.
    period: float | None = validated.get("watch_interval_seconds")
    return SETTLE_SECONDS if period is None or validated.get("watcher") == "polling" else period


class Frozen(BaseModel):
    """Strict and immutable; never shows a value in an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )


class SiteOptions(Frozen):
    """What may be written for each site, and globally as the default of all sites."""

    region: Region | None = None
    """Region of the bucket. Default: what the AWS environment, profile or endpoint says."""

    profile: Text | None = None
    """Named profile of the AWS configuration files. Not together with access_key."""

    role_arn: Role | None = None
    """Role to assume with the credentials found, renewed by itself."""

    access_key: SecretStr | None = None
    """Access key id; needs secret_access_key. `${VAR}` and `file:/path` are replaced. Without it
    the usual AWS chain: environment, profile, SSO, web identity, container, instance role."""

    secret_access_key: SecretStr | None = None
    """Secret of access_key. Better `${VAR}` or `file:/path` than the secret itself."""

    session_token: SecretStr | None = None
    """Session token of temporary keys; `${VAR}` and `file:/path` are replaced."""

    endpoint: Endpoint | None = None
    """Host or URL of a store that is not AWS; https unless it says http://."""

    addressing: Literal["auto", "path", "virtual"] = "auto"
    """Where the bucket stands in a URL: path (host/bucket), virtual (bucket.host) or auto."""

    ca_bundle: Path | None = None
    """PEM file of the authorities to trust; relative to the directory of this file."""

    verify_tls: Switch = True
    """Whether the endpoint's certificate is verified."""

    storage_class: Text | None = None
    """Class new objects ask for; any name with an endpoint of your own. Default: none asked."""

    mode: Mode = "upload"
    """Which way changes flow. This version does upload only: the directory is the authority."""

    retire_deleted: Switch = False
    """Whether the object of a deleted file is deleted, under every guard."""

    retire_foreign: Switch = False
    """Whether objects this site never put or adopted obey retire_deleted too."""

    max_delete: Annotated[Whole, Field(ge=0)] | None = None
    """Number of deletions in 24 h above which all are held until a person approves.
    Default: 20 paths or 25 % of the site, whichever is more."""

    root_check: Literal["strict", "off"] = "strict"
    """strict halts the site when its directory was replaced by another; off for directories that
    are swapped on purpose."""

    delete_grace_seconds: Seconds = 2.0
    """Seconds between the two looks that confirm that a file is gone."""

    on_drift: Literal["overwrite", "hold"] = "overwrite"
    """What to do about an object somebody else changed: overwrite it, or hold it as a problem."""

    exclusions: Patterns = ()
    """Regular expressions searched in the path relative to the site; a match is not synced."""

    inclusions: Patterns = (".*",)
    """Regular expressions of which one must be found in the path; exclusions win. An empty list
    takes every path, as if there were none."""

    watcher: Literal["auto", "inotify", "polling"] = "auto"
    """How changes are noticed; auto polls on network filesystems."""

    watch_interval_seconds: Milliseconds | None = Field(None, validation_alias="watch_interval")
    """Period of a polling watcher (default 10s); with inotify the settle_seconds of the site.
    A bare integer counts milliseconds."""

    settle_seconds: Seconds = Field(default_factory=_default_settle)
    """Seconds a file must have been quiet after its writer closed it. Default 0.1, or
    watch_interval where that is given and the watcher is not polling."""

    settle_open_seconds: Seconds = 5.0
    """The same for a file that may still be open; a value below settle_seconds counts as that."""

    settle_deadline_seconds: Seconds = 60.0
    """Seconds after which a file that only grows is sent as it is; a value below
    settle_open_seconds counts as that, and `check` warns of it."""

    rescan_interval_seconds: Interval = Field(3600.0, validation_alias="rescan_interval")
    """Time between two scans of the directory against the ledger, which cost no request."""

    reconcile_interval_seconds: Interval = Field(86400.0, validation_alias="reconcile_interval")
    """Time between two full comparisons, listing of the prefix included."""

    scrub_interval_seconds: Seconds = Field(604800.0, validation_alias="scrub_interval")
    """Time between two passes that read every file again, to find what size and times do not
    tell; 0 turns them off."""

    scrub_rate: Rate = 8 * MIB
    """Bytes that such a pass reads per second, while nothing else is to be done."""

    s3_ops_retries: Annotated[Whole, Field(ge=0, le=100)] = 5
    """Repetitions of a failed multipart or bucket request before the file goes to the end of the
    queue; from there it is tried for ever."""

    upload_queue_buffer: Annotated[Whole, Field(ge=0)] = 0
    """Accepted for s3sync-service files; without effect, the queue is bounded by itself."""

    @property
    def poll_seconds(self) -> float:
        """Period of a polling watcher, in seconds."""
        return POLL_SECONDS if self.watch_interval_seconds is None else self.watch_interval_seconds

    @field_validator("settle_open_seconds", "settle_deadline_seconds")
    @classmethod
    def _not_below_the_shorter_one(cls, value: float, info: ValidationInfo) -> float:
        is_open = info.field_name == "settle_open_seconds"
        shorter = info.data.get("settle_seconds" if is_open else "settle_open_seconds", 0.0)
        return max(value, float(shorter))
