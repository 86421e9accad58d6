"""The oracle complains of what must never have happened, of each in its own words, of nothing else.

The histories are made by putting and deleting directly in a store that knows no client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.strict.blobs import LEAST_BYTES, FlawError, make_blob, read_blob
from tests.strict.diary import Diary, digest_of
from tests.strict.ending import end_run
from tests.strict.fake import FakeStore
from tests.strict.oracle import Oracle, Violation
from tests.strict.store import Options
from tests.strict.wire import Request

PREFIX = "p/"


@dataclass
class Scene:
    """A user with a diary and a client without scruples, on a clock of their own."""

    now: float = 1000.0
    diary: Diary = field(default_factory=Diary)
    contents: dict[str, bytes] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.store = FakeStore(options=Options(min_part_bytes=0), clock=lambda: self.now)
        self.store.create_bucket("bucket")
        self.store.create_bucket("other")
        self.oracle = Oracle(self.store, self.diary, bucket="bucket", prefix=PREFIX)

    # the user

    def blob(self, path: str, length: int = 300) -> bytes:
        self.count += 1
        return make_blob(self.count, path, self.count, length)

    def write(self, path: str, content: bytes | None = None) -> bytes:
        self.now += 1
        given = self.blob(path) if content is None else content
        self.diary.wrote(path, given, self.now)
        self.contents[path] = given
        return given

    def remove(self, path: str) -> None:
        self.now += 1
        self.diary.removed(path, self.now)
        del self.contents[path]

    def rename(self, old: str, new: str) -> None:
        self.now += 1
        self.diary.renamed(old, new, self.now)
        self.contents[new] = self.contents.pop(old)

    # the client

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> str:
        """Send a request; gives the ETag of the answer."""
        self.now += 1
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.store.serve(Request(method, target, named, body)).answer
        assert answer is not None
        assert answer.status < 300, answer
        return answer.headers.get("ETag", "")

    def put(self, path: str, content: bytes | None = None, **headers: str) -> str:
        body = self.contents[path] if content is None else content
        return self.ask("PUT", f"/bucket/{PREFIX}{path}", body, **headers)

    def delete(self, path: str, **headers: str) -> None:
        target = f"/bucket/{PREFIX}{path}"
        if not headers:
            headers = {"if_match": self.ask("HEAD", target)}
        self.ask("DELETE", target, b"", **headers)

    # the rules

    def broken(self) -> set[str]:
        """Give the rules that the oracle finds broken."""
        found: list[Violation] = []
        for rule in (
            self.oracle.every_version_is_whole, self.oracle.every_version_is_the_users,
            self.oracle.no_version_comes_back, self.oracle.every_deletion_is_the_users,
            self.oracle.every_deletion_names_what_it_deletes, self.oracle.no_rename_leaves_a_gap,
            self.oracle.nothing_elsewhere_was_touched,
        ):  # fmt: skip
            found += rule()
        if found:
            with pytest.raises(AssertionError):
                self.oracle.assert_sound()
        else:
            self.oracle.assert_sound()
        return {each.rule for each in found}


@pytest.fixture
def scene() -> Scene:
    return Scene()


# --- blobs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, LEAST_BYTES, 129, 255, 256, 65_535, 65_536, 100_001])
def test_a_blob_tells_what_it_is(length: int) -> None:
    content = make_blob(7, "a/b", 3, length)
    assert len(content) == length
    blob = read_blob(content)
    if length:
        assert blob is not None
        assert (blob.blob_id, blob.sequence, blob.length) == (7, 3, length)
        assert blob.path != read_blob(make_blob(7, "a/c", 3, length)).path  # type: ignore[union-attr]
    else:
        assert blob is None


@pytest.mark.parametrize("length", [300, 70_000])
def test_no_piece_or_mixture_of_blobs_is_one(length: int) -> None:
    one, other = make_blob(1, "p", 1, length), make_blob(2, "p", 2, length)
    longer = make_blob(1, "p", 1, length + 1)
    block = 128 if length < 65_536 else 4096
    half = length // 2 // block * block
    flawed = [
        one[:-1], one[1:], one[:half], one[half:], one + b"\0", one + one,
        one[:half] + other[half:], bytes(length), one[:-10] + bytes(10),
        one[:half] + longer[half:], one[block:] + one[:block], b"short", b"x" * 128,
        one[: length - 20] + bytes([one[length - 20] ^ 1]) + one[length - 19 :],
    ]  # fmt: skip
    for content in flawed:
        with pytest.raises(FlawError):
            read_blob(content)


def test_every_single_byte_of_a_blob_counts() -> None:
    content = make_blob(1, "p", 1, 257)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x20
        with pytest.raises(FlawError):
            read_blob(bytes(changed))


# --- what is right ------------------------------------------------------------------------------


def test_a_faithful_client_is_not_complained_of(scene: Scene) -> None:
    for number in range(3):
        scene.write("a")
        scene.put("a")
        scene.write("d/b", scene.blob("d/b", 70_000))
        scene.put("d/b")
        if number:
            scene.put("d/b")  # sent again, its answer was lost
    old = scene.contents["a"]
    scene.remove("a")
    scene.delete("a")
    scene.write("a", old)  # put back
    scene.put("a")
    scene.write("empty", b"")
    scene.put("empty")
    scene.rename("d/b", "d/c")
    scene.put("d/c")
    scene.delete("d/b")
    assert scene.broken() == set()
    assert scene.oracle.equal_to(scene.diary.files()) == []
    assert scene.oracle.no_upload_is_left() == []


def test_a_client_may_skip_what_was_soon_replaced(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.write("a")
    scene.remove("a")
    scene.write("a")
    scene.put("a")
    assert scene.broken() == set()


def test_what_was_read_before_a_deletion_may_arrive_after_it(scene: Scene) -> None:
    content = scene.write("a")
    scene.remove("a")
    scene.put("a", content)
    scene.delete("a")
    assert scene.broken() == set()


# --- what is wrong ------------------------------------------------------------------------------


def test_a_torn_version_is_found_though_it_was_soon_replaced(scene: Scene) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.put("a", old[:128] + new[128:])
    scene.put("a", new)
    assert scene.broken() == {"whole", "user's version"}


def test_a_truncated_version_is_found(scene: Scene) -> None:
    scene.put("a", scene.write("a")[:256])
    assert scene.broken() == {"whole", "user's version"}


def test_a_file_seen_empty_while_it_was_written_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a", b"")
    assert scene.broken() == {"user's version"}


def test_a_torn_upload_in_parts_is_found(scene: Scene) -> None:
    old, new = scene.write("a", scene.blob("a", 256)), scene.write("a", scene.blob("a", 256))
    target = f"/bucket/{PREFIX}a"
    scene.ask("POST", f"{target}?uploads")
    ((_, upload_id),) = scene.store.open_uploads("bucket")
    parts = ""
    for number, body in ((1, old[:128]), (2, new[128:])):
        etag = scene.ask("PUT", f"{target}?partNumber={number}&uploadId={upload_id}", body)
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    assert [each.rule for each in scene.oracle.no_upload_is_left()] == ["upload left"]
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    scene.ask("POST", f"{target}?uploadId={upload_id}", document.encode())
    assert scene.oracle.no_upload_is_left() == []
    assert scene.broken() == {"whole", "user's version"}


def test_a_version_at_the_wrong_key_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("b", scene.contents["a"])
    assert "user's version" in scene.broken()


def test_a_version_sent_before_it_was_written_is_found(scene: Scene) -> None:
    content = scene.blob("a")
    scene.put("a", content)
    scene.write("a", content)
    assert "user's version" in scene.broken()


def test_an_older_version_over_a_newer_one_is_found(scene: Scene) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.put("a", new)
    scene.put("a", old)
    scene.put("a", new)
    assert scene.broken() == {"order"}


def test_an_older_version_that_was_written_again_is_none(scene: Scene) -> None:
    old = scene.write("a")
    scene.put("a", scene.write("a"))
    scene.put("a", scene.write("a", old))
    assert scene.broken() == set()


def test_a_version_that_comes_back_after_its_deletion_is_found(scene: Scene) -> None:
    content = scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a")
    scene.put("a", content)
    assert scene.broken() == {"order"}


def test_a_deletion_of_what_nobody_deleted_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.delete("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_before_the_users_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.delete("a")
    scene.remove("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_a_file_that_was_made_again_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.write("a")
    scene.put("a")
    scene.delete("a")
    assert scene.broken() == {"user's deletion", "order"}


def test_two_deletions_for_one_of_the_users_are_found(scene: Scene) -> None:
    content = scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a")
    scene.put("a", content)
    scene.delete("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_a_foreign_object_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.remove("a")
    scene.put("a", b"theirs")
    scene.delete("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_many_at_once_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    body = f"<Delete><Object><Key>{PREFIX}a</Key></Object></Delete>".encode()
    scene.ask("POST", "/bucket?delete", body, x_amz_checksum_crc32=crc32(body))
    assert "user's deletion" in scene.broken()


def crc32(body: bytes) -> str:
    from tests.strict.checksums import checksum

    return checksum("crc32", body)


def test_a_rename_that_leaves_a_gap_is_found(scene: Scene) -> None:
    scene.write("old")
    scene.put("old")
    scene.rename("old", "new")
    scene.delete("old")
    scene.put("new")
    assert scene.broken() == {"rename"}


def test_a_renamed_file_that_was_edited_by_then_leaves_none(scene: Scene) -> None:
    scene.write("old")
    scene.put("old")
    scene.rename("old", "new")
    scene.write("new")
    scene.delete("old")
    scene.put("new")
    assert scene.broken() == set()


@pytest.mark.parametrize("headers", [{"user_agent": "x"}, {"if_match": "*"}])
def test_a_deletion_that_names_no_version_is_found(scene: Scene, headers: dict[str, str]) -> None:
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a", **headers)
    assert scene.broken() == {"conditional deletion"}


def test_a_deletion_that_named_another_version_is_found_where_the_store_ignores_it(
    scene: Scene,
) -> None:
    scene.store.options.has_conditions = False
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a", if_match='"other"')
    assert scene.broken() == {"conditional deletion"}


@pytest.mark.parametrize("target", ["/bucket/elsewhere", "/other/p/a"])
def test_a_request_elsewhere_is_found(scene: Scene, target: str) -> None:
    scene.ask("PUT", target, scene.write("a"))
    assert scene.broken() == {"elsewhere"}


def test_a_write_without_a_condition_is_found_where_there_must_be_one(scene: Scene) -> None:
    scene.write("a")
    etag = scene.put("a", if_none_match="*")
    scene.put("a", scene.write("a"), if_match=etag)
    assert scene.oracle.every_write_is_conditional() == []
    scene.put("a", scene.write("a"))
    assert [each.rule for each in scene.oracle.every_write_is_conditional()] == [
        "conditional write"
    ]


def test_sides_that_differ_are_found(scene: Scene) -> None:
    scene.write("same")
    scene.put("same")
    scene.write("missing")
    scene.write("old")
    scene.put("old")
    scene.write("old")
    scene.put("more", scene.blob("more"))
    found = scene.oracle.equal_to(scene.diary.files())
    assert {each.what.partition(":")[0] for each in found} == {"missing", "old", "more"}


def test_a_claim_of_what_never_was_is_found(scene: Scene) -> None:
    scene.write("a")
    before = scene.store.history().mark
    files = scene.diary.files()
    claim = scene.oracle.claim_was_true
    assert [each.rule for each in claim(files, since=before, until=before)] == ["claim"]
    scene.put("a")
    after = scene.store.history().mark
    assert claim(files, since=before, until=after) == []
    assert claim(files, since=after, until=after) == []
    scene.put("a", scene.write("a"))
    late = scene.store.history().mark
    assert claim(files, since=before, until=late) == []
    assert [each.rule for each in claim(files, since=late, until=late)] == ["claim"]


# --- the end of a run -----------------------------------------------------------------------------


@dataclass
class Actor:
    """A client that is done, and does something at a moment of a run's end."""

    scene: Scene
    mischief: str = ""
    act: Callable[[Scene], object] = lambda scene: None
    settled: int = 0

    def settle(self) -> None:
        self.settled += 1
        self._now(f"settle {self.settled}")

    def idle_cycle(self) -> None:
        self._now("idle")

    def lose_ledger(self) -> None:
        self._now("lose")

    def files(self) -> Mapping[str, str]:
        return {path: digest_of(content) for path, content in self.scene.contents.items()}

    def _now(self, moment: str) -> None:
        if moment == self.mischief:
            self.act(self.scene)


