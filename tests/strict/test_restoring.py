"""A tree comes back from the bucket as it was, and nothing else is touched."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.core.restored import Restored
from s3syncd.errors import FatalError, SiteUnavailable
from s3syncd.supervisor.lock import StateLock
from s3syncd.supervisor.restoring import Restoration, Wish
from tests.e2e.daemon import tree, write
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.waiting import until

MIB = 2**20


class Place:
    """A site of which only the bucket is left, and the directory it is restored to."""

    def __init__(self, store: FakeStore, client: Any, bucket: str, folder: Path) -> None:
        self.store, self.client, self.bucket = store, client, bucket
        self.folder = folder
        self.out = folder / "out"
        self.root = folder / "root"

    def config(self, **options: Any) -> Config:
        path = self.folder / "config.yml"
        site = {"name": "data", "path": str(self.root), "bucket": self.bucket, "prefix": "p"}
        document = {
            "endpoint": self.store.endpoint, "region": "us-east-1", "access_key": ACCESS_KEY,
            "secret_access_key": SECRET_ACCESS_KEY, "state_dir": str(self.folder / "state"),
            "http": {"listen": None}, "s3_ops_retries": 1, "upload_workers": 4,
            "sites": [site | options],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return load(path)

    def put(self, key: str, body: bytes = b"x", **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.put_object(
            Bucket=self.bucket, Key=f"p/{key}", Body=body, **given
        )
        return answer

    def put_in_parts(self, key: str, *parts: bytes, checksum: str | None = None) -> None:
        """Put in parts; with a `checksum` the store keeps one of the parts' only."""
        where = {"Bucket": self.bucket, "Key": f"p/{key}"}
        kept = {"ChecksumAlgorithm": checksum} if checksum else {}
        begun = self.client.create_multipart_upload(**where, **kept)
        where["UploadId"] = begun["UploadId"]
        made = []
        for number, body in enumerate(parts, start=1):
            done = self.client.upload_part(PartNumber=number, Body=body, **where, **kept)
            told = {name: done[name] for name in (f"Checksum{checksum}", "ETag") if name in done}
            made.append({"PartNumber": number, **told})
        self.client.complete_multipart_upload(MultipartUpload={"Parts": made}, **where)

    def restore(
        self, *, config: Config | None = None, **wish: Any
    ) -> tuple[Restoration, dict[str, str]]:
        wanted = Wish("data", wish.pop("directory", self.out), **wish)
        work = Restoration(config or self.config(), wanted, claim=f"data {wanted.at}")
        return work, {one.path: one.word for one in work.found()}


@pytest.fixture
def place(shared_store: FakeStore, s3: Any, bucket: str, tmp_path: Path) -> Place:
    return Place(shared_store, s3, bucket, tmp_path)


@pytest.fixture
def own(store: FakeStore, client: Any, tmp_path: Path) -> Place:
    """The same in a store that may fail."""
    return Place(store, client, "bucket", tmp_path)


def test_the_tree_comes_back_with_times_and_permissions(place: Place) -> None:
    large = random.Random(1).randbytes(17 * MIB + 5)
    described = {"mtime": "1234567890.123456789", "mode": "33256"}  # 0o100750
    place.put("a/deep/file", b"one", Metadata=described)
    place.put("empty", b"")
    place.put("with rclone's", b"two", Metadata={"mtime": "1", "mode": "0100604"})
    place.put("set-user-id", b"three", Metadata={"mode": str(0o104755)})
    place.put_in_parts("large", large[: 9 * MIB], large[9 * MIB :])
    place.put("marker/", b"")
    place.client.put_object(Bucket=place.bucket, Key="pineapple", Body=b"another prefix")
    work, told = place.restore()
    assert told == {}
    assert work.is_whole
    assert work.counts == {"restored": 5}
    assert tree(place.out) == {
        "a/deep/file": b"one", "empty": b"", "with rclone's": b"two", "set-user-id": b"three",
        "large": large,
    }  # fmt: skip
    seen = (place.out / "a/deep/file").stat()
    assert (seen.st_mtime_ns, seen.st_mode) == (1234567890_123456789, 0o100750)
    assert (place.out / "with rclone's").stat().st_mode == 0o100604
    assert (place.out / "set-user-id").stat().st_mode == 0o100755
    assert not (place.out / ".s3syncd-restore").exists()
    assert not place.root.exists()


def test_what_is_proved_to_be_there_is_not_fetched_again(own: Place) -> None:
    own.put("small", b"small")
    own.put_in_parts("parts", b"a" * 5 * MIB, b"b" * 3)
    own.restore()
    fetched = own.store.fault(Fault(kind=Kind.DELAY, operation="GetObject", times=99))
    work, told = own.restore(may_hold_files=True)
    assert (work.counts, told) == ({"present": 2}, {})
    assert own.store.met(fetched) == 0


