"""Stores that cannot be met, and what first contact says of one."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.errors import SiteUnavailable
from tests.servers import (
    SECRET_ACCESS_KEY,
    Seen,
    StubServer,
    s3_error,
)


def unavailable(open_bucket: Any, endpoint: str, **settings: Any) -> SiteUnavailable:
    with pytest.raises(SiteUnavailable) as caught:
        open_bucket(endpoint, **settings)
    assert caught.value.reason == "bucket_unavailable"
    assert SECRET_ACCESS_KEY not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


REGION = "<Region>eu-central-1</Region>"


def only_in_frankfurt(stub: StubServer, seen: Seen) -> Any:
    """Answer as a store does whose bucket is elsewhere than a request was signed for."""
    if "/eu-central-1/s3/" in seen.headers["authorization"]:
        return stub.carry_out(seen)
    return s3_error(400, "AuthorizationHeaderMalformed", "wrong", extra=REGION)(stub, seen)
