"""What is known of a bucket without botocore is what botocore would find out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from s3syncd.s3.client import Client
from s3syncd.s3.plain import Plain, plain_of
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.wire import Contact

KEYS = {"access_key": "AK", "secret_access_key": "SK"}
HERE: dict[str, Any] = {"endpoint": "http://127.0.0.1:9000", "region": "us-east-1", **KEYS}
ENVIRON_KEYS = {"AWS_ACCESS_KEY_ID": "ENVAK", "AWS_SECRET_ACCESS_KEY": "ENVSK"}
OF_PROFILE = "aws_access_key_id = {0}AK\naws_secret_access_key = {0}SK\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory whose `config` and `credentials` are those of AWS."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


class Heard(AWSResponse):
    """An answer from nowhere."""

    def __init__(self) -> None:
        super().__init__("", 200, HTTPHeaders(), None)
        self.headers["Content-Length"] = "any"
        self._content = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


def botocores(settings: BucketSettings) -> Contact:
    """What boto3 finds out; nothing is sent."""
    sent: list[Any] = []

    def hear(request: Any, **_: object) -> AWSResponse:
        sent.append(request)
        return Heard()

    client = Client(settings, on_request=lambda _event: None)
    session = client._new_session()
    probe = client._new_client(session, read_timeout=1, attempts=1, region=None)
    probe.meta.events.register("before-send.s3", hear)
    probe.list_objects_v2(Bucket=settings.bucket, Prefix=settings.prefix, MaxKeys=1)
    probe.close()
    return client._contact(session, sent[-1])


def same(settings: BucketSettings) -> Plain:
    """What is known here, after it was held against botocore."""
    plain = plain_of(settings, os.environ)
    assert plain is not None
    contact = botocores(settings)
    assert (plain.endpoint, plain.base_path) == (contact.endpoint, contact.base_path)
    assert plain.keys == contact.credentials()
    return plain


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"region": None},
        {"region": "anything"},
        {"addressing": "path"},
        {"endpoint": "https://store.example"},
        {"endpoint": "https://Store.example:443/"},
        {"endpoint": "http://[::1]:9000"},
        {"endpoint": "https://s3.eu-central-1.amazonaws.com", "region": "eu-central-1"},
        {"endpoint": "https://store.example", "verify_tls": False},
        {"session_token": "token"},
        {"bucket": "with.dots"},
        *({"endpoint": None, "region": region} for region in ("us-east-1", "eu-central-1")),
        {"endpoint": None, "region": "us-east-1", "addressing": "path"},
        {"endpoint": None, "region": "mx-central-1", "addressing": "virtual"},
        {"endpoint": None, "region": "eu-west-3", "addressing": "path"},
        {"endpoint": None, "region": "eu-west-3", "addressing": "path", "bucket": "with.dots"},
    ],
    ids=str,
)
def test_address_and_keys_are_those_of_botocore(settings: dict[str, Any]) -> None:
    same(BucketSettings(**{"bucket": "bucket", **HERE, **settings}))


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "", "ca_bundle"])
def test_the_authorities_are_those_of_botocore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("certificates")
    given: dict[str, Any] = {"ca_bundle": str(bundle)} if variable == "ca_bundle" else {}
    if variable.isupper():
        monkeypatch.setenv(variable, str(bundle))

    settings: dict[str, Any] = {"bucket": "bucket", **HERE, "endpoint": "https://a.test", **given}
    plain = same(BucketSettings(**settings))

    assert (plain.endpoint.ca_file == str(bundle)) == bool(variable)


@pytest.mark.parametrize(
    ("environ", "config", "credentials", "settings", "key"),
    [
        (ENVIRON_KEYS, "", "", {}, "ENVAK"),
        ({**ENVIRON_KEYS, "AWS_SESSION_TOKEN": "T"}, "", "", {}, "ENVAK"),
        (ENVIRON_KEYS, "", "", KEYS, "AK"),
        (ENVIRON_KEYS, "[default]\nregion = eu-west-1\n", "", {}, "ENVAK"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "[default]\nregion = eu-west-1\n", "", KEYS, "AK"),
        ({"AWS_REGION": "eu-west-2", "AWS_PAGER": "less"}, "", "", KEYS, "AK"),
        ({"AWS_CONFIG_FILE": "~nobody-has-this-name/config"}, "", "", KEYS, "AK"),
        ({}, "", "[default]\n" + OF_PROFILE.format("D"), {}, "DAK"),
        ({}, "", "[it]\n" + OF_PROFILE.format("I"), {"profile": "it"}, "IAK"),
        ({}, "[profile it]\n" + OF_PROFILE.format("C"), "", {"profile": "it"}, "CAK"),
        (
            {"AWS_PROFILE": "it"},
            "[profile it]\nregion = eu-west-1\n" + OF_PROFILE.format("C"),
            "[it]\n" + OF_PROFILE.format("I"),
            {},
            "IAK",
        ),
        (ENVIRON_KEYS, "", "[it]\n" + OF_PROFILE.format("I"), {"profile": "it"}, "IAK"),
        (
            {**ENVIRON_KEYS, "AWS_PROFILE": "it"},
            "",
            "[it]\n" + OF_PROFILE.format("I"),
            {},
            "ENVAK",
        ),
        (
            {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
            "",
            "[a]\n" + OF_PROFILE.format("A") + "[b]\n" + OF_PROFILE.format("B"),
            {},
            "BAK",
        ),
    ],
)  # fmt: skip
def test_keys_and_region_come_from_where_botocore_has_them(
    home: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], config: str,
    credentials: str, settings: dict[str, Any], key: str,
) -> None:  # fmt: skip
    for name, text in (("config", config), ("credentials", credentials)):
        if text:
            (home / name).write_text(text)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)

    plain = same(BucketSettings(bucket="bucket", endpoint=HERE["endpoint"], **settings))

    assert plain.keys.access_key == key


@pytest.mark.parametrize(
    ("environ", "config", "settings"),
    [
        ({}, "", {"role_arn": "arn:aws:iam::123456789012:role/sync"}),
        ({}, "", {"profile": "absent", "access_key": None, "secret_access_key": None}),
        ({"AWS_PROFILE": "absent"}, "", {}),
        ({}, "", {"access_key": None, "secret_access_key": None}),
        ({}, "", {"secret_access_key": None}),
        ({"AWS_ACCESS_KEY_ID": "a"}, "", {"access_key": None, "secret_access_key": None}),
        ({"HTTPS_PROXY": "http://127.0.0.1:1"}, "", {}),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"}, "", {}),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "", {}),
        ({"AWS_DEFAULT_REGION": ""}, "", {}),
        ({}, "[default]\nrole_arn = x\n", {}),
        ({}, "[default]\ns3 =\n  addressing_style = virtual\n", {}),
        ({}, "[default]\ncredential_process = /bin/true\n", {}),
        ({}, "[profile default]\nca_bundle = /x\n", {}),
        ({}, "no section\n", {}),
        ({}, "", {"endpoint": "http://store.example/path"}),
        ({}, "", {"endpoint": "http://user@store.example"}),
        ({}, "", {"endpoint": "http://store.example", "addressing": "virtual"}),
        ({}, "", {"endpoint": "https://s3-accelerate.amazonaws.com"}),
        ({}, "", {"bucket": "arn:aws:s3:us-west-2:123456789012:accesspoint/x"}),
        ({}, "", {"bucket": "bucket--usw2-az1--x-s3"}),
        ({}, "", {"bucket": "Bucket"}),
        ({}, "", {"endpoint": None, "region": None}),
        ({}, "", {"endpoint": None, "region": "cn-north-1"}),
        ({}, "", {"endpoint": None, "region": "us-gov-west-1"}),
        ({}, "", {"endpoint": None, "region": "eu-central-1", "bucket": "with.dots"}),
    ],
    ids=str,
)
def test_whatever_may_mean_something_else_is_left_to_botocore(
    home: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], config: str,
    settings: dict[str, Any],
) -> None:  # fmt: skip
    if config:
        (home / "config").write_text(config)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    try:
        found = plain_of(BucketSettings(**{"bucket": "bucket", **HERE, **settings}), os.environ)
    except ValueError:
        found = None

    assert found is None


def test_a_file_that_cannot_be_read_is_not_quoted(home: Path) -> None:
    (home / "credentials").write_text("aws_secret_access_key = sesame\n")

    with pytest.raises(ValueError, match="cannot be read") as caught:
        plain_of(BucketSettings(bucket="bucket", **HERE), os.environ)

    assert "sesame" not in str(caught.value)