def test_a_file_that_differs_is_kept_or_told(place: Place) -> None:
    place.put("same", b"same")
    place.put("other", b"from the bucket")
    write(place.out / "same", b"same")
    write(place.out / "other", b"from the   user")
    write(place.out / "own", b"own")
    with pytest.raises(FatalError, match="not empty"):
        place.restore()
    work, told = place.restore(may_hold_files=True)
    assert told == {"other": "differs"}
    assert not work.is_whole
    assert (place.out / "other").read_bytes() == b"from the   user"
    work, told = place.restore(may_replace=True)
    assert told == {"other": "replaced"}
    assert work.is_whole
    assert tree(place.out) == {"same": b"same", "other": b"from the bucket", "own": b"own"}


def test_what_broke_off_is_gone_on_with_and_leaves_nothing(own: Place) -> None:
    for name in "abc":
        own.put(name, name.encode())
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", key="p/b", times=99))
    work, told = own.restore()
    assert told == {"b": "no_answer"}
    assert work.is_worth_repeating
    (own.out / ".s3syncd-restore/9.part").write_bytes(b"of a run that was killed")
    own.store.clear_faults()
    other = Restoration(own.config(), Wish("data", own.out), claim="another one")
    with pytest.raises(FatalError, match="another restore"):
        list(other.found())
    work, told = own.restore()
    assert (work.counts, told) == ({"present": 2, "restored": 1}, {})
    assert tree(own.out) == {"a": b"a", "b": b"b", "c": b"c"}
    assert not (own.out / ".s3syncd-restore").exists()


@pytest.mark.parametrize("where", ["inside", "itself", "around"])
def test_no_directory_that_a_site_watches_is_written_to(place: Place, where: str) -> None:
    place.put("a")
    directory = {"inside": place.root / "x", "itself": place.root, "around": place.folder}[where]
    config = place.config(path=str(place.root))
    (place.folder / "state").mkdir(exist_ok=True)
    with pytest.raises(FatalError, match=r"site data|state_dir"):
        place.restore(config=config, directory=directory)
    assert not (directory / "a").exists()


def test_the_root_itself_comes_back_when_that_is_asked_for(place: Place) -> None:
    place.put("a", b"back")
    work, _ = place.restore(directory=place.root, is_into_root=True)
    assert work.is_whole
    assert tree(place.root) == {"a": b"back"}


def test_the_root_is_restored_only_while_no_daemon_runs(place: Place) -> None:
    place.put("a", b"back")
    config = place.config()
    held = StateLock(config.state_dir)
    with pytest.raises(FatalError, match="another s3syncd"):
        place.restore(directory=place.root, is_into_root=True)
    held.release()
    assert not place.root.exists()


def test_keys_that_are_no_paths_stay_inside_and_are_named(place: Place) -> None:
    hostile = ["../up", "a/../../up", "/absolute", "x//y", "./dot", ".s3syncd-restore/claim"]
    for key in hostile:
        place.put(key, b"hostile")
    place.put("plain", b"plain")
    work, told = place.restore()
    assert told == {f"p/{key}": "not_a_path" for key in hostile[:-1]} | {
        ".s3syncd-restore/claim": "reserved_name"
    }
    assert not work.is_whole
    assert tree(place.out) == {"plain": b"plain"}
    assert sorted(path.name for path in place.folder.iterdir()) == ["config.yml", "out"]


def test_a_link_in_the_way_leads_nowhere(place: Place) -> None:
    outside = place.folder / "outside"
    outside.mkdir()
    write(outside / "file", b"theirs")
    place.out.mkdir()
    (place.out / "dir").symlink_to(outside)
    (place.out / "link").symlink_to(outside / "file")
    for key in ("dir/file", "dir/new", "link"):
        place.put(key, b"hostile")
    _, told = place.restore(may_replace=True)
    assert set(told.values()) == {"name_clash"}
    assert len(told) == 3
    assert tree(outside) == {"file": b"theirs"}
    assert (place.out / "link").is_symlink()


def test_a_key_that_is_file_and_directory_costs_only_one_of_them(place: Place) -> None:
    place.put("a", b"file")
    place.put("a/b", b"below")
    work, told = place.restore()
    assert list(told.values()) == ["name_clash"]
    assert work.counts == {"restored": 1, "name_clash": 1}


def test_archived_objects_are_named_and_the_rest_comes(place: Place) -> None:
    place.put("cold", b"cold", StorageClass="DEEP_ARCHIVE")
    place.put("warm", b"warm")
    work, told = place.restore()
    assert told == {"cold": "archived"}
    assert "restore-object" in Restored("cold", "archived").hint
    assert tree(place.out).keys() == {"warm", ".s3syncd-restore/claim"}
    assert work.is_worth_repeating
    assert not work.is_whole


