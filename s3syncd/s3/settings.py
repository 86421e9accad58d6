"""What a bucket must know, as a configuration tells it, and how long stores are waited for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from s3syncd.config.models import SiteConfig

__all__ = ["BucketSettings", "bucket_settings", "whole_answer_seconds"]

DEFAULT_REGION: Final = "us-east-1"
"""What botocore signs with where nobody names a region; S3 then tells the right one."""

CONNECT_TIMEOUT_SECONDS: Final = 5
PROBE_READ_TIMEOUT_SECONDS: Final = 20
"""First contact lists one key; a store that needs longer is in trouble."""

CONTROL_READ_TIMEOUT_SECONDS: Final = 60
"""As long as the data plane waits for an answer to an empty request; a worker is held meanwhile."""

PATIENT_READ_TIMEOUT_SECONDS: Final = 300
"""Completing an upload of thousands of parts takes minutes on some stores."""


_MOST_BODY_SECONDS: Final = 300.0
"""As long as the data plane waits for the rest of an answer: 300 kB at 1 kB/s."""


def whole_answer_seconds(patience_seconds: float) -> float:
    """Give how long an answer may take that never pauses for longer than `patience_seconds`."""
    return patience_seconds + min(2 * patience_seconds, _MOST_BODY_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """What a bucket must know; the words are those of the configuration.

    `access_key`, `secret_access_key` and `session_token` are plain text here and left out of
    repr. `max_connections` bounds the requests on the wire; more than that wait here.
    `ops_retries` is how often a control request that may be asked twice is repeated.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    addressing: str = "auto"
    profile: str | None = None
    role_arn: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    verify_tls: bool = True
    max_connections: int = 256
    ops_retries: int = 5


def bucket_settings(site: SiteConfig, *, max_connections: int) -> BucketSettings:
    """Read them from a site's configuration; the only place where secrets are taken out."""
    secrets = (site.access_key, site.secret_access_key, site.session_token)
    key, secret, token = (s.get_secret_value() if s is not None else None for s in secrets)
    return BucketSettings(
        bucket=site.bucket,
        prefix=site.prefix,
        endpoint=site.endpoint,
        region=site.region,
        addressing=site.addressing,
        profile=site.profile,
        role_arn=site.role_arn,
        access_key=key,
        secret_access_key=secret,
        session_token=token,
        ca_bundle=str(site.ca_bundle) if site.ca_bundle is not None else None,
        verify_tls=site.verify_tls,
        max_connections=max_connections,
        ops_retries=site.s3_ops_retries,
    )
