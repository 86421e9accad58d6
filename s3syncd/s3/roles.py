"""Why credentials cannot be had of a role or session, in words for the operator. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CREDENTIALS", "explain_role", "is_unresolved"]

CREDENTIALS: Final = (
    "Give `access_key` and `secret_access_key`, `profile` or `role_arn`, or set up the usual AWS"
    " chain (environment, shared files, instance or container role)."
)
_SOURCE: Final = (
    "Correct the credentials with which it is assumed (`access_key`, `profile`, or those of the"
    " usual AWS chain), or `role_arn`."
)

_BY_STS: Final[Mapping[str, tuple[str, str]]] = {
    "AccessDenied": (
        "{role} may not be assumed with the credentials found.",
        "Correct `role_arn`; or allow these credentials sts:AssumeRole on it, and name them in the"
        " trust policy of the role.",
    ),
    "InvalidClientTokenId": ("The credentials with which to assume {role} are refused.", _SOURCE),
    "SignatureDoesNotMatch": ("The credentials with which to assume {role} are refused.", _SOURCE),
    "ExpiredToken": ("The credentials with which to assume {role} have expired.", "Renew them."),
    "ExpiredTokenException": ("The token of {role} has expired.", "Renew it."),
    "ValidationError": ("STS takes {role} for none: {text}", "Correct `role_arn`."),
    "ParamValidationError": ("STS takes {role} for none.", "Correct `role_arn`."),
    "RegionDisabledException": (
        "STS, which gives out credentials for {role}, is turned off in {region}.",
        "Turn it on in the account's settings, or set `region` to another one.",
    ),
}
"""What STS says -> message and hint."""

# Texts of a failed connection (urllib3 and the resolvers of Linux and macOS).
_DNS: Final = ("resolve", "Name or service not known", "name resolution", "nodename nor servname")
_UNREACHED: Final = ("Connect", "Timeout", "SSLError", "ConnectionClosed")


def explain_role(*, name: str, code: str, text: str, role_arn: str, region: str) -> tuple[str, str]:
    """Give message and hint where STS, or another service that gives out credentials, failed.

    Args:
        name: class name of the exception.
        code: the error code of the service, or ''.
        text: what it said.
        role_arn: as configured; '' where a profile or the environment wants a role or session.
        region: as configured, or ''.
    """
    role = f"the role {role_arn}" if role_arn else "the role of the profile or environment"
    words = {"role": role, "text": text, "region": region or "the region"}
    for word in (code, name):
        if word in _BY_STS:
            message, hint = _BY_STS[word]
            return _begun(message.format(**words)), hint
    if any(sign in name for sign in _UNREACHED):
        place = f" in {region}" if region else ""
        said = "its host name is not known (DNS)." if is_unresolved(text) else text or name
        return (
            f"The service that gives out credentials{place} (STS) cannot be reached: {said}",
            "Correct `region`; check the resolver and the network of this host or container."
            " AWS_ENDPOINT_URL_STS names the STS of another store.",
        )
    if role_arn or code:
        return _begun(f"{role} cannot be assumed: {code or name}: {text}"), _SOURCE
    return f"The credentials cannot be obtained: {text}", CREDENTIALS


def is_unresolved(text: str) -> bool:
    """Whether a connection failed because nobody knows the host."""
    return any(sign in text for sign in _DNS)


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
