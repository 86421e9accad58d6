"""Makes first contact with a bucket: without boto3 where that is enough, else with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from s3syncd.s3.contact import Trouble, unavailable
from s3syncd.s3.evidence import Doubt
from s3syncd.s3.lean import LeanClient
from s3syncd.s3.plain import plain_of
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.wire import Contact

__all__ = ["Speaker", "first_contact"]


class Speaker(Protocol):
    """Who makes control requests after first contact."""

    def blocking(self, *, is_patient: bool = False) -> Any:
        """Give the client for control requests: one attempt each."""

    def failures(self) -> AbstractContextManager[None]:
        """Turn its exceptions into `S3Failure`."""

    def close(self) -> None:
        """Close its connections."""


def first_contact(
    settings: BucketSettings, *, on_request: Callable[[str], None], may_be_lean: bool
) -> tuple[Speaker, Contact]:
    """List one key.

    Args:
        settings: of the bucket.
        on_request: told the name of each request that is sent, also later.
        may_be_lean: there are connections of our own to send objects by.

    Raises:
        SiteUnavailable: with what is wrong and what to do about it.
    """
    attempts = 2
    if may_be_lean and (lean := _lean(settings, on_request)) is not None:
        try:
            contact = lean.make_contact(settings.prefix)
        except Doubt as doubt:
            lean.close()
            name = "UnmeasuredAnswer" if doubt.is_unmeasured else "ResponseParserError"
            raise unavailable(Trouble(name, "", None, str(doubt), ""), settings) from doubt
        if contact is not None:
            return lean, contact
        lean.close()
        attempts = 1  # that was the other
    from s3syncd.s3.client import Client  # noqa: PLC0415 - boto3 takes 0.3 s to import

    client = Client(settings, on_request=on_request)
    return client, client.make_contact(attempts=attempts)


def _lean(settings: BucketSettings, on_request: Callable[[str], None]) -> LeanClient | None:
    try:
        plain = plain_of(settings, os.environ)
        return LeanClient(plain, on_request=on_request) if plain is not None else None
    except (OSError, ValueError):  # a file that cannot be used: botocore says which, and why
        return None
