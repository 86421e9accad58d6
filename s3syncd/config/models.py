"""The options of s3syncd: what each means, its unit, its default.

The string under each field is the reference: `config.example.yml` and the documentation are held
against it by tests. Where the key in the file differs from the field, it is the validation alias.
Frozen after `load`; a site sees its own `SiteConfig` only, every global default merged in.
"""

from __future__ import annotations

import os
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

from s3syncd.config import listening
from s3syncd.config.kinds import (
    Bandwidth,
    Bucket,
    Endpoint,
    Interval,
    Level,
    Listen,
    Milliseconds,
    Mode,
    Name,
    Patterns,
    PerSecond,
    Prefix,
    Rate,
    Seconds,
    Size,
    Switch,
    Text,
    Whole,
)

__all__ = ["Config", "SiteConfig", "SiteOptions"]

MIB = 2**20
MAX_PUT_BYTES = 5 * 2**30  # AWS takes at most 5 GiB in one PUT
POLL_SECONDS = 10.0  # a walk of 100,000 files costs 0.23 s CPU: 2.3 % of a core
SETTLE_SECONDS = 0.1  # the age of a stat below which a second write can hide in its timestamp
DERIVED: dict[str, Any] = {"derived": True}  # not a key of the file


def _default_settle(validated: dict[str, Any]) -> float:
    # With inotify, watch_interval says how long a file has to be quiet.
    period: float | None = validated.get("watch_interval_seconds")
    return SETTLE_SECONDS if period is None or validated.get("watcher") == "polling" else period


class _Frozen(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )


class SiteOptions(_Frozen):
    """What may be written for each site, and globally as the default of all sites."""

    region: Text | None = None
    """Region of the bucket. Default: what the AWS environment, profile or endpoint says."""

    profile: Text | None = None
    """Named profile of the AWS configuration files. Not together with access_key."""

    role_arn: Text | None = None
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
    """Regular expressions of which one must be found in the path; exclusions win."""

    watcher: Literal["auto", "inotify", "polling"] = "auto"
    """How changes are noticed; auto polls on network filesystems."""

    watch_interval_seconds: Milliseconds | None = Field(None, validation_alias="watch_interval")
    """Period of a polling watcher (default 10s); with inotify the settle_seconds of the site.
    A bare integer counts milliseconds."""

    settle_seconds: Seconds = Field(default_factory=_default_settle)
    """Seconds a file must have been quiet after its writer closed it. Default 0.1, or
    watch_interval where that is given and the watcher is not polling."""

    settle_open_seconds: Seconds = 5.0
    """The same for a file that may still be open; at least settle_seconds."""

    settle_deadline_seconds: Seconds = 60.0
    """Seconds after which a file that only grows is sent as it is; at least
    settle_open_seconds."""

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


class SiteConfig(SiteOptions):
    """One directory and one bucket prefix, with every option resolved."""

    name: Name
    """Name in logs, metrics, status and commands; unique. Default: bucket/prefix."""

    root: Path = Field(validation_alias="path")
    """The directory; relative to the directory of this file, links resolved. It need not exist
    yet."""

    bucket: Bucket
    """Name of the bucket."""

    prefix: Prefix = ""
    """Where in the bucket; a leading slash is dropped, a trailing one added. Default: all."""

    bandwidth_limit: Bandwidth | None = None
    """Content bytes a second that this site sends, as the global bandwidth_limit; both hold."""

    requests_per_second: PerSecond | None = None
    """Requests per second that this site makes, as the global requests_per_second; both hold."""

    inner_prefixes: tuple[str, ...] = Field((), json_schema_extra=DERIVED)
    """Whole prefixes, below this one, that belong to other sites: invisible to this site."""

    multipart_threshold_bytes: Size = Field(16 * MIB, json_schema_extra=DERIVED)
    """The global multipart_threshold."""


class Config(_Frozen):
    """The whole configuration of one daemon."""

    path: Path = Field(json_schema_extra=DERIVED)
    """The file it was read from, absolute."""

    warnings: tuple[str, ...] = Field((), json_schema_extra=DERIVED)
    """What is allowed and yet probably not meant, as `file:line: key: text`."""

    sites: tuple[SiteConfig, ...]
    """The sites: at least one."""

    state_dir: Path
    """Where ledgers, lock and socket live, never inside a site's directory; relative to the
    directory of this file. Default: $STATE_DIRECTORY, else /var/lib/s3syncd if writable, else
    $XDG_STATE_HOME/s3syncd."""

    upload_workers: Annotated[Whole, Field(ge=1, le=1024)] = 10
    """Threads that read, hash and submit."""

    max_in_flight: Annotated[Whole, Field(ge=1, le=4096)] = 256
    """Requests under way at once, over all sites."""

    buffer_bytes: Annotated[Size, Field(ge=MIB)] = 128 * MIB
    """Bytes of file content held in memory at once, over all sites. Where the container or service
    has a memory limit below 512MiB, the default is a quarter of that, at least 16MiB."""

    checksum_workers: Annotated[Whole, Field(ge=1, le=1024)] = Field(
        default_factory=lambda: 2 * (os.cpu_count() or 1)
    )
    """Files hashed at once when an existing bucket is met. Default: 2 x CPUs; where the container
    or service has a CPU limit, that many CPUs, rounded up."""

    multipart_threshold_bytes: Annotated[Size, Field(ge=1, le=MAX_PUT_BYTES)] = Field(
        16 * MIB, validation_alias="multipart_threshold"
    )
    """Files above this size are sent in parts, and resumed."""

    shutdown_timeout_seconds: Seconds = 25.0
    """Seconds a stop waits for what is in flight."""

    http_listen: Listen | None = Field("127.0.0.1:9350", validation_alias="http.listen")
    """Address of metrics, health and status: host:port, or unix:/path of a socket; null turns it
    off. Anything but loopback and a socket needs http.token."""

    http_token: SecretStr | None = Field(None, validation_alias="http.token")
    """What `Authorization: Bearer` must carry. `${VAR}` and `file:/path` are replaced."""

    log_level: Level = Field("info", validation_alias="log.level")
    """Least level that is logged: trace debug info warn error fatal."""

    log_format: Literal["auto", "json", "console"] = Field("auto", validation_alias="log.format")
    """auto writes JSON unless to a terminal."""

    log_file: Path | None = Field(None, validation_alias="log.file")
    """File to append the log to instead of standard error; relative to this file's directory."""

    max_failures: Annotated[Whole, Field(ge=0)] = 0
    """Crashes of one site in a row after which the process exits 1; 0 never."""

    bandwidth_limit: Bandwidth | None = None
    """Bytes of content per second that all sites together send, such as 2MiB/s; or a list of
    entries with days and times (`mon-fri 08:00-18:00 2MiB/s`, local time), of which the first that
    applies counts, and where none does there is no limit."""

    requests_per_second: PerSecond | None = None
    """Requests per second that all sites together make, of every kind."""

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Host (IPv6 without brackets) and port of `http_listen`; None: no such address."""
        return listening.address_of(self.http_listen)

    @property
    def http_needs_token(self) -> bool:
        """Whether other machines may reach `http_listen`, and there is no token they must know."""
        return self.http_token is None and listening.is_exposed(self.http_listen)

    def secret_values(self) -> frozenset[str]:
        """Return every secret in the clear: for the redaction of logs and for nothing else."""
        names = ("access_key", "secret_access_key", "session_token")
        given = [getattr(site, name) for site in self.sites for name in names]
        return frozenset(each.get_secret_value() for each in (*given, self.http_token) if each)
