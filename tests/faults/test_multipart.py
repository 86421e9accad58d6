"""Large files: taken up where they were left, never mixed, nothing left over."""

from __future__ import annotations

import os
import re
import threading

import pytest

from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e

_MIB = 2**20


def parts_sent(proxy: Proxy) -> list[int]:
    """Give the numbers of the parts that were sent, in order."""
    found = [re.search(r"partNumber=(\d+)", r.target) for r in proxy.seen("PUT")]
    return sorted(int(one[1]) for one in found if one)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_parts_that_were_sent_are_not_sent_again(world: World, proxy: Proxy, end: str) -> None:
    site = world.site()
    site.write("large", os.urandom(40 * _MIB))  # five parts
    daemon = world.daemon(endpoint=proxy.endpoint, shutdown_timeout_seconds=1)
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="partNumber=5")
    daemon.start()
    assert rule.reached.wait(20)

    def are_four_there() -> bool:
        uploads = site.client.list_multipart_uploads(Bucket=site.bucket).get("Uploads", [])
        listed = site.client.list_parts(
            Bucket=site.bucket, Key="large", UploadId=uploads[0]["UploadId"]
        )
        return len(listed.get("Parts", [])) == 4

    until(are_four_there, 20)
    if end == "kill":
        daemon.kill()
    else:
        daemon.stop()
    proxy.down()
    go.set()
    proxy.up()
    proxy.forget()
    daemon.start().in_sync()
    assert parts_sent(proxy) == [5]
    site.assert_equal()
    assert site.uploads() == []


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "rewritten in place"])
def test_a_file_changed_while_it_is_sent_is_never_a_mix(
    world: World, proxy: Proxy, is_replaced: bool
) -> None:
    site = world.site()
    path = site.write("large", b"a" * 24 * _MIB)
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="partNumber=3")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    assert rule.reached.wait(20)
    if is_replaced:
        site.write("new", b"b" * 24 * _MIB).rename(path)
    else:
        path.write_bytes(b"b" * 24 * _MIB)
    go.set()
    seen = set()

    def is_new() -> bool:
        content = site.objects().get("large")
        if content is not None:
            seen.add(bytes({*content}))
        return content == b"b" * 24 * _MIB

    until(is_new, 20)
    daemon.in_sync()
    assert seen == {b"b"}
    assert site.uploads() == []


def test_a_file_changed_between_kill_and_start_is_sent_anew_and_the_rest_is_cleaned_up(
    world: World,
) -> None:
    site = world.site()
    site.write("large", b"a" * 24 * _MIB)
    site.write("gone", b"a" * 24 * _MIB)
    daemon = world.daemon()
    # At the second part of two times three: neither file can have been completed.
    daemon.start(is_waited=False, S3SYNCD_FAILPOINTS="upload.after_part=kill@2")
    daemon.ended()
    assert site.uploads()
    site.write("large", b"b" * 24 * _MIB)
    (site.root / "gone").unlink()
    daemon.start().in_sync()
    site.assert_equal()
    until(lambda: site.uploads() == [], 10)


def test_an_upload_of_somebody_else_is_left_alone(world: World) -> None:
    site = world.site(prefix="p")
    for key in ("p/large", "p/other", "elsewhere"):
        site.client.create_multipart_upload(Bucket=site.bucket, Key=key)
    site.write("small")
    site.write("large", os.urandom(17 * _MIB))
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    daemon.start().in_sync()
    assert {"p/other", "elsewhere"} <= set(site.uploads())
