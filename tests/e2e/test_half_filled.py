"""A bucket that is not empty at the start: only differences move, and nothing at the second one."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.e2e

_MIB = 2**20


def body(size: int, seed: int = 1) -> bytes:
    """Give bytes that no other seed gives."""
    return random.Random(seed).randbytes(size)


def put_in_parts(site: Site, key: str, content: bytes, part_bytes: int) -> None:
    """Put an object as other tools do: in parts of their own choice."""
    client, where = site.client, {"Bucket": site.bucket, "Key": site.prefix + key}
    upload = client.create_multipart_upload(**where)["UploadId"]
    parts: list[dict[str, Any]] = []
    for number, start in enumerate(range(0, len(content), part_bytes), 1):
        chunk = content[start : start + part_bytes]
        answer = client.upload_part(**where, UploadId=upload, PartNumber=number, Body=chunk)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})


def test_only_differences_move(world: World, proxy: Proxy) -> None:
    site = world.site(prefix="p", retire_deleted=True)
    for name in ("same", "sub/same", "empty"):
        content = b"" if name == "empty" else name.encode()
        site.write(name, content)
        site.put(name, content)
    site.write("other content", "aaaa")
    site.put("other content", b"bbbb")
    site.write("other size", "aaaa")
    site.put("other size", b"b")
    site.write("only here", "here")
    site.put("only there", b"foreign")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    sent = {r.path.split("/p/")[1] for r in proxy.seen("PUT")}
    assert sent == {"other content", "other size", "only here"}
    assert not proxy.seen("DELETE")
    assert site.content("only there") == b"foreign"
    assert daemon.site()["foreign_objects"] == 1
    assert site.content("other content") == b"aaaa"
    daemon.stop()
    proxy.forget()
    daemon.start().in_sync()
    assert {r.method for r in proxy.requests} == {"GET"}


def test_objects_that_others_put_in_parts_are_known_by_their_content(
    world: World, proxy: Proxy
) -> None:
    site = world.site()
    for name, size, part in (("eight", 17, 8), ("five", 11, 5), ("one", 6, 8)):
        content = body(size * _MIB + 3, size)
        site.write(name, content)
        put_in_parts(site, name, content, part * _MIB)
    site.write("differs", body(9 * _MIB, 7))
    put_in_parts(site, "differs", body(9 * _MIB, 8), 8 * _MIB)
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    assert {r.path.rsplit("/", 1)[1] for r in proxy.seen("PUT")} == {"differs"}
    site.assert_equal()
    daemon.stop()
    proxy.forget()
    daemon.start().in_sync()
    assert {r.method for r in proxy.requests} == {"GET"}


def test_files_around_the_threshold_are_sent_once(world: World, proxy: Proxy) -> None:
    site = world.site()
    around = [(5, 1), (8, -1), (8, 1), (16, -1), (16, 0), (16, 1)]
    for size, more in around:
        length = size * _MIB + more
        site.write(f"{size}{more:+}", body(length, length))
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    site.assert_equal()
    tags = site.etags()
    assert tags["16+1"][1].endswith("-3")
    assert "-" not in tags["16+0"][1]
    assert not site.uploads()
    daemon.stop()
    proxy.forget()
    daemon.start().in_sync()
    assert {r.method for r in proxy.requests} == {"GET"}
    # Without the ledger their content proves them equal, and still nothing is sent.
    daemon.stop()
    assert daemon.run("reset", "data", "--yes").returncode == 0
    proxy.forget()
    daemon.start().in_sync()
    assert not proxy.seen("PUT")
    assert not proxy.seen("POST")


def test_changes_made_while_it_was_off_are_found_at_the_start(world: World) -> None:
    site = world.site(retire_deleted=True)
    for number in range(10):
        site.write(f"d/{number}", f"content {number}")
    daemon = world.daemon().start()
    daemon.in_sync()
    daemon.stop()
    (site.root / "d/0").write_text("edited !!")
    (site.root / "d/1").unlink()
    (site.root / "d/2").rename(site.root / "d/two")
    (site.root / "d/3").write_text("content x")  # as long as before
    stat = (site.root / "d/4").stat()
    (site.root / "d/4").write_text("content y")
    os.utime(site.root / "d/4", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    site.write("added", "added")
    daemon.start().in_sync()
    site.assert_equal()


def test_a_foreign_change_of_the_bucket_is_overwritten_by_a_reconcile(world: World) -> None:
    site = world.site()
    site.write("file", "ours")
    site.write("vanishing", "ours")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.put("file", b"thrs")
    site.client.delete_object(Bucket=site.bucket, Key="vanishing")
    assert daemon.run("rescan", "--remote", "--wait").returncode == 0
    daemon.in_sync()
    site.assert_equal()
    assert daemon.events("object.overwritten")


def test_a_prefix_touches_nothing_of_its_siblings(world: World) -> None:
    site = world.site(prefix="data", retire_deleted=True, retire_foreign=True, max_delete=1000)
    other = ["database/file", "data", "data.txt", "dat", "data-1/x", "Data/x", "other"]
    for key in other:
        site.client.put_object(Bucket=site.bucket, Key=key, Body=b"foreign")
    site.write("file", "content")
    site.write("goes", "content")
    daemon = world.daemon().start()
    daemon.in_sync()
    (site.root / "goes").unlink()
    daemon.wait(lambda s: s["files"] == 1)
    daemon.in_sync()
    assert site.etags("").keys() == {*other, "data/file"}


def test_an_inner_prefix_belongs_to_the_inner_site_alone(world: World) -> None:
    outer = world.site("outer", prefix="a", retire_deleted=True, retire_foreign=True)
    inner = world.site("inner", bucket=outer.bucket, prefix="a/inner", retire_deleted=True)
    outer.write("file", "outer")
    inner.write("file", "inner")
    daemon = world.daemon().start()
    daemon.in_sync("outer", "inner")
    assert daemon.run("rescan", "--remote", "--wait").returncode == 0
    daemon.in_sync("outer", "inner")
    assert outer.etags("").keys() == {"a/file", "a/inner/file"}
    assert daemon.site("outer")["foreign_objects"] == 0
