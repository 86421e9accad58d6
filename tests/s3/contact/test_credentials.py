"""Where credentials come from, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.s3.bucket import BucketSettings
from s3syncd.s3.contact import Trouble, explain
from tests.s3.contact.stores import unavailable
from tests.servers import (
    S3Server,
    StubServer,
    respond,
    stub_server,
)


def test_profile_that_does_not_exist_is_named(stub: StubServer, open_bucket: Any) -> None:
    error = unavailable(
        open_bucket, stub.endpoint, access_key=None, secret_access_key=None, profile="absent"
    )

    assert "absent" in error.message


def test_missing_credentials_are_explained(stub: StubServer, open_bucket: Any) -> None:
    error = unavailable(open_bucket, stub.endpoint, access_key=None, secret_access_key=None)

    assert "No credentials" in error.message
    assert "role_arn" in error.hint


@pytest.mark.parametrize("missing", ["access_key", "secret_access_key"])
def test_half_of_the_credentials_is_explained(
    stub: StubServer, open_bucket: Any, missing: str
) -> None:
    error = unavailable(open_bucket, stub.endpoint, **{missing: None})

    assert "incomplete" in error.message
    assert missing in error.message


def test_environment_and_session_token_are_used(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FROMENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    bucket = open_bucket(stub.endpoint, access_key=None, secret_access_key=None)

    bucket.call(bucket.head("k"))

    assert "Credential=FROMENV/" in stub.history[-1].headers["authorization"]
    assert stub.history[-1].headers["x-amz-security-token"] == "token"


def test_profile_is_used(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[it]\naws_access_key_id = FROMPROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    bucket = open_bucket(stub.endpoint, access_key=None, secret_access_key=None, profile="it")

    bucket.call(bucket.head("k"))

    assert "Credential=FROMPROFILE/" in stub.history[-1].headers["authorization"]


def test_role_is_assumed_with_the_other_credentials(
    stub: StubServer, moto: S3Server, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto.endpoint)
    bucket = open_bucket(stub.endpoint, role_arn="arn:aws:iam::123456789012:role/sync")

    bucket.call(bucket.head("k"))

    assert "Credential=ASIA" in stub.history[-1].headers["authorization"]
    assert stub.history[-1].headers["x-amz-security-token"]


ROLE = "arn:aws:iam::123456789012:role/sync"
STS_ERROR = "<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.mark.parametrize(
    ("code", "in_message", "in_hint"),
    [
        ("AccessDenied", f"The role {ROLE} may not be assumed", "sts:AssumeRole"),
        ("InvalidClientTokenId", f"with which to assume the role {ROLE} are refused", "access_key"),
        ("ValidationError", f"STS takes the role {ROLE} for none: no", "role_arn"),
        ("Novelty", f"The role {ROLE} cannot be assumed: Novelty: no", "role_arn"),
    ],
)
def test_what_sts_refuses_is_no_fault_of_the_bucket(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch, code: str,
    in_message: str, in_hint: str,
) -> None:  # fmt: skip
    with stub_server() as sts:
        sts.behave(respond(403, (STS_ERROR % code).encode()))
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.endpoint)
        error = unavailable(open_bucket, stub.endpoint, role_arn=ROLE)

    assert in_message in error.message
    assert in_hint in error.hint
    assert not stub.history


def test_an_sts_that_cannot_be_reached_is_not_taken_for_the_store(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stub_server() as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.endpoint)
    error = unavailable(open_bucket, stub.endpoint, role_arn=ROLE)

    assert "(STS) cannot be reached" in error.message
    assert "AWS_ENDPOINT_URL_STS" in error.hint
    assert stub.endpoint not in error.message


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (
            Trouble("EndpointConnectionError", "", None, "Failed to resolve", "", is_of_role=True),
            "in eu-west-9 (STS) cannot be reached: its host name is not known (DNS).",
        ),
        (
            Trouble("UnauthorizedSSOTokenError", "", None, "log in", "", is_of_role=True),
            "The credentials cannot be obtained: log in",
        ),
        (
            Trouble("ClientError", "Odd", 400, "no", "", is_of_role=True),
            "The role of the profile or environment cannot be assumed: Odd: no",
        ),
    ],
)
def test_a_role_of_the_surroundings_is_told_as_such(trouble: Trouble, said: str) -> None:
    message, hint = explain(trouble, bucket="b", prefix="", endpoint="AWS S3", region="eu-west-9")
    assert said in message
    assert hint


def test_contact_again_takes_new_credentials_and_keeps_the_connections(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OLD")
    bucket = open_bucket(stub.endpoint, access_key=None, secret_access_key=None)
    transport = bucket._transport
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "NEW")

    bucket.connect()
    bucket.call(bucket.head("k"))

    assert "Credential=NEW/" in stub.history[-1].headers["authorization"]
    assert bucket._transport is transport


def test_secrets_are_not_in_the_text_of_the_settings() -> None:
    settings = BucketSettings(
        bucket="b", access_key="AK", secret_access_key="sesame", session_token="token"
    )

    assert "sesame" not in repr(settings)
    assert "token='" not in repr(settings)
