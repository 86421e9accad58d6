"""First contact: what it finds out, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import socket
import threading
import warnings
from pathlib import Path
from typing import Any, cast

import pytest

from s3syncd.core.retry import FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bounds import AnswerTooLarge, Bounded, BoundedSession, Pipe
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.contact import Trouble, explain
from s3syncd.s3.reply import S3Failure
from tests.certificates import Authority, self_signed
from tests.faults.proxy import fault_proxy
from tests.servers import (
    SECRET_ACCESS_KEY,
    Answer,
    S3Server,
    Seen,
    StubServer,
    error_in_success,
    hang_up,
    respond,
    s3_error,
    slow_down,
    stub_server,
)


def unavailable(open_bucket: Any, endpoint: str, **settings: Any) -> SiteUnavailable:
    with pytest.raises(SiteUnavailable) as caught:
        open_bucket(endpoint, **settings)
    assert caught.value.reason == "bucket_unavailable"
    assert SECRET_ACCESS_KEY not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value


def test_missing_bucket_is_named(server: S3Server, open_bucket: Any) -> None:
    error = unavailable(open_bucket, server.endpoint, name="no-such-bucket")

    assert "no-such-bucket does not exist" in error.message


def test_wrong_secret_is_told_from_an_unknown_key(rclone: S3Server, open_bucket: Any) -> None:
    error = unavailable(open_bucket, rclone.endpoint, secret_access_key="wrong")

    assert "secret" in error.message or "signature" in error.message


REGION = "<Region>eu-central-1</Region>"


def only_in_frankfurt(stub: StubServer, seen: Seen) -> Any:
    """Answer as a store does whose bucket is elsewhere than a request was signed for."""
    if "/eu-central-1/s3/" in seen.headers["authorization"]:
        return stub.carry_out(seen)
    return s3_error(400, "AuthorizationHeaderMalformed", "wrong", extra=REGION)(stub, seen)


@pytest.mark.parametrize(
    ("behaviour", "in_message", "in_hint"),
    [
        (s3_error(403, "AccessDenied"), "denied", "s3:ListBucket"),
        (s3_error(403, "InvalidAccessKeyId"), "access key", "access_key"),
        (s3_error(400, "ExpiredToken"), "expired", "Renew"),
        (s3_error(403, "RequestTimeTooSkewed"), "clock", "NTP"),
        (s3_error(404, "NoSuchBucket"), "does not exist", "Create it"),
        (slow_down(), "slow down", "by itself"),
        (
            s3_error(400, "AuthorizationHeaderMalformed", "the region is wrong", extra=REGION),
            "eu-central-1",
            "region: eu-central-1",
        ),
        (
            respond(301, b"", (("x-amz-bucket-region", "eu-central-1"),)),
            "eu-central-1",
            "region: eu-central-1",
        ),
        (respond(200, b"<html>A web page</html"), "S3", "not of a console"),
        (hang_up(), "closed the connection", "endpoint"),
    ],
)
def test_refusal_is_explained(
    stub: StubServer, open_bucket: Any, behaviour: Any, in_message: str, in_hint: str
) -> None:
    stub.behave(behaviour, times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert in_message in error.message
    assert in_hint in error.hint


LISTING = "<ListBucketResult>%s</ListBucketResult>"


@pytest.mark.parametrize(
    "page",
    [
        b"<html><body>Please log in</body></html>",
        b"",
        b"<a>" * 60_000 + b"</a>" * 60_000,
        (LISTING % "").encode(),
        b"<SomeResult><IsTruncated>false</IsTruncated></SomeResult>",
        b"<!DOCTYPE x>" + (LISTING % "<IsTruncated>false</IsTruncated>").encode(),
    ],
    ids=["html", "empty", "deep", "bare", "other", "typed"],
)
def test_a_success_that_lists_nothing_is_no_contact(
    stub: StubServer, open_bucket: Any, page: bytes
) -> None:
    stub.behave(respond(200, page), times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert "is not S3" in error.message
    assert len(stub.history) == 1


def test_an_error_behind_a_success_is_explained_as_one(stub: StubServer, open_bucket: Any) -> None:
    stub.behave(error_in_success("AccessDenied"), times=10)

    assert "denied" in unavailable(open_bucket, stub.endpoint).message


def test_a_store_that_tells_no_length_is_not_met(stub: StubServer, open_bucket: Any) -> None:
    """Its listings would never be believed."""
    page = (LISTING % "<IsTruncated>false</IsTruncated>").encode()
    unmeasured = Answer(200, (("Connection", "close"),), page, is_closing=True, is_measured=False)
    stub.behave(lambda _stub, _seen: unmeasured, times=10)

    error = unavailable(open_bucket, stub.endpoint)

    assert "how long its answers are" in error.message
    assert "Content-Length" in error.hint


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_that_leads_nowhere_is_not_followed_for_long(
    stub: StubServer, open_bucket: Any, status: int
) -> None:
    stub.behave(respond(status, b"", (("Location", "http://127.0.0.1:9/login"),)), times=200)

    unavailable(open_bucket, stub.endpoint)

    assert len(stub.history) <= 6


def flood(peer: socket.socket) -> None:
    """Send an answer that does not end."""
    with peer, contextlib.suppress(OSError):
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n<?xml version='1.0'?>")
        while True:
            peer.sendall(b"<a>" * 20_000)


def test_an_answer_that_does_not_end_is_not_read_to_its_end(open_bucket: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer = listener.accept()[0]
                    threads.append(threading.Thread(target=flood, args=(peer,)))
                    threads[-1].start()

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        try:
            error = unavailable(open_bucket, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)

    assert "is not S3" in error.message


def test_all_clients_of_boto3_read_within_bounds() -> None:
    """Also those that ask for roles, which a session makes by itself."""
    session = BoundedSession()
    for service in ("s3", "sts"):  # as a role is asked for
        client = session.create_client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
        )
        with contextlib.closing(client):
            for scheme in ("http", "https"):
                pool = client._endpoint.http_session._manager.pool_classes_by_scheme[scheme]
                assert pool.ConnectionCls.response_class is Bounded


class Drip:
    """A socket on which a byte comes each ten seconds of `now`."""

    def __init__(self, now: list[float], size: int = 1) -> None:
        self._now, self._size = now, size
        self.timeouts: list[float] = []

    def gettimeout(self) -> float:
        return 20.0

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def makefile(self, _mode: str, buffering: int) -> Any:
        assert buffering == 0
        return self

    def readinto(self, buffer: Any) -> int:
        self._now[0] += 10
        count = min(self._size, len(buffer))
        buffer[:count] = bytes(count)
        return count

    def close(self) -> None:
        """Nothing is open."""


def test_a_drip_is_given_up_by_boto3_too() -> None:
    now = [100.0]
    drip = Drip(now)
    pipe = Pipe(cast("socket.socket", drip), clock=lambda: now[0])
    with contextlib.closing(pipe), pytest.raises(TimeoutError):
        while pipe.read(1) is not None:
            pass

    assert now == [160.0]  # `whole_answer_seconds`
    assert drip.timeouts == [20.0, 20.0, 20.0, 20.0, 20.0, 10.0]


def test_an_answer_of_nothing_but_tags_is_not_parsed(stub: StubServer, open_bucket: Any) -> None:
    """A parser would make a gigabyte of it."""
    stub.behave(respond(403, b"<a>" * 450_000), times=10)

    assert "is not S3" in unavailable(open_bucket, stub.endpoint).message


def test_an_answer_may_be_as_long_as_any_and_no_longer() -> None:
    drip = cast("socket.socket", Drip([0.0], 4 * 1024**2))
    with contextlib.closing(Pipe(drip, clock=lambda: 0.0)) as pipe:
        for _ in range(4):
            assert len(pipe.read(4 * 1024**2) or b"") == 4 * 1024**2
        with pytest.raises(AnswerTooLarge):
            pipe.read(1)


def test_region_the_store_names_is_followed_where_none_is_configured(
    stub: StubServer, open_bucket: Any
) -> None:
    stub.behave(only_in_frankfurt, times=9)

    bucket = open_bucket(stub.endpoint, region=None)
    bucket.call(bucket.head("k"))

    assert "/eu-central-1/s3/" in stub.history[-1].headers["authorization"]


def test_wrong_region_is_reported_even_if_a_second_request_finds_the_bucket(
    stub: StubServer, open_bucket: Any
) -> None:
    stub.behave(only_in_frankfurt, times=9)

    error = unavailable(open_bucket, stub.endpoint, region="us-west-2")

    assert "region: eu-central-1" in error.hint


def test_refused_connection_is_explained(open_bucket: Any) -> None:
    with stub_server() as stub:
        endpoint = stub.endpoint

    assert "refuses the connection" in unavailable(open_bucket, endpoint).message


def test_proxy_that_is_down_is_explained(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")

    error = unavailable(open_bucket, stub.endpoint)

    assert "proxy" in error.message
    assert "NO_PROXY" in error.hint


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


@pytest.mark.parametrize("endpoint", ["no-scheme", "http://"])
def test_endpoint_that_is_no_address_is_explained(endpoint: str, open_bucket: Any) -> None:
    assert "endpoint" in unavailable(open_bucket, endpoint).hint


def test_unknown_host_name_is_explained() -> None:
    text = 'Could not connect to the endpoint URL: "x" Failed to resolve host'
    trouble = Trouble("EndpointConnectionError", "", None, text, "")

    message, hint = explain(trouble, bucket="b", prefix="", endpoint="http://x", region="")

    assert "DNS" in message
    assert "endpoint" in hint


@pytest.mark.parametrize("said", ["[Errno 32] Broken pipe", "[Errno 104] Connection reset by peer"])
def test_an_end_while_the_request_is_sent_is_no_trouble_of_the_network(said: str) -> None:
    text = f"Could not connect to the endpoint URL: x Failed to establish a new connection: {said}"
    trouble = Trouble("EndpointConnectionError", "", None, text, "")

    message, hint = explain(trouble, bucket="b", prefix="", endpoint="http://x", region="")

    assert "closed the connection" in message
    assert "S3 server" in hint


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


def test_a_region_that_does_not_exist_shows_in_the_host_name_that_is_unknown() -> None:
    text = 'Could not connect to the endpoint URL: "https://b.s3.eu-wst-1.amazonaws.com/?x" resolve'
    trouble = Trouble("EndpointConnectionError", "", None, text, "")
    told = explain(trouble, bucket="b", prefix="", endpoint="AWS S3", region="eu-wst-1")
    assert "(b.s3.eu-wst-1.amazonaws.com) is not known" in told[0]
    assert "`region`" in told[1]


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


def test_path_addressing_puts_the_bucket_into_the_path(stub: StubServer, open_bucket: Any) -> None:
    for addressing in ("path", "auto"):
        bucket = open_bucket(stub.endpoint, addressing=addressing)
        bucket.call(bucket.head("k"))
        assert stub.history[-1].target == "/bucket/k"


def test_virtual_addressing_puts_the_bucket_into_the_host(
    stub: StubServer, open_bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", stub.endpoint)  # so that the name needs no resolver

    bucket = open_bucket("http://s3.example.test", addressing="virtual")
    bucket.call(bucket.head("k"))

    assert stub.history[-1].target == "http://bucket.s3.example.test:80/k"
    assert stub.history[-1].headers["host"] == "bucket.s3.example.test"


def test_nothing_is_sent_without_contact() -> None:
    bucket = Bucket(BucketSettings(bucket="b"))

    failure = bucket.call(bucket.head("k")).failure
    assert failure is not None
    assert failure.kind is FailureKind.CANCELED
    with pytest.raises(S3Failure):
        bucket.list_uploads("k")
    assert bucket.close(1)


def test_secrets_are_not_in_the_text_of_the_settings() -> None:
    settings = BucketSettings(
        bucket="b", access_key="AK", secret_access_key="sesame", session_token="token"
    )

    assert "sesame" not in repr(settings)
    assert "token='" not in repr(settings)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("how", ["ca_bundle", "AWS_CA_BUNDLE", "verify_tls"])
def test_both_clients_trust_what_is_configured(
    certificate: tuple[Path, Path], open_bucket: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    settings: dict[str, Any] = {}
    if how == "AWS_CA_BUNDLE":
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate[0]))
    else:
        settings = {"ca_bundle": str(certificate[0])} if how == "ca_bundle" else {how: False}
    with stub_server(certificate=certificate) as stub:
        bucket = open_bucket(stub.endpoint, **settings)

        reply = bucket.call(
            bucket.put("k", b"x", md5=bytes.fromhex("9dd4e461268c8034f5c8564e155c67a6"))
        )

        assert reply.failure is None


def test_certificate_nobody_trusts_is_explained(
    certificate: tuple[Path, Path], open_bucket: Any
) -> None:
    with stub_server(certificate=certificate) as stub:
        error = unavailable(open_bucket, stub.endpoint)

    assert "certificate" in error.message
    assert "ca_bundle" in error.hint


@pytest.mark.parametrize(
    ("certificate_of", "bundle_of", "in_message", "in_hint"),
    [
        ("another authority", "authority", "no authority that is trusted", "ca_bundle"),
        ("wrong address", "authority", "doesn't match", "endpoint"),
        ("expired", "authority", "expired", "Renew"),
        ("good", "not a certificate", "no certificate", "ca_bundle"),
        ("good", "missing file", "cannot be read", "ca_bundle"),
    ],
)
def test_each_trouble_with_certificates_has_its_own_words(
    tmp_path: Path,
    open_bucket: Any,
    certificate_of: str,
    bundle_of: str,
    in_message: str,
    in_hint: str,
) -> None:
    authority, another = Authority(tmp_path), Authority(tmp_path, "another")
    shown = {
        "good": authority.issue(name="good"),
        "another authority": another.issue(name="foreign"),
        "wrong address": authority.issue(address="127.0.0.2", name="wrong"),
        "expired": authority.issue(is_expired=True, name="expired"),
    }[certificate_of]
    (tmp_path / "empty").write_text("nothing\n")
    bundle = {"authority": authority.certificate, "not a certificate": tmp_path / "empty"}
    with stub_server(certificate=shown) as stub:
        error = unavailable(
            open_bucket, stub.endpoint, ca_bundle=str(bundle.get(bundle_of, tmp_path / "none"))
        )

    assert in_message in error.message
    assert in_hint in error.hint
    assert len(error.message) < 200, "what the libraries say is not repeated"


def test_an_authority_that_changes_in_its_file_is_trusted_after_the_next_contact(
    tmp_path: Path, stub: StubServer, open_bucket: Any
) -> None:
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(old.certificate.read_bytes())
    with fault_proxy(stub.endpoint, certificate=old.issue()) as proxy:
        bucket = open_bucket(proxy.endpoint, ca_bundle=str(bundle))
        assert bucket.call(bucket.delete("k")).failure is None
        bundle.write_bytes(new.certificate.read_bytes())
        proxy.present(new.issue())
        proxy.cut()

        bucket.connect()

        assert bucket.call(bucket.delete("k")).failure is None


def test_unverified_certificates_are_no_noise_on_standard_error(
    tmp_path: Path, open_bucket: Any
) -> None:
    with stub_server(certificate=self_signed(tmp_path)) as stub, warnings.catch_warnings():
        warnings.simplefilter("error")

        open_bucket(stub.endpoint, verify_tls=False)


def test_what_the_library_reads_from_files_is_read_once(stub: StubServer, open_bucket: Any) -> None:
    """Else each attempt of an outage leaves 10 MiB in the memory of the worker that made it."""
    stub.behave(only_in_frankfurt, times=9)  # what nobody knows but boto3
    bucket = open_bucket(stub.endpoint, region=None)

    def loader() -> Any:
        return bucket._client._session._session.get_component("data_loader")

    first = loader()
    paths = list(first.search_paths)
    bucket.connect()

    assert loader() is first
    assert first.search_paths == paths


def test_plain_server_behind_https_is_explained(stub: StubServer, open_bucket: Any) -> None:
    error = unavailable(open_bucket, stub.endpoint.replace("http:", "https:"))

    assert "http://" in error.hint


def test_only_completing_an_upload_may_be_silent_for_minutes(
    stub: StubServer, open_bucket: Any
) -> None:
    """A worker is held meanwhile: after a network that lost the connection, too."""
    stub.behave(only_in_frankfurt, times=99)  # what nobody knows but boto3
    bucket = open_bucket(stub.endpoint, region=None)

    def patience() -> list[int]:
        made = bucket._client._controls.values()
        return sorted(each.meta.config.read_timeout for each in made)

    bucket.abort_multipart("k", "id")
    with contextlib.suppress(S3Failure, KeyError):  # the stub knows nothing of parts
        bucket.create_multipart("k")
    for look in (lambda: bucket.list_parts("k", "id"), lambda: bucket.list_uploads("k")):
        with contextlib.suppress(S3Failure):
            look()
    assert patience() == [60]
    with contextlib.suppress(S3Failure):
        bucket.complete_multipart("k", "id", [(1, "etag")])
    assert patience() == [60, 300]
