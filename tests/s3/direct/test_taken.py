"""Which requests go on connections of our own, and which are left to others."""

from __future__ import annotations

import pytest

from s3syncd.s3.direct import Direct
from s3syncd.s3.wire import Endpoint
from tests.s3.direct.rig import (
    HEAD,
    PART,
    PUT,
    Rig,
    Store,
)


def test_after_the_close_nothing_is_taken_nor_looked_up(rig: Rig, store: Store) -> None:
    direct = rig.open(store.address)
    direct.close()
    assert not direct.takes(PUT)
    rig.now += 1000
    direct._addresses._look_up = pytest.fail  # type: ignore[assignment]
    direct.prepare()


@pytest.mark.parametrize("name", ["https_proxy", "HTTP_PROXY", "all_proxy"])
def test_behind_a_proxy_nothing_is_sent_or_looked_up_here(
    rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    direct = Direct(
        Endpoint(False, "store.example", "us-east-1"), rig.poller,
        clock=lambda: 0.0, wall=lambda: 0.0, look_up=pytest.fail,  # type: ignore[arg-type]
    )  # fmt: skip
    direct.prepare()
    assert not direct.takes(PUT)


def test_an_empty_proxy_is_none(rig: Rig, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "")
    assert rig.open(store.address).takes(PUT)


def test_what_may_be_long_or_hide_an_error_is_not_taken(direct: Direct) -> None:
    assert direct.takes(PUT)
    assert direct.takes(HEAD)
    assert direct.takes(PART)
    assert not direct.takes(PUT._replace(operation="CopyObject"))
