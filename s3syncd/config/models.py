"""The options of s3syncd: what each means, its unit, its default.

The string under each field is the reference: `config.example.yml` and the documentation are held
against it by tests. Where the key in the file differs from the field, it is the validation alias.
Frozen after `load`; a site sees its own `SiteConfig` only, every global default merged in.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from s3syncd.config import listening, references
from s3syncd.config.kinds import (
    Bandwidth,
    Bucket,
    Interval,
    Level,
    Listen,
    Name,
    NoticeKinds,
    PerSecond,
    Prefix,
    Seconds,
    Size,
    Switch,
    Whole,
)
from s3syncd.config.options import MIB, Frozen, SiteOptions
from s3syncd.core.standing import KINDS

__all__ = ["Config", "SiteConfig", "SiteOptions"]

MAX_PUT_BYTES = 5 * 2**30  # AWS takes at most 5 GiB in one PUT
DERIVED: dict[str, Any] = {"derived": True}  # not a key of the file


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


class Config(Frozen):
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

    upload_processes: Annotated[Whole, Field(ge=1, le=2)] | None = None
    """Processes that many small files are uploaded by: 1, or 2: a second one is begun while there
    are many, and ended 30 seconds after the last; it takes some 40MiB. Default (null): 2 where the
    process may use two CPUs, and while other programs leave half of the second one idle."""

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
    """File to append the log to instead of standard error; relative to this file's directory.
    Opened anew when it was renamed or deleted."""

    reload_on_change: Switch = False
    """Whether a change of this file is noticed and takes effect by itself, as `s3syncd reload`."""

    heartbeat_url: SecretStr | None = Field(None, validation_alias="heartbeat.url")
    """Where a GET is sent as long as all sites are healthy (as /healthz says), for a service that
    tells you when it stops. `${VAR}` within it and `file:/path` are replaced. Default: nowhere."""

    heartbeat_interval_seconds: Interval = Field(60.0, validation_alias="heartbeat.interval")
    """Time between two of these."""

    notify_webhook: SecretStr | None = Field(None, validation_alias="notify.webhook")
    """Where a JSON document is posted when a site needs a person, or is well again: `text` as Slack
    and others take it, and every fact by itself. `${VAR}` within it and `file:/path` are replaced.
    Default: nowhere."""

    notify_kinds: NoticeKinds = Field(KINDS, validation_alias="notify.kinds")
    """What is told: `held` and `halted` wait for a person, `unavailable` is a root, bucket or
    ledger that cannot be used, `unhealthy` any other check of /healthz, `recovered` the end of one
    of them."""

    notify_after_seconds: Seconds = Field(300.0, validation_alias="notify.after")
    """How long a site must have been `unavailable` or `unhealthy` before that is told."""

    notify_interval_seconds: Interval = Field(900.0, validation_alias="notify.interval")
    """At most one notice of the same site and reason, and one of its end, in this time."""

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
        found = {each.get_secret_value() for each in (*given, self.http_token) if each}
        urls = [
            each.get_secret_value() for each in (self.heartbeat_url, self.notify_webhook) if each
        ]
        return frozenset(found.union(*map(references.secrets_in, urls)))