@pytest.fixture
def done(scene: Scene) -> Iterator[Scene]:
    scene.write("a")
    scene.put("a")
    scene.write("gone")
    scene.put("gone")
    scene.remove("gone")
    scene.delete("gone")
    yield scene


def test_a_run_that_ends_well_ends(done: Scene) -> None:
    end_run(Actor(done), done.oracle, done.store)


MISCHIEF: list[tuple[str, Callable[[Scene], object], str]] = [
    ("settle 1", lambda scene: scene.put("a", scene.contents["a"][:-1]), "whole"),
    ("settle 1", lambda scene: scene.write("b"), "equal"),
    ("settle 1", lambda scene: scene.ask("POST", f"/bucket/{PREFIX}a?uploads"), "upload left"),
    ("idle", lambda scene: scene.put("a"), "idle"),
    ("idle", lambda scene: scene.ask("POST", f"/bucket/{PREFIX}a?uploads"), "idle"),
    ("lose", lambda scene: scene.delete("a"), "no deletion"),
    ("settle 2", lambda scene: scene.delete("a"), "no deletion"),
    ("settle 2", lambda scene: scene.write("b"), "equal"),
    ("settle 2", lambda scene: scene.put("gone", scene.blob("gone")), "equal"),
]


@pytest.mark.parametrize(
    ("moment", "act", "rule"), MISCHIEF, ids=[f"{each[0]}: {each[2]}" for each in MISCHIEF]
)
def test_a_run_that_ends_badly_fails(
    done: Scene, moment: str, act: Callable[[Scene], object], rule: str
) -> None:
    with pytest.raises(AssertionError, match=rule):
        end_run(Actor(done, moment, act), done.oracle, done.store)


def test_a_deletion_that_failed_counts_in_the_end(done: Scene) -> None:
    def try_to_delete(scene: Scene) -> None:
        with pytest.raises(AssertionError, match="412"):
            scene.delete("a", if_match='"other"')

    with pytest.raises(AssertionError, match="no deletion"):
        end_run(Actor(done, "lose", try_to_delete), done.oracle, done.store)
