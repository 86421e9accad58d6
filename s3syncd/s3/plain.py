"""What can be known of a bucket without botocore: its address, and keys that never change.

boto3 takes half of a start's CPU and 25 MiB, to find out what many configurations say outright. So
it is left alone where all of them would read the same: keys in the configuration, the environment
or a profile that holds nothing else, and an address that follows from `endpoint` or `region`.
Anything that is not known here word by word (a role, SSO, a proxy, a variable or a key of AWS that
this module does not name) is botocore's. A test holds both against each other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from s3syncd.s3.proxies import is_proxied
from s3syncd.s3.settings import DEFAULT_REGION, BucketSettings
from s3syncd.s3.trust import digest_of
from s3syncd.s3.wire import Endpoint, Frozen

__all__ = ["Plain", "plain_of"]

_IS_BUCKET: Final = re.compile(r"(?!.*(--|-s3alias\Z))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]").fullmatch
"""Others are accounted to another service (`--x-s3`), or read differently by different stores."""

_IS_ENDPOINT: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?)/?"
).fullmatch
_IS_AWS: Final = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]+").fullmatch
"""Regions of AWS's first partition; us-gov, China and the closed ones have other names."""

_VARIABLES: Final = frozenset({
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION",
    "AWS_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_CA_BUNDLE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED", "AWS_PAGER",
})  # fmt: skip
"""What they mean is known here (AWS_REGION and the last two: nothing)."""

_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_OF_PROFILE: Final = frozenset({*_KEYS, "region", "output", "cli_pager"})


class Plain(NamedTuple):
    """Where a bucket is, and how requests to it are signed. `base_path`: '' or with a slash."""

    endpoint: Endpoint
    base_path: str
    keys: Frozen


class _Profile(NamedTuple):
    config: Mapping[str, str]
    credentials: Mapping[str, str]


def plain_of(settings: BucketSettings, environ: Mapping[str, str]) -> Plain | None:
    """Give what the settings and the environment say; None: ask botocore.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is no text, or no configuration.
    """
    if settings.role_arn or is_proxied(environ) or not _IS_BUCKET(settings.bucket):
        return None
    ours = {name: text for name, text in environ.items() if name.upper().startswith("AWS_")}
    if not ours.keys() <= _VARIABLES or not all(ours.values()):
        return None
    profile = _profile(settings, ours)
    keys = _keys(settings, ours, profile) if profile is not None else None
    if profile is None or keys is None:
        return None
    region = settings.region or ours.get("AWS_DEFAULT_REGION")
    region = region or profile.credentials.get("region") or profile.config.get("region")
    place = _place(settings, region)
    if place is None:
        return None
    scheme, host, base_path = place
    is_tls = scheme == "https"
    ca_file = _authorities(settings, ours) if is_tls and settings.verify_tls else None
    endpoint = Endpoint(
        is_tls, host, region or DEFAULT_REGION, ca_file, digest_of(ca_file), settings.verify_tls
    )
    return Plain(endpoint, base_path, keys)


def _place(settings: BucketSettings, region: str | None) -> tuple[str, str, str] | None:
    """Give scheme, host and path as botocore puts them together."""
    bucket = settings.bucket
    if settings.endpoint is not None:
        found = _IS_ENDPOINT(settings.endpoint)
        if found is None or settings.addressing == "virtual" or "accelerate" in found["host"]:
            return None
        return found["scheme"], found["host"], f"/{bucket}"
    if region is None or not _IS_AWS(region):
        return None
    host = "s3.amazonaws.com" if region == DEFAULT_REGION else f"s3.{region}.amazonaws.com"
    if settings.addressing == "path":
        return "https", host, f"/{bucket}"
    # The certificate of AWS is for one label before it.
    return None if "." in bucket else ("https", f"{bucket}.{host}", "")


def _keys(settings: BucketSettings, environ: Mapping[str, str], profile: _Profile) -> Frozen | None:
    given = (settings.access_key, settings.secret_access_key, settings.session_token)
    if any(given):
        return _frozen(*given)
    found = tuple(environ.get(name.upper()) for name in _KEYS)
    if any(found) and settings.profile is None:
        return _frozen(*found)
    for section in (profile.credentials, profile.config):
        if any(name in section for name in _KEYS):
            return _frozen(*(section.get(name) for name in _KEYS))
    return None


def _frozen(access_key: str | None, secret: str | None, token: str | None) -> Frozen | None:
    return Frozen(access_key, secret, token) if access_key and secret else None


def _profile(settings: BucketSettings, environ: Mapping[str, str]) -> _Profile | None:
    """Give what the shared files say; None: more than is known here."""
    named = environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE")
    named = named if settings.access_key or not settings.profile else settings.profile
    name = named or "default"
    config = _sections(environ.get("AWS_CONFIG_FILE", "~/.aws/config"))
    credentials = _sections(environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
    of_config = config.get("default" if name == "default" else f"profile {name}")
    of_credentials = credentials.get(name)
    if (named and of_config is None and of_credentials is None) or "profile default" in config:
        return None
    found = _Profile(of_config or {}, of_credentials or {})
    is_known = {*found.config, *found.credentials} <= _OF_PROFILE
    return (
        found if is_known and all([*found.config.values(), *found.credentials.values()]) else None
    )


def _sections(name: str) -> Mapping[str, Mapping[str, str]]:
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - takes it that there is no home
    if not path.exists():
        return {}
    from configparser import Error, RawConfigParser  # noqa: PLC0415 - few hosts have such a file

    parser = RawConfigParser(default_section="\n")  # no section can have that name
    try:
        parser.read_string(path.read_text())
    except Error as error:  # its text quotes the file
        raise ValueError(f"{path} cannot be read") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _authorities(settings: BucketSettings, environ: Mapping[str, str]) -> str:
    """Give the file of authorities that botocore trusts, from where it has it."""
    configured = settings.ca_bundle or environ.get("AWS_CA_BUNDLE")
    if configured:
        return configured
    if find_spec("certifi") is not None:
        return str(import_module("certifi").where())
    place = find_spec("botocore")
    if place is None or place.origin is None:
        raise FileNotFoundError("botocore is not installed")
    return str(Path(place.origin).with_name("cacert.pem"))