def _damage(store: FakeStore, key: str, body: bytes) -> None:
    serial = store.tree("bucket")[f"p/{key}"]
    object.__setattr__(store.model.store.versions[serial], "body", body)


def test_content_that_is_not_the_digests_is_not_written(own: Place) -> None:
    own.put("rotten", b"0123456789", ChecksumAlgorithm="SHA256")
    own.put("good", b"good")
    _damage(own.store, "rotten", b"012345678X")
    work, told = own.restore()
    assert told == {"rotten": "damaged"}
    assert not work.is_whole
    assert tree(own.out) == {"good": b"good"}, "nothing of ours: another run would not help"


def test_content_that_breaks_on_its_way_is_fetched_again(own: Place) -> None:
    own.put("a", b"0123456789")
    own.store.fault(Fault(kind=Kind.TRUNCATE, operation="GetObject", kept_bytes=4))
    work, _ = own.restore()
    assert work.is_whole
    assert tree(own.out) == {"a": b"0123456789"}


def test_what_cannot_be_proved_is_brought_and_named(own: Place) -> None:
    own.store.options.has_md5_etags = False
    own.put_in_parts("unknown", b"unknown", checksum="SHA256")
    own.put("by checksum", b"KMS")
    work, told = own.restore()
    assert told == {"unknown": "restored"}
    assert (work.unproved, work.is_whole) == (1, True)
    work, told = own.restore(may_hold_files=True)
    assert told == {"unknown": "present"}, "its bytes were fetched and compared"
    (own.out / "unknown").write_bytes(b"unknowm")
    assert own.restore(may_hold_files=True)[1] == {"unknown": "differs"}


def test_an_object_replaced_meanwhile_comes_whole(own: Place) -> None:
    own.put("a", b"old")
    own.put("a", b"newer")
    own.store.fault(Fault(kind=Kind.STALE, operation="ListObjectsV2", times=9))
    work, told = own.restore()
    assert (work.counts, told) == ({"restored": 1}, {})
    assert tree(own.out) == {"a": b"newer"}


def test_a_store_without_conditions_mixes_no_versions(own: Place) -> None:
    """Its ranges are those of the object that is there by then."""
    own.store.options.has_conditions = False
    old, new = (random.Random(n).randbytes(9 * MIB) for n in (1, 2))
    own.put("a", old)
    second = own.store.fault(Fault(kind=Kind.HOLD, operation="GetObject", nth=2, name="range"))
    replaced = threading.Thread(target=lambda: _replace(own, second, new))
    replaced.start()
    work, _ = own.restore()
    replaced.join()
    assert work.is_whole
    assert tree(own.out) == {"a": new}


def _replace(own: Place, held: int, content: bytes) -> None:
    until(lambda: own.store.met(held))
    own.put("a", content)
    own.store.release("range")


LARGE = random.Random(3).randbytes(16 * MIB + 5)
"""Three spans."""


def _break_off(own: Place, *, checksum: str | None = None) -> Path:
    """Restore a large object up to its second span; gives what is left of it."""
    if checksum is not None:
        own.put_in_parts("large", LARGE, checksum=checksum)
    else:
        own.put("large", LARGE)
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", nth=3, times=99))
    _, told = own.restore()
    assert told == {"large": "no_answer"}
    own.store.clear_faults()
    assert not (own.out / "large").exists()
    (left,) = (own.out / ".s3syncd-restore").glob("*.kept")
    return left


def _fetched(own: Place) -> int:
    """Restore again, to the end; gives how many times content was asked for."""
    asked = own.store.fault(Fault(kind=Kind.DELAY, operation="GetObject", times=99))
    work, _ = own.restore()
    assert work.counts == {"restored": 1}
    assert not (own.out / ".s3syncd-restore").exists()
    return own.store.met(asked)


def test_a_large_file_is_gone_on_with_where_it_broke_off(own: Place) -> None:
    _break_off(own)
    assert _fetched(own) == 1
    assert tree(own.out) == {"large": LARGE}


def test_a_large_file_of_which_all_had_come_is_asked_about_and_proved(own: Place) -> None:
    left = _break_off(own)
    left.write_bytes(LARGE)
    (notes,) = left.parent.glob("*.notes")
    with notes.open("ab") as file:
        file.writelines(b"%d\n" % (number * 8 * MIB) for number in range(3))
    assert _fetched(own) == 1
    assert tree(own.out) == {"large": LARGE}


def test_no_half_of_an_older_version_gets_into_a_large_file(own: Place) -> None:
    _break_off(own)
    own.put("large", LARGE[::-1])
    assert _fetched(own) == 3
    assert tree(own.out) == {"large": LARGE[::-1]}


