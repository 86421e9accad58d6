"""Our signatures are those that botocore makes of the same requests."""

from __future__ import annotations

import calendar
import time
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.s3.signing import Signer
from s3syncd.s3.wire import Frozen, query_of, quote_key

STATIC = Frozen("AKID", "secret", None)
HOST = "store.example:9000"

# What a caller may give: printable, no spaces around it or two in a row.
VALUES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"]))
).map(" ".join).map(lambda text: " ".join(text.split()))  # fmt: skip
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(
    # Not signed by botocore, or put in by both.
    lambda name: name not in {"expect", "user-agent", "host", "transfer-encoding", "connection"}
)
QUERY_NAMES = st.sampled_from(["a", "a-b", "a.b", "a1", "partNumber", "uploadId", "versionId", "A"])
WORDS = st.text("abcXYZ012+/=", min_size=1, max_size=40)
WALLS = st.integers(0, 4_000_000_000)


class Reference(S3SigV4Auth):  # type: ignore[misc]
    """botocore's, at a given time, without a digest of the body."""

    def payload(self, request: Any) -> str:
        return "UNSIGNED-PAYLOAD"

    def headers_at(self, request: AWSRequest, wall: float) -> dict[str, str]:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wall))
        request.context["timestamp"] = stamp
        self._modify_request_before_signing(request)
        text = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(text, request))
        return {name.lower(): value for name, value in request.headers.items()}


def reference(
    method: str, target: str, headers: dict[str, str], frozen: Frozen, region: str, wall: float
) -> dict[str, str]:
    credentials = Credentials(*frozen)
    request = AWSRequest(method, f"https://{HOST}{target}", headers=headers)
    return Reference(credentials, "s3", region).headers_at(request, wall)


def sent(head: str) -> dict[str, str]:
    _, *lines = head.split("\r\n")
    pairs = [line.partition(":") for line in lines]
    assert len({name for name, _, _ in pairs}) == len(pairs), "a header twice"
    return {name: value.strip() for name, _, value in pairs}


@settings(max_examples=25)
@given(
    method=st.sampled_from(["PUT", "HEAD", "DELETE", "GET"]),
    key=st.text(st.characters(codec="utf-8")),
    query=st.dictionaries(QUERY_NAMES, st.text(st.characters(codec="utf-8"), max_size=8)),
    headers=st.dictionaries(NAMES, VALUES, max_size=5),
    frozen=st.builds(Frozen, WORDS, WORDS, st.none() | WORDS),
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True),
    wall=WALLS,
)
def test_signature_is_the_one_that_botocore_makes(
    method: str, key: str, query: dict[str, str], headers: dict[str, str], frozen: Frozen,
    region: str, wall: int,
) -> None:  # fmt: skip
    target = f"/bucket/{quote_key(key)}"
    target += f"?{query_of(query.items())}" if query else ""
    headers = {name: value for name, value in headers.items() if not name.startswith("x-amz-")}

    head = Signer(frozen, region, HOST).head(method, target, [*headers.items()], wall_seconds=wall)

    told = sent(head)
    expected = reference(method, target, headers, frozen, region, wall)
    assert head.startswith(f"{method} {target} HTTP/1.1\r\n")
    assert told.pop("host") == HOST
    assert told == expected


@settings(max_examples=25)
@given(walls=st.lists(WALLS | st.integers(86_390, 86_410), min_size=2, max_size=6))
def test_one_signer_signs_rightly_over_the_change_of_days_and_back(walls: list[int]) -> None:
    signer = Signer(STATIC, "us-east-1", HOST)
    for wall in walls:
        told = sent(signer.head("PUT", "/b/k", [], wall_seconds=wall + 0.75))
        assert (
            told["authorization"]
            == (reference("PUT", "/b/k", {}, STATIC, "us-east-1", wall)["authorization"])
        )


def test_the_last_second_of_a_day_and_the_first_have_other_scopes() -> None:
    signer = Signer(STATIC, "us-east-1", HOST)
    midnight = calendar.timegm((2024, 3, 1, 0, 0, 0))
    dates = [
        sent(signer.head("PUT", "/b/k", [], wall_seconds=midnight + shift))["authorization"]
        for shift in (-0.001, 0.0)
    ]
    assert "/20240229/" in dates[0]
    assert "/20240301/" in dates[1]


@pytest.mark.parametrize(
    ("frozen", "is_sendable"),
    [
        (Frozen("AKID", "secret", "token"), True),
        (Frozen("AKID", "secret", None), True),
        (Frozen("AKID", "sec\nret", None), True),  # it never leaves this process
        (Frozen("AKID", "secret", "token\r\nx-amz-acl: public-read"), False),
        (Frozen("AK\nID", "secret", None), False),
    ],
)
def test_credentials_that_would_end_their_header_are_noticed(
    frozen: Frozen, is_sendable: bool
) -> None:
    assert Signer(frozen, "us-east-1", HOST).is_sendable is is_sendable
