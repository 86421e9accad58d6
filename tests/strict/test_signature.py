"""Signatures: who sends a request, when, where to, and that it is the one that was signed."""

from __future__ import annotations

import hashlib
from calendar import timegm
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.conftest import Refused
from tests.strict.errors import S3Error
from tests.strict.fake import FakeStore
from tests.strict.signature import Keys, authenticate
from tests.strict.wire import Request

# The examples of "Authenticating Requests: Using the Authorization Header" and "Transferring
# Payload in Multiple Chunks" in the S3 API Reference.
EXAMPLE_KEYS = Keys({"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})
EXAMPLE_TIME = timegm((2013, 5, 24, 0, 0, 0, 0, 0, 0))
EMPTY = hashlib.sha256(b"").hexdigest()


def example(signed_headers: str, signature: str, **headers: str) -> dict[str, str]:
    credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
    return {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential},"
        f"SignedHeaders={signed_headers},Signature={signature}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }


def check(request: Request, path: str, query: dict[str, str]) -> None:
    authenticate(request, path, query, keys=EXAMPLE_KEYS, region="us-east-1", now=EXAMPLE_TIME + 60)


def test_published_example_of_a_get_is_accepted() -> None:
    headers = example(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        range="bytes=0-9", x_amz_content_sha256=EMPTY,
    )  # fmt: skip
    check(Request("GET", "/test.txt", headers), "/test.txt", {})
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        check(Request("GET", "/test.txt", headers | {"range": "bytes=0-8"}), "/test.txt", {})


def test_published_example_of_a_put_is_accepted() -> None:
    headers = example(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        date="Fri, 24 May 2013 00:00:00 GMT", x_amz_storage_class="REDUCED_REDUNDANCY",
        x_amz_content_sha256="44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    )  # fmt: skip
    check(Request("PUT", "/test%24file.text", headers), "/test$file.text", {})


def test_published_example_of_a_query_is_accepted() -> None:
    headers = example(
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        x_amz_content_sha256=EMPTY,
    )
    check(Request("GET", "/", headers), "/", {"max-keys": "2", "prefix": "J"})


def client_with(store: FakeStore, **given: Any) -> Any:
    usual = {
        "region_name": "us-east-1", "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": SECRET_ACCESS_KEY,
    }  # fmt: skip
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=store.endpoint, config=config, **usual | given)


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ({"aws_access_key_id": "AKIDSTRANGER"}, "InvalidAccessKeyId", 403),
        ({"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch", 403),
        ({"aws_session_token": "unknown"}, "InvalidToken", 400),
    ],
)
def test_a_stranger_is_refused(
    store: FakeStore, refused: Refused, given: dict[str, str], code: str, status: int
) -> None:
    client = client_with(store, **given)
    with refused(code, status):
        client.put_object(Bucket="bucket", Key="k")
    client.close()


def test_a_client_in_another_region_is_told_the_right_one(store: FakeStore) -> None:
    client = client_with(store, region_name="eu-west-1")
    client.put_object(Bucket="bucket", Key="k")  # botocore asks again where it is told to
    client.close()
    codes = [event.code for event in store.history().of("PutObject")]
    assert codes == ["AuthorizationHeaderMalformed", ""]


def test_nobody_is_refused(store: FakeStore, refused: Refused) -> None:
    client = boto3.client(
        "s3", endpoint_url=store.endpoint, region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )  # fmt: skip
    with refused("AccessDenied", 403):
        client.list_objects_v2(Bucket="bucket")
    client.close()


def test_credentials_may_need_a_token_and_expire(store: FakeStore, refused: Refused) -> None:
    assert store.options.keys is not None
    store.options.keys.tokens = {ACCESS_KEY: "token+/="}
    client = client_with(store, aws_session_token="token+/=")
    client.put_object(Bucket="bucket", Key="k")
    store.expire(ACCESS_KEY)
    with refused("ExpiredToken", 400):
        client.put_object(Bucket="bucket", Key="k")
    client.close()


@pytest.mark.parametrize(
    ("seconds", "is_refused"), [(880, False), (-880, False), (920, True), (-920, True)]
)
def test_clocks_may_differ_by_15_minutes(
    store: FakeStore, client: Any, refused: Refused, seconds: int, is_refused: bool
) -> None:
    store.shift_clock(seconds)
    if is_refused:
        with refused("RequestTimeTooSkewed", 403):
            client.put_object(Bucket="bucket", Key="k")
    else:
        client.put_object(Bucket="bucket", Key="k")


def test_headers_of_amazon_must_be_signed(client: Any, refused: Refused) -> None:
    def add(request: Any, **_: Any) -> None:
        request.headers["x-amz-meta-smuggled"] = "in"

    client.meta.events.register("before-send.s3.PutObject", add)
    with refused("AccessDenied", 403):
        client.put_object(Bucket="bucket", Key="k")


def test_a_request_that_was_changed_on_its_way_is_refused(client: Any, refused: Refused) -> None:
    def change(request: Any, **_: Any) -> None:
        request.url = request.url.replace("/k", "/other")

    client.meta.events.register("before-send.s3.PutObject", change)
    with refused("SignatureDoesNotMatch", 403):
        client.put_object(Bucket="bucket", Key="k")


def test_a_bucket_of_another_region_says_where_it_is(store: FakeStore) -> None:
    store.create_bucket("far-away", region="eu-west-1")
    model, request = store.model, Request("HEAD", "/far-away", {})
    store.options.keys = None
    answer = model.handle(request)
    assert (answer.status, answer.headers["x-amz-bucket-region"]) == (301, "eu-west-1")
    answer = model.handle(request._replace(method="GET", target="/far-away?list-type=2"))
    assert answer.status == 301
    assert b"<Code>PermanentRedirect</Code>" in answer.body
    answer = model.handle(Request("GET", "/bucket?location", {}))
    assert b"LocationConstraint" in answer.body
