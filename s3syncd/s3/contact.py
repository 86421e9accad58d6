"""Why a bucket cannot be reached, in words for the operator. Pure: tables and templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from s3syncd.errors import SiteUnavailable
from s3syncd.s3.reply import hidden
from s3syncd.s3.roles import CREDENTIALS, explain_role, is_unresolved
from s3syncd.s3.settings import BucketSettings

__all__ = ["Trouble", "explain", "signed_region", "unavailable"]

# What is of use of what a store says; it may say megabytes (the bounds are those of `reply`).
_CODE_CHARACTERS: Final = 200
_TEXT_CHARACTERS: Final = 500

_SCOPE: Final = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/s3/")


class Trouble(NamedTuple):
    """What was met at first contact.

    `name` is the class name of the exception, `code` the S3 error code, `text` what it said,
    `region` the region the store named, '' where it named none; `signed_region` the one that the
    last request was signed for, '' where it was not signed. `is_of_role`: it was met while a role
    or session was asked for, before the bucket was.
    """

    name: str
    code: str
    status: int | None
    text: str
    region: str
    signed_region: str = ""
    is_of_role: bool = False

    def without(self, secret: str) -> Trouble:
        """The same without a secret that was echoed in it, in as many words as anybody reads."""
        code, text, region = (hidden(each, secret) for each in (self.code, self.text, self.region))
        return self._replace(
            code=code[:_CODE_CHARACTERS],
            text=text[:_TEXT_CHARACTERS],
            region=region[:_CODE_CHARACTERS],
        )


_NETWORK: Final = "Check the network, a firewall and `endpoint`; the daemon tries again by itself."

_NOT_S3: Final = "Check `endpoint`: the address of the S3 API, not of a console or web page."

_BY_CODE: Final[Mapping[str, tuple[str, str]]] = {
    "NoSuchBucket": (
        "The bucket {bucket} does not exist at {endpoint}.",
        "Create it, or correct `bucket`, `endpoint` or the account.",
    ),
    "AccessDenied": (
        "Access to the bucket {bucket} at {endpoint} is denied.",
        "Allow s3:ListBucket on arn:aws:s3:::{bucket} and the object actions on"
        " arn:aws:s3:::{bucket}/{prefix}* for these credentials; the bucket may also not be yours.",
    ),
    "InvalidAccessKeyId": (
        "{endpoint} does not know the access key.",
        "Correct `access_key`; temporary keys need `session_token` too.",
    ),
    "SignatureDoesNotMatch": (
        "{endpoint} refuses the signature: the secret key does not belong to the access key.",
        "Correct `secret_access_key`; a proxy that changes requests has the same effect.",
    ),
    "ExpiredToken": ("The credentials have expired.", "Renew them, or use a role or profile."),
    "InvalidToken": ("The session token is refused.", "Correct or leave out `session_token`."),
    "RequestTimeTooSkewed": (
        "The clock of this host differs too much from that of {endpoint}.",
        "Set the clock (NTP): requests are refused beyond 15 minutes.",
    ),
    "InvalidBucketName": ("{bucket} is not a valid bucket name.", "Correct `bucket`."),
    "ParamValidationError": ("{bucket} is not a valid bucket name.", "Correct `bucket`."),
    "SlowDown": ("{endpoint} asks to slow down.", "The daemon tries again by itself."),
    "ProxyConnectionError": (
        "The proxy for {endpoint} cannot be used: {text}",
        "Correct HTTPS_PROXY / HTTP_PROXY, or name the host in NO_PROXY.",
    ),
    "ConnectTimeoutError": ("{endpoint} does not answer (connect timeout).", _NETWORK),
    "ReadTimeoutError": ("{endpoint} accepted the connection and does not answer.", _NETWORK),
    "ConnectionClosedError": (
        "{endpoint} closed the connection without an answer.",
        "Check that an S3 server listens there, and http:// or https:// in `endpoint`.",
    ),
    "ProfileNotFound": ("{text}", "Correct `profile`, or add it to the AWS configuration."),
    "NoCredentialsError": ("No credentials were found.", CREDENTIALS),
    "PartialCredentialsError": ("The credentials are incomplete: {text}", CREDENTIALS),
    "ResponseParserError": (
        "What answers at {endpoint} is not S3.",
        _NOT_S3,
    ),
    "UnmeasuredAnswer": (
        "{endpoint} does not tell how long its answers are, so that half of a listing would pass"
        " for a whole one.",
        "Have the server, or the proxy before it, answer with Content-Length or chunks.",
    ),
    "ValueError": ("{text}", "Correct `endpoint`: http://host[:port] or https://host[:port]."),
    "FileNotFoundError": ("A file cannot be read: {text}", "Correct `ca_bundle`."),
    "OSError": ("A file cannot be read: {text}", "Correct `ca_bundle`."),
}

_WRONG_REGION: Final = frozenset({
    "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
    "301", "307", "308", "WrongRegion",
})  # fmt: skip

# What a text about TLS holds -> message and hint. Texts of OpenSSL, Python's ssl and urllib3.
_TLS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (
        ("has expired",),
        "The certificate of {endpoint} has expired.",
        "Renew the server's certificate; or set the clock of this host (NTP) if that is wrong.",
    ),
    (
        ("not yet valid",),
        "The certificate of {endpoint} is not valid yet.",
        "Set the clock of this host (NTP), or of the one that made the certificate.",
    ),
    (
        ("doesn't match", "mismatch", "not valid for"),
        "The certificate of {endpoint} is for another host: {text}",
        "Correct the host name in `endpoint`, or have a certificate made for that name.",
    ),
    (
        ("self-signed", "self signed", "issuer certificate", "verify the first"),
        "The certificate of {endpoint} is signed by no authority that is trusted: {text}",
        "Name the authority's certificate in `ca_bundle` (for a self-signed one: itself).",
    ),
    (
        ("No such file", "Permission denied", "Is a directory", "could not find a suitable"),
        "The file of trusted authorities cannot be read: {text}",
        "Correct `ca_bundle`, or make the file readable for the daemon's user.",
    ),
    (
        ("NO_CERTIFICATE", "NO_START_LINE", "PEM lib"),
        "The file of trusted authorities holds no certificate: {text}",
        "Name a PEM file in `ca_bundle`: text, with a line BEGIN CERTIFICATE.",
    ),
    (
        ("",),
        "TLS with {endpoint} failed: {text}",
        "Check http:// or https:// in `endpoint`: only a server with TLS answers to https://.",
    ),
)

# Where AWS is asked, bucket and region make the host; with a wrong region there is none.
_HOST: Final = re.compile(r"https?://([A-Za-z0-9.-]+)")

# Where the end comes while the request is being sent, botocore takes it for no connection.
_CLOSED: Final = ("Broken pipe", "reset by peer")


def unavailable(trouble: Trouble, settings: BucketSettings) -> SiteUnavailable:
    """Give what a site with this bucket fails with."""
    message, hint = explain(
        trouble,
        bucket=settings.bucket,
        prefix=settings.prefix,
        endpoint=settings.endpoint or "AWS S3",
        region=settings.region or "",
        role=settings.role_arn or "",
    )
    return SiteUnavailable("bucket_unavailable", message, hint=hint)


def explain(
    trouble: Trouble, *, bucket: str, prefix: str, endpoint: str, region: str, role: str = ""
) -> tuple[str, str]:
    """Give message and hint; neither holds a secret.

    Args:
        trouble: what was met.
        bucket: name of the bucket.
        prefix: the site's prefix, '' or ending in a slash.
        endpoint: where the request went.
        region: the region that was asked.
        role: the role that is to be assumed, or ''.
    """
    if trouble.is_of_role:
        name, code, text = trouble.name, trouble.code, trouble.text
        return explain_role(name=name, code=code, text=text, role_arn=role, region=region)
    return _of_bucket(trouble, bucket, prefix, endpoint, region)


def _of_bucket(
    trouble: Trouble, bucket: str, prefix: str, endpoint: str, region: str
) -> tuple[str, str]:
    words = {"bucket": bucket, "prefix": prefix, "endpoint": endpoint, "text": trouble.text}
    if found := _elsewhere(trouble, bucket, endpoint, region):
        return found
    if trouble.name in _BY_TEXT:
        return _BY_TEXT[trouble.name](trouble.text, endpoint)
    for word in (_alias(trouble), trouble.name):
        if word in _BY_CODE:
            message, hint = _BY_CODE[word]
            return message.format(**words), hint.format(**words)
    if trouble.code.isdigit():
        return f"{endpoint} answers HTTP {trouble.code} without an S3 error.", _NOT_S3
    if "Credential" in trouble.name or "SSO" in trouble.name or "Token" in trouble.name:
        return f"The credentials cannot be obtained: {trouble.text}", CREDENTIALS
    what = trouble.code or trouble.name
    return f"{endpoint} cannot be used: {what}: {trouble.text}", _NETWORK


def _elsewhere(trouble: Trouble, bucket: str, endpoint: str, region: str) -> tuple[str, str] | None:
    """Name the bucket's region where that is the trouble."""
    if region and trouble.region == region and trouble.signed_region not in {"", region}:
        # botocore was sent to the bucket's region and asked the same endpoint again.
        return (
            f"The bucket {bucket} is in {trouble.signed_region}; {endpoint} serves {region} only.",
            f"Correct `endpoint` and set `region: {trouble.signed_region}`.",
        )
    if trouble.code not in _WRONG_REGION and trouble.region in {"", region}:
        return None
    named = trouble.region or "another region"
    hint = f"Set `region: {named}`." if trouble.region else "Correct `region` or `endpoint`."
    return f"The bucket {bucket} is in {named}, not in {region or 'the one asked'}.", hint


