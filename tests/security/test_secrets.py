"""A canary for each kind of secret: whatever happens, none stands in anything that is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.reply import S3Failure
from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.servers import Answer, S3Server, Seen, StubServer, stub_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

# Keys of sixteen characters and more, as AWS's are; the odd ones are those that get quoted.
_CANARIES = {
    "inline": "canary-inline/with+odd=characters",
    "of a file": "canary-of-a-file-0123456789abcdef",
    "of a variable": "canary-of-a-variable-0123456789ab",
    "of a profile": "canary-of-a-profile-0123456789abc",
    "of a role": "canary-of-a-role-0123456789abcdef",
    "token inline": "canary-token-inline-FwoGZXIvYXdzEBYaD/+=",
    "token of a profile": "canary-token-of-a-profile-FwoGZXIvYXdzEBYaD",
    "token of a role": "canary-token-of-a-role-FwoGZXIvYXdzEBYaDH",
    "proxy": "canary-of-a-proxy",
    "endpoint": "canary-of-an-endpoint",
}
_ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ASIAROLE00000000</AccessKeyId>
<SecretAccessKey>{_CANARIES["of a role"]}</SecretAccessKey>
<SessionToken>{_CANARIES["token of a role"]}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""


def _echo(_stub: StubServer, seen: Seen) -> Answer:
    """Refuse, and tell the client all that it told: some stores and proxies do."""
    token = escape(seen.headers.get("x-amz-security-token", ""))
    signed = escape(seen.headers.get("authorization", ""))
    body = (
        f"<Error><Code>AccessDenied</Code><Message>Not with {token} {signed}</Message>"
        f"<Token-0>{token}</Token-0></Error>"
    )
    return Answer(403, (("Content-Type", "application/xml"),), body.encode())


def _assume(_stub: StubServer, _seen: Seen) -> Answer:
    return Answer(200, (("Content-Type", "text/xml"),), _ASSUMED.encode())


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with stub_server() as made:
        yield made


@pytest.fixture
def stub_world(stub: StubServer, tmp_path: Path) -> Iterator[World]:
    made = World(S3Server(stub.endpoint), None, tmp_path)
    yield made
    made.abandon()
    made.close()


def _daemon(world: World, stub: StubServer) -> Daemon:
    """Make a daemon whose sites have their credentials from everywhere."""
    (world.folder / "secret").write_text(_CANARIES["of a file"])
    credentials = world.folder / "credentials"
    credentials.write_text(
        "[canary]\naws_access_key_id = AKIAPROFILE00000\n"
        f"aws_secret_access_key = {_CANARIES['of a profile']}\n"
        f"aws_session_token = {_CANARIES['token of a profile']}\n"
    )
    key = {"access_key": "AKIACANARY000000"}
    sources: dict[str, dict[str, str]] = {
        "inline": key | {
            "secret_access_key": _CANARIES["inline"], "session_token": _CANARIES["token inline"],
        },
        "file": key | {"secret_access_key": f"file:{world.folder / 'secret'}"},
        "variable": key | {"secret_access_key": "${CANARY_SECRET}"},
        "profile": {"profile": "canary"},
        "role": key | {
            "secret_access_key": "${CANARY_SECRET}", "role_arn": "arn:aws:iam::123456789012:role/x",
        },
    }  # fmt: skip
    for name, source in sources.items():
        site = world.site(name, bucket=f"bucket-{name}", retire_deleted=True, **source)
        site.write("file")
        site.write("refused")
    daemon = world.daemon(log={"format": "json", "level": "trace"})
    for option in ("access_key", "secret_access_key"):
        daemon.document.pop(option)
    daemon.write_config()
    daemon.environment |= {
        "CANARY_SECRET": _CANARIES["of a variable"],
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_ENDPOINT_URL_STS": stub.endpoint,
    }
    return daemon


_FEW = [["status"], ["status", "--json"], ["plan"]]
_MANY = [*_FEW, ["plan", "--json"], ["check"], ["check", "--offline"], ["sync"], ["run"]]


def _commands(daemon: Daemon, commands: list[list[str]]) -> str:
    said = ""
    for command in commands:
        answer = daemon.run(*command)
        said += answer.stdout + answer.stderr
    return said


def _kept(folder: Path) -> str:
    """Read everything that the daemon keeps or wrote, but not what it was given."""
    return "".join(
        path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "config.yml"
    )


def _found(text: str) -> list[str]:
    return [name for name, canary in _CANARIES.items() if canary in text]


def test_token_that_is_echoed_is_hidden(stub: StubServer) -> None:
    token = _CANARIES["token inline"]
    settings = BucketSettings(
        bucket="bucket", prefix="", endpoint=stub.endpoint, region="us-east-1",
        access_key="AKIACANARY000000", secret_access_key=_CANARIES["inline"],
        session_token=token, ops_retries=0,
    )  # fmt: skip
    bucket = Bucket(settings)
    bucket.connect()
    stub.behave(_echo, times=10**6)
    reply = bucket.call(bucket.put("k", b"x", md5=b"0" * 16))
    assert reply.failure is not None
    with pytest.raises(S3Failure) as control:
        bucket.create_multipart("k")
    with pytest.raises(SiteUnavailable) as contact:
        bucket.connect()
    bucket.close(1.0)
    said = [reply.failure.message, control.value.failure.message]
    assert all(text.startswith("Not with ********") for text in said)
    assert token not in f"{reply.failure} {control.value} {contact.value} {contact.value.hint}"


def test_no_kind_of_secret_is_in_anything_that_is_written_or_said(
    stub_world: World, stub: StubServer
) -> None:
    world = stub_world
    world.expected_crashes += ["Traceback", "internal_error", '"event": "site.failed"']
    daemon = _daemon(world, stub)
    stub.behave(_assume, method="POST", times=10**6)
    stub.behave(_echo, method="PUT", contains="refused", times=10**6)
    daemon.start()
    for name in world.sites:
        daemon.wait(lambda s: s["problems"] and s["files"] == 1, name)
    said = _commands(daemon, _MANY)
    # The store refuses everything, and echoes it in listings and first contacts as well.
    stub.behave(_echo, times=10**6)
    daemon.ask("rescan", remote=True)
    for name in world.sites:
        daemon.wait(lambda s: s["reason"] == "bucket_unavailable", name)
    said += _commands(daemon, _FEW)
    daemon.kill()
    stub._rules.clear()
    stub.behave(_assume, method="POST", times=10**6)
    # A crash in every call, told with its traceback, on a console.
    daemon.document["log"] = {"format": "console", "level": "trace"}
    daemon.write_config()
    daemon.start(S3SYNCD_FAILPOINTS="upload.before_put=raise")
    for name in world.sites:
        daemon.wait(lambda s: s["last_reconcile_at"], name)
    said += _commands(daemon, _FEW)
    assert daemon.stop() in {0, 4}  # uploads may be left
    assert {seen.headers.get("x-amz-security-token") for seen in stub.history} >= {
        _CANARIES["token inline"], _CANARIES["token of a profile"], _CANARIES["token of a role"],
    }  # fmt: skip
    assert "failpoint" in daemon.log_path.read_text()
    assert _found(said) == []
    assert _found(_kept(daemon.folder)) == []


def test_user_and_password_of_a_proxy_and_of_an_endpoint_are_not_shown(
    stub_world: World,
) -> None:
    world = stub_world
    site = world.site(bucket="bucket")
    site.write("file")
    daemon = world.daemon(endpoint="http://192.0.2.1:9", log={"format": "json", "level": "trace"})
    proxy = f"http://user:{_CANARIES['proxy']}@127.0.0.1:9"
    daemon.environment |= {"HTTP_PROXY": proxy, "http_proxy": proxy, "HTTPS_PROXY": proxy}
    daemon.start()
    status = daemon.wait(lambda s: s["reason"] == "bucket_unavailable")
    assert "proxy" in status["hint"].lower()
    said = _commands(daemon, _FEW)
    secret = _CANARIES["endpoint"]
    for endpoint in (f"https://user:{secret}@host", f"{secret}@host", f"https://{secret}@host:1"):
        daemon.write_config(daemon.document | {"endpoint": endpoint})
        for command in (["check", "--offline"], ["reload"]):
            answer = daemon.run(*command)
            said += answer.stdout + answer.stderr
    assert "user or password" in said
    daemon.kill()
    assert _found(said) == []
    assert _found(_kept(daemon.folder)) == []
