"""A store that refuses, points elsewhere, forgets its bucket or loses its answers, for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.faults import FOR_EVER, Fault, Kind
from tests.strict.process import RemoteStore, strict_process
from tests.strict.signature import Keys
from tests.strict.store import Options
from tests.waiting import until

pytestmark = pytest.mark.e2e

_FIRST_KEY = "AKIDFIRSTFIRST00"


@pytest.fixture
def strict() -> Iterator[RemoteStore]:
    """A store that knows two keys, the first one with a token."""
    keys = Keys(
        {_FIRST_KEY: SECRET_ACCESS_KEY, ACCESS_KEY: SECRET_ACCESS_KEY}, {_FIRST_KEY: "the-token"}
    )
    with strict_process(options=Options(keys=keys)) as store:
        store.create_bucket("bucket")
        yield store


def _site(world: World) -> Site:
    site = world.site(bucket="bucket", retire_deleted=True, max_delete=1000)
    for number in range(8):
        site.write(f"{number}", f"content {number}")
    return site


def _credentials(path: Path, access_key: str, token: str = "") -> None:
    """Write a shared credentials file as tools do that rotate: whole, by a rename."""
    new = path.with_suffix(".new")
    new.write_text(
        f"[default]\naws_access_key_id = {access_key}\n"
        f"aws_secret_access_key = {SECRET_ACCESS_KEY}\n"
        + (f"aws_session_token = {token}\n" if token else "")
    )
    new.rename(path)


_REFUSALS = ["PermanentRedirect", "NoSuchBucket", "AccessDenied", "ServiceUnavailable"]


def test_refusals_of_every_kind_end_by_themselves_and_cost_nothing(
    strict_world: World, strict: RemoteStore
) -> None:
    site = _site(strict_world)
    daemon = strict_world.daemon()
    for option in ("access_key", "secret_access_key"):
        daemon.document.pop(option)
    daemon.write_config()
    credentials = strict_world.folder / "credentials"
    _credentials(credentials, _FIRST_KEY, "the-token")
    daemon.start(AWS_SHARED_CREDENTIALS_FILE=str(credentials)).in_sync()

    # The key ends; the next one is written beside, and put in its place.
    strict.expire(_FIRST_KEY)
    site.write("first", "of the next key")
    status = daemon.wait(lambda s: s["reason"] == "bucket_unavailable")
    assert "credentials" in (status["hint"] or "").lower()
    _credentials(credentials, ACCESS_KEY)
    until(partial(_has, site, "first"), 25, "the next key is taken")
    daemon.in_sync()
    assert {e.access_key for e in strict.history().of("PutObject")} >= {_FIRST_KEY, ACCESS_KEY}

    for number, code in enumerate(_REFUSALS):
        strict.fault(Fault(kind=Kind.ERROR, code=code, times=FOR_EVER))
        site.write(f"new{number}", "new")
        (site.root / f"{number}").unlink()
        daemon.ask("rescan", remote=True)
        status = daemon.wait(
            lambda s: s["reason"] == "bucket_unavailable" or s["problems"], what=code
        )
        assert not status["in_sync"]
        strict.clear_faults()
        daemon.in_sync(timeout=25)
        site.assert_equal()
    deleted = [change.before for _, change in strict.history().deletions()]
    assert len(deleted) == len(_REFUSALS)


def _has(site: Site, name: str) -> bool:
    return name in site.names()


def test_lost_answers_of_rarer_effects_are_looked_into(
    strict_world: World, strict: RemoteStore
) -> None:
    """Of a copy that changes the class, and of an abort; the others are in test_network."""
    site = _site(strict_world)
    daemon = strict_world.daemon(multipart_threshold=5 * 2**20).start()
    daemon.in_sync()
    faults = [
        strict.fault(Fault(kind=Kind.DROP_RESPONSE, operation="CopyObject", times=2)),
        strict.fault(Fault(kind=Kind.DROP_RESPONSE, operation="AbortMultipartUpload")),
    ]
    held = strict.fault(Fault(kind=Kind.HOLD, operation="UploadPart", nth=2, name="gate"))
    large = site.write("large", os.urandom(9 * 2**20))
    until(partial(strict.met, held), 20, "a part is on its way")
    large.write_bytes(os.urandom(9 * 2**20))
    strict.release("gate")
    daemon.in_sync(timeout=25)
    daemon.stop()
    site.options["storage_class"] = "STANDARD_IA"
    daemon.write_config({**daemon.document, "sites": [strict_world.entry(site)]})
    daemon.start()
    daemon.in_sync(timeout=40)
    assert all(strict.met(number) for number in faults)
    site.assert_equal()
    assert not strict.open_uploads("bucket")
    listed = site.client.list_objects_v2(Bucket="bucket")["Contents"]
    assert {each["StorageClass"] for each in listed} == {"STANDARD_IA"}
    assert not strict.history().deletions()


def test_connections_reset_after_any_number_of_bytes_are_made_good(
    world: World, proxy: Proxy
) -> None:
    size = 70_000
    swept = [0, 1, 2, 3, 7, 99, 1000, 4095, 4096, 4097, 16_383, 16_384, 65_535, 65_536, 69_999]
    site = world.site()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    for count in swept:
        proxy.reset_after(count, method="PUT", contains=f"after-{count}-bytes")
        proxy.lose_response(method="PUT", contains=f"lost-{count}-bytes")
        site.write(f"after-{count}-bytes", os.urandom(size))
        site.write(f"lost-{count}-bytes", os.urandom(count))
    daemon.in_sync(timeout=50)
    assert len(proxy.met("reset")) == len(proxy.met("lose")) == len(swept)
    site.assert_equal()
