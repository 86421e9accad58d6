"""A certificate that is to be trusted is no obstacle; any other is named until it is replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority, self_signed
from tests.e2e.world import World
from tests.faults.conditions import MIB, fill, holding, started
from tests.faults.proxy import Certificate, Proxy, fault_proxy
from tests.servers import S3Server
from tests.waiting import until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads /proc"),
]


@pytest.fixture
def tls(moto: S3Server, tmp_path: Path) -> Iterator[tuple[Proxy, Authority]]:
    """A relay that speaks TLS with a good certificate, and who signed it."""
    authority = Authority(tmp_path)
    with fault_proxy(moto.endpoint, certificate=authority.issue()) as relay:
        yield relay, authority


def _certificates(authority: Authority) -> dict[str, Certificate]:
    return {
        "signed": authority.issue(name="signed"),
        "self-signed": self_signed(authority.folder),
        "expired": authority.issue(is_expired=True, name="expired"),
        "wrong host": authority.issue(address="127.0.0.2", name="wrong"),
    }


@pytest.mark.parametrize(
    ("shown", "trusts"),
    [("signed", "authority"), ("self-signed", "itself"), ("expired", "anybody")],
)
def test_a_certificate_that_is_to_be_trusted_is_no_obstacle(
    world: World, tls: tuple[Proxy, Authority], shown: str, trusts: str
) -> None:
    proxy, authority = tls
    certificate = _certificates(authority)[shown]
    proxy.present(certificate)
    options: dict[str, dict[str, Any]] = {
        "authority": {"ca_bundle": str(authority.certificate)},
        "itself": {"ca_bundle": str(certificate[0])},
        "anybody": {"verify_tls": False},
    }
    site = world.site()
    fill(site)
    daemon = started(world, proxy.endpoint, **options[trusts])
    daemon.in_sync()
    site.write("large", os.urandom(17 * MIB))  # by both clients
    until(site.is_equal, 25)
    daemon.in_sync()
    site.assert_equal()
    assert proxy.handshakes_failed == 0
    assert daemon.events(), "each line of the log is JSON"


@pytest.mark.parametrize(
    ("shown", "has_bundle", "words"),
    [
        ("signed", False, "ca_bundle"),
        ("self-signed", True, "ca_bundle"),
        ("expired", True, "Renew"),
        ("wrong host", True, "host name in `endpoint`"),
    ],
)
def test_a_certificate_that_is_not_to_be_trusted_is_named_until_it_is_replaced(
    world: World, tls: tuple[Proxy, Authority], shown: str, has_bundle: bool, words: str
) -> None:
    proxy, authority = tls
    proxy.present(_certificates(authority)[shown])
    trusts = {"ca_bundle": str(authority.certificate)} if has_bundle else {}
    site = world.site(endpoint=proxy.endpoint, **trusts)
    other = world.site("other")
    for each in (site, other):
        each.write("first")
    daemon = started(world, world.server.endpoint)
    daemon.in_sync("other")
    status = daemon.wait(lambda s: s["reason"] == "bucket_unavailable")
    assert status["state"] == "unavailable"
    assert words in status["hint"]
    assert site.names() == set()
    before = holding(daemon)
    if has_bundle:
        proxy.present(authority.issue(name="renewed"))
        daemon.in_sync()
        site.assert_equal()
        # Threads and descriptors of the event loop come with the first contact that has success.
        assert holding(daemon).threads <= before.threads + 4
