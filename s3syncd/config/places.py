"""Parses where a site is: its name, bucket, prefix and endpoint.

Pure, and like `parse` silent about the value itself.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from s3syncd.config.parse import HOST, UnusableError, text

__all__ = [
    "aws_bucket",
    "bucket",
    "endpoint",
    "prefix",
    "region",
    "role",
    "site_name",
    "store_of",
    "web_address",
]

MAX_KEY_BYTES = 1024  # "Object key names": at most 1,024 bytes of UTF-8
MAX_NAME_CHARACTERS = 200  # leaves room for the hash in a folder name of 255 bytes
DEFAULT_PORTS = {"http": 80, "https": 443}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_AWS_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Ceph and old buckets allow more (https://docs.ceph.com/en/latest/radosgw/s3/bucketops/).
_ANY_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_FOUR_NUMBERS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# What botocore takes (botocore.utils.validate_region_name): a label of a host name.
_REGION = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Any partition and account: other stores have role names of this shape, too.
_ROLE = re.compile(r"arn:[a-z0-9-]+:iam::[A-Za-z0-9_-]*:role/[A-Za-z0-9_+=,.@/-]+")
_AWS_HOST = re.compile(r"(.*\.)?s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?|s3\.amazonaws\.com")


def prefix(value: object) -> str:
    """Take a prefix; the result is empty or ends in one slash and never starts with one."""
    if value == "":
        return ""
    segments = text(value).strip("/").split("/")
    if segments == [""]:
        return ""
    if any(segment in {"", ".", ".."} for segment in segments):
        raise UnusableError(
            "has an empty, . or .. segment", "write names separated by single slashes: a/b"
        )
    result = "/".join(segments) + "/"
    if len(result.encode("utf-8", "surrogatepass")) >= MAX_KEY_BYTES:
        raise UnusableError(
            f"leaves no room in a key of {MAX_KEY_BYTES} bytes", "write a shorter prefix"
        )
    return result


def bucket(value: object) -> str:
    """Take the name of a bucket, as loosely as any store does; `aws_bucket` is stricter."""
    name = text(value)
    if name.startswith("arn:"):
        raise UnusableError("is an ARN", "write the name of the bucket or an access point alias")
    if "/" in name:
        raise UnusableError("contains a slash", "write the name alone, the rest belongs in prefix")
    if not _ANY_BUCKET.fullmatch(name):
        raise UnusableError(
            "is not the name of a bucket",
            "write 3 to 63 of: a-z 0-9 - . (no dot or dash at an end)",
        )
    return name


def aws_bucket(name: str) -> UnusableError | None:
    """Return what AWS would object to in the name of a bucket."""
    is_good = _AWS_BUCKET.fullmatch(name) and ".." not in name
    if is_good and not _FOUR_NUMBERS.fullmatch(name):
        return None
    return UnusableError(
        "is not the name of a bucket on AWS", "write 3 to 63 of: a-z 0-9 - . (or set endpoint)"
    )


def site_name(value: object) -> str:
    """Take the name of a site: it is a metrics label, a log field and the word for commands."""
    name = text(value)
    if len(name) > MAX_NAME_CHARACTERS:
        raise UnusableError(
            f"is longer than {MAX_NAME_CHARACTERS} characters", "write a shorter name"
        )
    if name != name.strip() or name.startswith("-") or not name.isprintable():
        raise UnusableError(
            "starts or ends with a space, starts with a dash or is not printable",
            "write letters, digits and . _ - /",
        )
    return name


def region(value: object) -> str:
    """Take the name of a region; whether there is one of that name, only the store knows."""
    name = text(value)
    if not _REGION.fullmatch(name):
        raise UnusableError(
            "is not the name of a region",
            "write such as eu-west-1: letters, digits and dashes, or leave it out",
        )
    return name


def role(value: object) -> str:
    """Take the ARN of a role."""
    name = text(value)
    if not _ROLE.fullmatch(name):
        raise UnusableError(
            "is not the ARN of a role", "write such as arn:aws:iam::123456789012:role/NAME"
        )
    return name


def endpoint(value: object) -> str:
    """Take a host or URL (https unless it says http); the result is scheme://host[:port]."""
    written = text(value)
    if "://" not in written:
        written = "https://" + written
    try:
        url = urlsplit(written)
        port = url.port
    except ValueError:
        raise _bad_endpoint() from None
    host = (url.netloc.rpartition(":")[0] if url.port is not None else url.netloc).lower()
    if "@" in url.netloc:
        raise UnusableError(
            "contains a user or password", "write host or URL alone; keys go into access_key"
        )
    if url.scheme not in DEFAULT_PORTS or not HOST.fullmatch(host):
        raise _bad_endpoint()
    if url.path.strip("/") or url.query or url.fragment:
        raise UnusableError(
            "has a path, query or fragment", "write scheme, host and port only; see bucket, prefix"
        )
    shown_port = "" if port in {None, DEFAULT_PORTS[url.scheme]} else f":{port}"
    return f"{url.scheme}://{host}{shown_port}"


def _bad_endpoint() -> UnusableError:
    return UnusableError("is not a host or URL", "write such as https://minio.example:9000")


def store_of(url: str | None) -> str:
    """Name the store behind an endpoint: the empty string is AWS, by whatever host name."""
    if url is None:
        return ""
    host = urlsplit(url).hostname or ""
    return "" if _AWS_HOST.fullmatch(host) else url


def web_address(value: object) -> str:
    """Take the URL that something is sent to, which may hold user, password and query."""
    url = text(value)
    unusable = UnusableError(
        "is not the URL of a server", "write https://host/path, ${VARIABLE} or file:/path"
    )
    try:
        parts = urlsplit(url)
        is_good = parts.port is None or parts.port > 0
    except ValueError:
        raise unusable from None
    host = url.partition("://")[2].split("/")[0].split("?")[0].rpartition("@")[2]
    is_good = is_good and parts.scheme in DEFAULT_PORTS and url.isascii() and " " not in url
    if not is_good or not HOST.fullmatch(_without_port(host)):
        raise unusable
    return url


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
