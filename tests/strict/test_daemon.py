"""The installed daemon on the strict store, judged by the oracle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import World
from tests.strict.author import Author
from tests.strict.ending import end_run
from tests.strict.faults import Fault, Kind
from tests.strict.process import RemoteStore, strict_process
from tests.strict.store import Options
from tests.strict.trial import MIB, PREFIX, Judged, Run, new_site, oracle_of
from tests.waiting import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def strict() -> Iterator[RemoteStore]:
    """A store of the test's own: its history is the test's."""
    with strict_process() as store:
        yield store


@pytest.fixture
def world(strict: RemoteStore, tmp_path: Path) -> Iterator[World]:
    client = strict.as_server.client()
    made = World(strict.as_server, client, tmp_path)
    yield made
    made.abandon()
    made.close()
    client.close()


_MOST_ROUNDS = 40


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    "seed", [int(each) for each in os.environ.get("STRICT_SEEDS", "1").split(",")]
)
def test_what_a_user_does_arrives_whole_in_order_and_only_so(
    world: World, strict: RemoteStore, seed: int
) -> None:
    site = new_site(world, strict)
    author = Author(site.root, seed, aside=world.folder / "aside")
    author.kept |= {"stays", "large"}
    author.write("stays", 1000)
    author.act(30)
    daemon = world.daemon(multipart_threshold=5 * MIB, delete_grace_seconds=0.1).start()
    daemon.in_sync()
    run = Run(site, daemon, strict, author)
    for number in range(_MOST_ROUNDS):
        run.round(number)
        if number == 2:
            daemon.kill()
            author.act(5)
            daemon.start()
        if number > 5 and not run.unmet():
            break
    assert not run.unmet()
    strict.clear_faults()
    end_run(Judged(site, daemon), oracle_of(strict, author), strict)
    assert author.diary.files() == Judged(site, daemon).files()
    assert strict.history().deletions()


def test_a_deletion_loses_to_another_writer_who_came_first(
    world: World, strict: RemoteStore
) -> None:
    site = new_site(world, strict)
    author = Author(site.root, 0, aside=world.folder / "aside")
    author.write("goes", 1000)
    author.write("stays", 1000)
    daemon = world.daemon().start()
    daemon.in_sync()
    held = strict.fault(Fault(kind=Kind.HOLD, operation="DeleteObject", name="gate"))
    author.remove("goes")
    until(lambda: strict.met(held), 15, "the deletion is under way")
    site.put("goes", b"theirs")
    strict.release("gate")
    until(lambda: strict.history().of("DeleteObject"), 10, "the deletion is answered")
    daemon.run("rescan", "--remote", "--wait")
    daemon.in_sync()
    assert site.content("goes") == b"theirs"
    (deletion,) = strict.history().of("DeleteObject")
    assert (deletion.status, deletion.code) == (412, "PreconditionFailed")
    assert not daemon.events("object.deleted")
    oracle = oracle_of(strict, author)
    assert oracle.every_deletion_names_what_it_deletes() == []
    assert oracle.every_deletion_is_the_users() == []


def test_a_large_upload_that_holds_drift_loses_to_another_writer_who_came_first(
    world: World, strict: RemoteStore
) -> None:
    site = new_site(world, strict, on_drift="hold")
    author = Author(site.root, 0, aside=world.folder / "aside")
    author.write("large", 6 * MIB)
    daemon = world.daemon(multipart_threshold=5 * MIB).start()
    daemon.in_sync()
    held = strict.fault(Fault(kind=Kind.HOLD, operation="CompleteMultipartUpload", name="gate"))
    author.write("large", 7 * MIB)
    until(lambda: strict.met(held), 15, "the upload is about to be completed")
    site.put("large", b"theirs")
    strict.release("gate")
    daemon.wait(lambda s: s["problems"], what="the drift is told")
    assert [each["reason"] for each in daemon.site()["problems"]] == ["drift"]
    assert site.content("large") == b"theirs"
    completion = strict.history().of("CompleteMultipartUpload")[-1]
    assert completion.code == "PreconditionFailed"
    until(lambda: not strict.open_uploads("bucket"), 15, "the upload is aborted")


def test_an_old_name_stays_until_the_new_one_is_there(world: World, strict: RemoteStore) -> None:
    site = new_site(world, strict)
    author = Author(site.root, 0, aside=world.folder / "aside")
    for path, length in (("old", 1000), ("goes", 2000), ("stays", 3000)):
        author.write(path, length)
    daemon = world.daemon(delete_grace_seconds=0.1).start()
    daemon.in_sync()
    held = strict.fault(Fault(kind=Kind.HOLD, operation="PutObject", name="gate"))
    author.rename("old", "new")
    until(lambda: strict.met(held), 15, "the new name is under way")
    author.remove("goes")
    until(lambda: PREFIX + "goes" not in strict.tree("bucket"), 15, "another deletion is done")
    assert PREFIX + "old" in strict.tree("bucket")
    strict.release("gate")
    end_run(Judged(site, daemon), oracle_of(strict, author), strict)


def test_an_object_that_a_listing_does_not_know_yet_is_deleted(
    world: World, strict: RemoteStore
) -> None:
    site = new_site(world, strict)
    author = Author(site.root, 0, aside=world.folder / "aside")
    author.write("stays", 1000)
    daemon = world.daemon().start()
    daemon.in_sync()
    author.write("goes", 1000)
    until(lambda: PREFIX + "goes" in strict.tree("bucket"), 15, "both are there")
    daemon.in_sync()
    daemon.stop()
    author.remove("goes")
    strict.fault(Fault(kind=Kind.STALE, operation="ListObjectsV2", times=20))
    daemon.start().in_sync()
    strict.clear_faults()
    daemon.run("rescan", "--remote", "--wait")
    daemon.in_sync()
    assert PREFIX + "goes" not in strict.tree("bucket")


def test_a_lost_ledger_sends_nothing_again_though_no_etag_is_an_md5(tmp_path: Path) -> None:
    """With a KMS key: files in parts are proved by the checksum that the store made by itself."""
    with strict_process(options=Options(has_md5_etags=False)) as store:
        client = store.as_server.client()
        world = World(store.as_server, client, tmp_path)
        try:
            site = new_site(world, store)
            author = Author(site.root, 0, aside=tmp_path / "aside")
            author.write("large", 12 * MIB)
            author.write("small", 1000)
            daemon = world.daemon(multipart_threshold=5 * MIB).start()
            daemon.in_sync()
            sent = len(store.history().of("UploadPart")) + len(store.history().of("PutObject"))
            Judged(site, daemon).lose_ledger()
            daemon.in_sync()
            assert daemon.run("verify").returncode == 0
            history = store.history()
            assert len(history.of("UploadPart")) + len(history.of("PutObject")) == sent
        finally:
            world.abandon()
            world.close()
            client.close()


def test_a_large_file_that_changes_while_it_is_sent_is_sent_whole(
    world: World, strict: RemoteStore
) -> None:
    site = new_site(world, strict)
    author = Author(site.root, 0, aside=world.folder / "aside")
    daemon = world.daemon(multipart_threshold=5 * MIB).start()
    daemon.in_sync()
    held = strict.fault(Fault(kind=Kind.HOLD, operation="UploadPart", nth=2, name="gate"))
    author.write("large", 20 * MIB)
    until(lambda: strict.met(held), 15, "a part is under way")
    author.write("large", 18 * MIB)
    strict.release("gate")
    end_run(Judged(site, daemon), oracle_of(strict, author), strict)
    assert strict.history().of("AbortMultipartUpload")


def test_a_clock_that_is_wrong_stops_a_site_until_it_is_right(
    world: World, strict: RemoteStore
) -> None:
    site = new_site(world, strict)
    author = Author(site.root, 0, aside=world.folder / "aside")
    author.write("first", 1000)
    daemon = world.daemon().start()
    daemon.in_sync()
    strict.shift_clock(3600)
    author.write("second", 1000)
    status = daemon.wait(lambda s: s["state"] == "unavailable" or s["problems"])
    assert not status["in_sync"]
    strict.shift_clock(-3600)
    daemon.in_sync()
    end_run(Judged(site, daemon), oracle_of(strict, author), strict)