@pytest.mark.parametrize("checksum", [None, "SHA256"], ids=["proved", "not to be proved"])
def test_what_was_not_on_the_disk_when_the_power_went_is_fetched_again(
    own: Place, checksum: str | None
) -> None:
    """Notes and size came through, the content did not."""
    if checksum is not None:
        own.store.options.has_md5_etags = False
    left = _break_off(own, checksum=checksum)
    left.write_bytes(bytes(left.stat().st_size))
    assert _fetched(own) >= 3
    assert tree(own.out) == {"large": LARGE}


def test_filters_and_inner_sites_are_left_out(place: Place) -> None:
    for key in ("a", "b.tmp", "cache/c"):
        place.put(key)
    work, told = place.restore(config=place.config(exclusions=["\\.tmp$", "^cache/"]))
    assert (told, work.excluded, work.counts) == ({}, 2, {"restored": 1})


@pytest.fixture
def past(store: FakeStore, client: Any, tmp_path: Path) -> Iterator[Place]:
    """A bucket that keeps versions, seen ten minutes ago."""
    store.create_bucket("versioned", versioning=True)
    store.shift_clock(-600)
    yield Place(store, client, "versioned", tmp_path)


def test_a_time_gives_what_was_there_then(past: Place) -> None:
    past.put("kept", b"kept")
    past.put("changed", b"old")
    past.put("deleted later", b"was there")
    past.put("deleted before", b"gone")
    past.client.delete_object(Bucket=past.bucket, Key="p/deleted before")
    past.store.shift_clock(100)
    at = time.time() - 450
    past.store.shift_clock(100)
    past.put("changed", b"new")
    past.put("added", b"added")
    past.client.delete_object(Bucket=past.bucket, Key="p/deleted later")
    work, told = past.restore(at=at)
    assert told == {}
    assert tree(past.out) == {"kept": b"kept", "changed": b"old", "deleted later": b"was there"}
    assert (work.later, work.versioning) == (1, "Enabled")
    _, _ = past.restore(directory=past.folder / "now")
    assert tree(past.folder / "now") == {"kept": b"kept", "changed": b"new", "added": b"added"}


def test_where_versioning_was_suspended_the_past_has_holes(past: Place) -> None:
    past.put("a", b"kept")
    suspended = {"Status": "Suspended"}
    past.client.put_bucket_versioning(Bucket=past.bucket, VersioningConfiguration=suspended)
    past.put("b", b"overwritten")
    past.store.shift_clock(300)
    past.put("b", b"newer")
    work, told = past.restore(at=time.time() - 400)
    assert (told, work.versioning, work.later) == ({}, "Suspended", 1)
    assert tree(past.out) == {"a": b"kept"}
    past.restore(at=time.time() - 100, directory=past.folder / "later")
    assert tree(past.folder / "later") == {"a": b"kept", "b": b"newer"}


def test_without_versions_there_is_no_past(place: Place) -> None:
    place.put("a")
    with pytest.raises(FatalError, match="keeps no versions"):
        place.restore(at=time.time())
    assert not place.out.exists()


def test_a_bucket_that_is_not_there_is_told_and_nothing_is_made(place: Place) -> None:
    with pytest.raises(SiteUnavailable):
        place.restore(config=place.config(bucket="no-such-bucket"))
    assert not place.out.exists()


def test_credentials_that_expire_end_it_with_a_remedy(own: Place) -> None:
    own.put("a")
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", code="ExpiredToken", times=99))
    with pytest.raises(FatalError, match="ExpiredToken") as caught:
        own.restore()
    assert "same restore again" in caught.value.hint


def test_a_listing_that_breaks_off_is_no_whole_tree(own: Place) -> None:
    own.put("a")
    config = own.config()
    own.store.fault(Fault(kind=Kind.ERROR, operation="ListObjectsV2", nth=2, times=99))
    work = Restoration(config, Wish("data", own.out), claim="")
    with pytest.raises(SiteUnavailable, match="could not be listed"):
        list(work.found())
    assert not work.is_whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_ends_it_at_once(place: Place, full: Callable[[Path], None]) -> None:
    for number in range(30):
        place.put(f"f{number:02}", bytes(100_000))
    full(place.out)
    with pytest.raises(FatalError, match=os.strerror(errno.ENOSPC)) as caught:
        place.restore()
    assert "free space" in caught.value.hint
    assert [path.name for path in (place.out / ".s3syncd-restore").iterdir()] == ["claim"]


@pytest.fixture
def full() -> Iterator[Callable[[Path], None]]:
    """Put a file system of 1 MiB at a place."""
    import subprocess

    mounted: list[Path] = []

    def make(path: Path) -> None:
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("file systems cannot be mounted here")
        mounted.append(path)

    yield make
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)
