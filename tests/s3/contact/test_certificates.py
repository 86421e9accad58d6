"""Which certificates are trusted, and what is said of each that is not."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority, self_signed
from tests.faults.proxy import fault_proxy
from tests.s3.contact.stores import unavailable
from tests.servers import (
    StubServer,
    stub_server,
)


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