def signed_region(authorization: str | bytes) -> str:
    """Give the region that an Authorization header (signature version 4) is for; '' for none."""
    text = authorization.decode("latin-1") if isinstance(authorization, bytes) else authorization
    found = _SCOPE.search(text)
    return found[1] if found else ""


def _alias(trouble: Trouble) -> str:
    """Give the S3 code that a bare status, as stores answer to HEAD and some to all, stands for."""
    if trouble.code in _BY_CODE:
        return trouble.code
    bare = {403: "AccessDenied", 404: "NoSuchBucket", 503: "SlowDown", 400: "InvalidBucketName"}
    is_bare = trouble.code in {"", str(trouble.status), "Forbidden", "NotFound"}
    return bare.get(trouble.status or 0, "") if is_bare else ""


def _connection(text: str, endpoint: str) -> tuple[str, str]:
    if is_unresolved(text):
        host = _HOST.search(text)
        of_aws = f" ({host[1]})" if host and "://" not in endpoint else ""
        return (
            f"The host name of {endpoint}{of_aws} is not known (DNS).",
            "Correct `endpoint` or `region`; check the resolver of this host or container.",
        )
    if "refused" in text:
        return (
            f"{endpoint} refuses the connection.",
            "Start the server there, or correct host and port in `endpoint`.",
        )
    if any(sign in text for sign in _CLOSED):
        return _closed(endpoint)
    return f"{endpoint} cannot be reached: {text}", _NETWORK


def _closed(endpoint: str) -> tuple[str, str]:
    message, hint = _BY_CODE["ConnectionClosedError"]
    return message.format(endpoint=endpoint), hint


def _tls(text: str, endpoint: str) -> tuple[str, str]:
    found = next(row for row in _TLS if any(sign in text for sign in row[0]))
    return found[1].format(endpoint=endpoint, text=text), found[2]


_BY_TEXT: Final = {"EndpointConnectionError": _connection, "SSLError": _tls}
