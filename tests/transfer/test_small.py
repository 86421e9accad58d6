"""An upload in one request sends a whole, quiet file, once, and says truly what it did."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from s3syncd.core.entry import Kind, Result, Settle
from s3syncd.core.retry import FailureKind
from s3syncd.core.safety import RootIdentity
from s3syncd.local.files import try_read_lease
from s3syncd.local.identity import identity_of
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.transfer import EtagLearnt, TransferSettings
from s3syncd.transfer.outcomes import from_failure
from tests.descriptors import held_below
from tests.fakes_bucket import failure
from tests.transfer.world import CLOSED, MIB, World

OPEN = Settle(is_closed=False)
PAST = Settle(is_closed=False, is_past_deadline=True)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "root")


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


# --- what is sent ---------------------------------------------------------------------------------


def test_object_holds_the_bytes_of_the_file_and_the_row_its_stat(world: World) -> None:
    entry = world.write("d/a.txt", b"hello")
    outcome = world.carry_out(world.upload("d/a.txt"))
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", False)
    assert world.bucket.objects["p/d/a.txt"].body == b"hello"
    assert outcome.row is not None
    assert outcome.row[:6] == tuple(entry)
    assert (outcome.row.md5, outcome.row.etag) == (md5(b"hello"), md5(b"hello"))
    assert outcome.sent_bytes == 5


def test_empty_file_is_an_object_too(world: World) -> None:
    world.write("empty", b"")
    assert world.carry_out(world.upload("empty")).effect == "put"
    assert world.bucket.objects["p/empty"].body == b""


def test_request_carries_md5_times_mode_and_type(world: World) -> None:
    world.write("a.json", b"{}")
    os.utime(world.root / "a.json", ns=(0, 1_234_567_890_000_000_007))
    world.carry_out(world.upload("a.json"))
    told = world.bucket.last("put")
    assert told["md5"] == hashlib.md5(b"{}").digest()
    assert told["content_type"] == "application/json"
    assert told["metadata"]["mtime"] == "1234567890.000000007"
    assert told["metadata"]["mode"] == str(world.entry("a.json").mode)
    assert told["metadata"]["s3syncd-md5"] == md5(b"{}")
    assert "s3syncd-op" not in told["metadata"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.tar.gz", "application/gzip"),
        ("A.HTML", "text/html"),
        ("README", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("dir.html/x", "application/octet-stream"),
    ],
)
def test_content_type_is_guessed_from_the_last_name(world: World, name: str, kind: str) -> None:
    world.write(name, b"x")
    world.carry_out(world.upload(name))
    assert world.bucket.last("put")["content_type"] == kind


def test_operation_id_of_the_intent_stands_in_the_object(world: World) -> None:
    world.write("a", b"x")
    world.carry_out(world.upload("a"), intent=world.intent("a", op_id="op-7"))
    assert world.bucket.objects["p/a"].metadata["s3syncd-op"] == "op-7"


def test_class_is_asked_for_only_if_configured(tmp_path: Path) -> None:
    plain = World(tmp_path / "plain")
    plain.write("a", b"x")
    row = plain.carry_out(plain.upload("a")).row
    assert plain.bucket.last("put")["storage_class"] is None
    assert row is not None
    assert row.storage_class == "STANDARD"
    cold = World(tmp_path / "cold", storage_class="STANDARD_IA")
    cold.write("a", b"x")
    row = cold.carry_out(cold.upload("a")).row
    assert cold.bucket.last("put")["storage_class"] == "STANDARD_IA"
    assert row is not None
    assert row.storage_class == "STANDARD_IA"


# --- quiet ----------------------------------------------------------------------------------------


def test_file_younger_than_the_settle_time_waits(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 0.0
    outcome = world.carry_out(world.upload("a"), settle=Settle(quiet_seconds=30, is_closed=True))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds is not None
    assert 25 < outcome.due_in_seconds <= 30
    assert not world.bucket.requests


def test_file_changed_since_it_was_decided_on_is_no_older_than_that(world: World) -> None:
    """The clock leapt ahead while somebody was writing: by its stat it is an hour old."""
    world.write("a", b"x")
    action = world.upload("a")
    world.write("a", b"half of it")
    world.ahead_seconds = 3600.0
    ago = Settle(is_closed=True, decided_seconds_ago=0.03)
    with (world.root / "a").open("ab"):
        outcome = world.carry_out(action, settle=ago)
        assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
        assert not world.bucket.requests
    assert world.carry_out(world.upload("a"), settle=ago).result is Result.DONE


def test_file_that_may_be_open_and_has_a_writer_waits(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 1.0
    with (world.root / "a").open("ab"):
        outcome = world.carry_out(world.upload("a"), settle=OPEN)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds is not None
    assert 3.5 < outcome.due_in_seconds <= 4.0
    assert not world.bucket.requests


def test_closed_file_that_is_begun_anew_waits_for_its_writer(world: World) -> None:
    world.write("a", b"whole")
    with (world.root / "a").open("rb") as file:
        if not try_read_lease(file.fileno()):
            pytest.skip("no leases on this filesystem")
    world.ahead_seconds = 1.0
    with (world.root / "a").open("wb") as writer:  # what was heard is the close of the one before
        outcome = world.carry_out(world.upload("a"), settle=CLOSED)
        assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
        assert outcome.due_in_seconds is not None
        assert 3.5 < outcome.due_in_seconds <= 4.0
        writer.write(b"anew")
    assert world.carry_out(world.upload("a"), settle=CLOSED).effect == "put"
    assert [each.body for each in world.bucket.objects.values()] == [b"anew"]


def test_file_without_a_writer_need_not_wait_the_open_seconds(world: World) -> None:
    world.write("a", b"x")
    with (world.root / "a").open("rb") as file:
        if not try_read_lease(file.fileno()):
            pytest.skip("no leases on this filesystem")
    world.ahead_seconds = 1.0
    assert world.carry_out(world.upload("a"), settle=OPEN).effect == "put"


def test_file_untouched_for_the_open_seconds_is_sent_despite_a_writer(world: World) -> None:
    world.write("a", b"x")
    world.ahead_seconds = 6.0
    with (world.root / "a").open("ab"):
        assert world.carry_out(world.upload("a"), settle=OPEN).effect == "put"


def test_mtime_set_into_the_future_does_not_keep_a_file_from_being_sent(world: World) -> None:
    world.write("a", b"x")
    os.utime(world.root / "a", ns=(0, 4_000_000_000_000_000_000))
    assert world.carry_out(world.upload("a")).effect == "put"


def test_both_times_in_the_future_count_from_the_first_sighting(world: World) -> None:
    entry = world.write("a", b"x")
    world.ahead_seconds = -3600.0
    fresh = world.carry_out(world.upload("a"))
    assert (fresh.result, fresh.reason) == (Result.SUPERSEDED, "not_quiet")
    settle = replace(CLOSED, first_seen_wall_ns=entry.mtime_ns - 3_700_000_000_000)
    assert world.carry_out(world.upload("a"), settle=settle).effect == "put"


# --- torn -----------------------------------------------------------------------------------------


def test_file_that_grows_while_it_is_read_is_not_sent(world: World) -> None:
    world.write("a", b"half")
    world.while_reading(lambda: world.rewrite("a", b"half and the rest"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_while_reading")
    assert outcome.due_in_seconds is not None
    assert not world.bucket.requests


def test_rewrite_that_keeps_size_and_mtime_is_noticed_by_its_ctime(world: World) -> None:
    world.write("a", b"aaaa")
    world.while_reading(lambda: world.rewrite("a", b"bbbb", keep_mtime=True))
    assert world.carry_out(world.upload("a")).reason == "changed_while_reading"
    assert not world.bucket.requests


def test_file_replaced_while_it_is_sent_is_stale(world: World) -> None:
    world.write("a", b"old")
    world.write("b", b"new")
    world.bucket.on("put", lambda: (world.root / "b").rename(world.root / "a"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert outcome.row is not None
    assert outcome.row.md5 == md5(b"old")


def test_directory_renamed_while_its_file_is_sent_makes_it_stale(world: World) -> None:
    world.write("d/a", b"x")
    world.bucket.on("put", lambda: (world.root / "d").rename(world.root / "e"))
    outcome = world.carry_out(world.upload("d/a"))
    assert (outcome.result, outcome.is_stale) == (Result.DONE, True)


def test_root_gone_after_the_response_still_records_the_effect(world: World) -> None:
    world.write("a", b"x")
    world.bucket.on("put", lambda: world.root.rename(world.root.with_name("away")))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.effect, outcome.is_stale) == ("put", True)
    assert outcome.row is not None


def test_file_much_larger_than_decided_is_not_read(tmp_path: Path) -> None:
    world = World(tmp_path / "root")
    world.transfer = world.make(TransferSettings(world.policy))
    world.write("a", b"x")
    action = world.upload("a")
    world.write("a", bytes(2 * MIB))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "changed_since_decided")
    assert not world.bucket.requests


# --- the deadline ---------------------------------------------------------------------------------


def test_growing_file_past_its_deadline_is_sent_up_to_its_first_size(world: World) -> None:
    world.write("log", b"one\n")
    world.ahead_seconds = 0.01
    world.while_reading(lambda: world.rewrite("log", b"one\ntwo\n"))
    settle = replace(PAST, quiet_seconds=60.0)
    with (world.root / "log").open("ab"):
        outcome = world.carry_out(world.upload("log"), settle=settle)
    assert (outcome.result, outcome.effect, outcome.is_stale) == (Result.DONE, "put", True)
    assert world.bucket.objects["p/log"].body == b"one\n"


@pytest.mark.parametrize("ahead_seconds", [0.0, 1.0])
def test_empty_file_with_a_writer_is_not_sent_past_its_deadline(
    world: World, ahead_seconds: float
) -> None:
    """Nothing has grown yet; what is there may be a file that was just begun anew."""
    world.write("log", b"")
    world.ahead_seconds = ahead_seconds
    settle = replace(PAST, quiet_seconds=0.5)
    with (world.root / "log").open("ab"):
        outcome = world.carry_out(world.upload("log"), settle=settle)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "not_quiet")
    assert outcome.due_in_seconds
    assert not world.bucket.requests


def test_empty_file_that_has_rested_is_sent_though_it_has_a_writer(world: World) -> None:
    """As locks and new logs are."""
    world.write("lock", b"")
    with (world.root / "lock").open("ab"):
        outcome = world.carry_out(world.upload("lock"), settle=PAST)
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")


def test_row_of_a_file_too_young_to_judge_equals_no_later_stat(world: World) -> None:
    world.write("log", b"one\n")
    world.ahead_seconds = 0.0
    outcome = world.carry_out(world.upload("log"), settle=replace(PAST, quiet_seconds=60.0))
    assert outcome.row is not None
    assert outcome.row[:5] != world.entry("log")[:5]
    assert outcome.is_stale


def test_file_past_its_deadline_that_changes_without_growing_is_unstable(world: World) -> None:
    world.write("db", b"aaaa")
    world.ahead_seconds = 0.01
    world.while_reading(lambda: world.rewrite("db", b"bbbb"))
    outcome = world.carry_out(world.upload("db"), settle=PAST)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "unstable")
    assert outcome.hint
    assert not world.bucket.requests


def test_file_past_its_deadline_known_to_be_rewritten_in_place_is_unstable(world: World) -> None:
    world.write("db", b"aaaa")
    world.bucket.store("p/db", b"aaaa")
    row = world.row("db")
    world.rewrite("db", b"bb--")
    world.ahead_seconds = 0.01
    with (world.root / "db").open("r+b"):
        outcome = world.carry_out(world.upload("db", baseline=row, row=9), settle=PAST)
    assert outcome.reason == "unstable"
    assert world.bucket.count("put") == 0


# --- unchanged ------------------------------------------------------------------------------------


def test_touch_alone_sends_nothing_and_renews_the_row(world: World) -> None:
    world.write("a", b"same")
    world.bucket.store("p/a", b"same", storage_class="STANDARD_IA")
    row = world.row("a")
    entry = world.touch("a")
    outcome = world.carry_out(world.action("a", baseline=row))
    assert (outcome.result, outcome.effect) == (Result.DONE, "unchanged")
    assert outcome.row == row._replace(
        mtime_ns=entry.mtime_ns, ctime_ns=entry.ctime_ns, inode=entry.inode
    )
    assert not world.bucket.requests


def test_equal_content_is_sent_where_the_object_is_not_the_baselines(world: World) -> None:
    world.write("a", b"same")
    world.bucket.store("p/a", b"same")
    row = world.row("a")
    del world.bucket.objects["p/a"]
    vanished = world.carry_out(world.action("a", baseline=row))
    assert vanished.effect == "put"
    world.bucket.store("p/a", b"foreign and longer")
    drifted = world.carry_out(world.action("a", baseline=row))
    assert drifted.effect == "put"
    assert world.bucket.objects["p/a"].body == b"same"


# --- conditions -----------------------------------------------------------------------------------


def test_put_is_unconditional_where_the_local_side_is_the_authority(world: World) -> None:
    world.write("a", b"mine")
    world.bucket.store("p/a", b"theirs, longer")
    assert world.carry_out(world.action("a")).effect == "put"
    told = world.bucket.last("put")
    assert (told["if_match"], told["if_none_match"]) == (None, False)


def test_put_is_conditional_on_what_was_seen_where_drift_is_held(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"one")
    row = world.carry_out(world.action("a")).row
    assert world.bucket.last("put")["if_none_match"] is True
    assert row is not None
    world.rewrite("a", b"two, longer")
    world.carry_out(world.action("a", baseline=row, is_listed=False))
    assert world.bucket.last("put")["if_match"] == row.etag


def test_lost_condition_overwrites_nothing_and_holds_the_drift(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    action = world.action("a")
    world.bucket.store("p/a", b"theirs, longer")
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.CONFLICT
    assert world.bucket.objects["p/a"].body == b"theirs, longer"


def test_condition_lost_to_ourselves_is_a_success(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    told = failure(FailureKind.PRECONDITION, "PreconditionFailed", 412)
    world.bucket.fail("put", told, is_applied=True)
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.effect) == (Result.DONE, "put")
    assert world.bucket.count("put") == 1


def test_an_answer_that_misses_what_shall_not_be_there_is_not_asked_for_again_at_once(
    tmp_path: Path,
) -> None:
    """A proxy on the way, or a key the server cannot read, says 404 without a word of S3."""
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    world.bucket.fail("put", failure(FailureKind.MISSING, "HTTP404", 404))
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.reason) == (Result.RETRYABLE, "vanished")
    assert outcome.hint.startswith("It is not there"), "it tells what to do"
    assert not world.bucket.count("head")


def test_look_that_fails_after_a_lost_condition_leaves_the_effect_unknown(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", b"mine")
    told = failure(FailureKind.PRECONDITION, "PreconditionFailed", 412)
    world.bucket.fail("put", told, is_applied=True)
    world.bucket.fail("head", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.action("a"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, True)


# --- ETags ----------------------------------------------------------------------------------------


def test_differing_etag_is_learnt_and_no_reason_to_send_again(world: World) -> None:
    world.bucket.etag_of = lambda body: md5(b"salt" + body)
    world.write("a", b"x")
    outcome = world.carry_out(world.upload("a"))
    assert outcome.effect == "put"
    assert outcome.row is not None
    assert outcome.row.etag == md5(b"saltx")
    assert world.notes == [EtagLearnt(False)]
    assert world.bucket.count("put") == 1
    world.carry_out(world.upload("a"))
    assert len(world.notes) == 1


def test_equal_etag_is_learnt_once(world: World) -> None:
    world.write("a", b"x")
    world.carry_out(world.upload("a"))
    world.carry_out(world.upload("a"))
    assert world.notes == [EtagLearnt(True)]


def test_etag_under_a_kms_key_teaches_nothing(world: World) -> None:
    world.bucket.etag_of = lambda body: md5(b"salt" + body)
    world.bucket.answer_headers = {"x-amz-server-side-encryption": "aws:kms"}
    world.write("a", b"x")
    assert world.carry_out(world.upload("a")).effect == "put"
    assert world.notes == []


# --- what cannot be sent --------------------------------------------------------------------------


def test_absent_file_is_superseded(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    (world.root / "a").unlink()
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.local_state) == (Result.SUPERSEDED, "absent")


@pytest.mark.parametrize("place", ["d/a", "d"])
def test_no_link_is_followed(world: World, tmp_path: Path, place: str) -> None:
    world.write("d/a", b"inside")
    action = world.upload("d/a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"secret")
    (world.root / "d" / "a").unlink()
    if place == "d":
        (world.root / "d").rmdir()
        (world.root / "d").symlink_to(outside)
    else:
        (world.root / "d" / "a").symlink_to(outside / "a")
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.local_state) == (Result.SUPERSEDED, "special")
    assert not world.bucket.requests


def test_fifo_in_the_place_of_a_file_hangs_nobody(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    (world.root / "a").unlink()
    os.mkfifo(world.root / "a")
    assert world.carry_out(action).local_state == "special"


def test_missing_root_is_the_roots_trouble(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    world.root.rename(world.root.with_name("away"))
    outcome = world.carry_out(action)
    assert (outcome.result, outcome.scope) == (Result.RETRYABLE, "root")
    assert outcome.reason == "root_missing"


def test_root_behind_a_link_is_missing(world: World) -> None:
    world.write("a", b"x")
    action = world.upload("a")
    away = world.root.with_name("away")
    world.root.rename(away)
    world.root.symlink_to(away)
    assert world.carry_out(action).reason == "root_missing"


def test_another_directory_in_the_roots_place_sends_nothing(world: World) -> None:
    world.write("a", b"mine")
    fd = os.open(world.root, os.O_RDONLY)
    world.transfer.accept_root(identity_of(fd))
    os.close(fd)
    action = world.upload("a")
    assert world.carry_out(action).effect == "put"
    world.root.rename(world.root.with_name("away"))
    world.root.mkdir()
    world.write("a", b"another disk's")
    outcome = world.carry_out(action)
    assert (outcome.reason, outcome.scope) == ("root_replaced", "root")
    assert world.bucket.objects["p/a"].body == b"mine"


def test_any_root_will_do_again_after_the_check_is_taken_back(world: World) -> None:
    world.write("a", b"x")
    world.transfer.accept_root(RootIdentity(1, 1))
    assert world.carry_out(world.upload("a")).reason == "root_replaced"
    world.transfer.accept_root(None)
    assert world.carry_out(world.upload("a")).effect == "put"


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "result", "scope", "reason"),
    [
        (FailureKind.THROTTLED, Result.RETRYABLE, "bucket", "throttled"),
        (FailureKind.TRANSIENT, Result.RETRYABLE, "path", "transient"),
        (FailureKind.CREDENTIALS, Result.RETRYABLE, "bucket", "credentials"),
        (FailureKind.BUCKET, Result.RETRYABLE, "bucket", "bucket_unavailable"),
        (FailureKind.CLOCK, Result.RETRYABLE, "bucket", "clock_skewed"),
        (FailureKind.PRECONDITION, Result.SUPERSEDED, "path", "foreign_change"),
        (FailureKind.MISSING, Result.RETRYABLE, "path", "vanished"),
        (FailureKind.CONFLICT, Result.SUPERSEDED, "path", "concurrent_change"),
        (FailureKind.REFUSED, Result.REFUSED, "path", "refused"),
        (FailureKind.LOCAL, Result.RETRYABLE, "path", "local_error"),
        (FailureKind.CANCELED, Result.RETRYABLE, "path", "canceled"),
    ],
)
@pytest.mark.parametrize("is_unknown", [False, True])
def test_failure_says_whose_trouble_it_is(
    world: World, kind: FailureKind, result: Result, scope: str, reason: str, is_unknown: bool
) -> None:
    world.write("a", b"x")
    world.bucket.fail("put", failure(kind, is_unknown=is_unknown))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.scope, outcome.reason) == (result, scope, reason)
    assert outcome.is_unknown is is_unknown
    assert outcome.row is None


def test_every_kind_of_failure_has_a_verdict(world: World) -> None:
    world.write("a", b"x")
    for kind in FailureKind:
        assert from_failure(world.upload("a"), failure(kind)).result is not Result.DONE


def test_forbidden_key_is_refused_by_name(world: World) -> None:
    world.write("a", b"x")
    world.bucket.fail("put", failure(FailureKind.REFUSED, "AccessDenied", 403))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason) == (Result.REFUSED, "access_denied")
    assert "AccessDenied" in outcome.hint


@pytest.mark.parametrize(
    ("number", "result", "reason"),
    [
        (errno.EACCES, Result.REFUSED, "unreadable"),
        (errno.EMFILE, Result.RETRYABLE, "too_many_open_files"),
        (errno.EIO, Result.RETRYABLE, "io_error"),
    ],
)
def test_error_of_the_system_is_never_an_absence(
    world: World, number: int, result: Result, reason: str
) -> None:
    world.write("a", b"x")

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    world.while_reading(fail)
    before = held_below(Path("/"))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.reason, outcome.local_state) == (result, reason, "unknown")
    assert held_below(Path("/")) == before


def test_bucket_without_contact_is_tried_again(world: World) -> None:
    world.write("a", b"x")
    world.bucket = Bucket(BucketSettings(bucket="b"))  # type: ignore[assignment]
    world.transfer = world.make(TransferSettings(world.policy))
    outcome = world.carry_out(world.upload("a"))
    assert (outcome.result, outcome.is_unknown) == (Result.RETRYABLE, False)


def test_broken_body_replaces_nothing(world: World) -> None:
    world.bucket.store("p/a", b"good copy")
    world.write("a", b"newer content")
    told = failure(FailureKind.TRANSIENT, "BadDigest", 400)
    world.bucket.fail("put", told)
    assert world.carry_out(world.upload("a")).result is Result.RETRYABLE
    assert world.bucket.objects["p/a"].body == b"good copy"


def test_kinds_without_a_transfer_are_answered_too(world: World) -> None:
    world.write("a", b"x")
    assert world.carry_out(world.upload("a", kind=Kind.FORGET)).result is Result.DONE
    assert world.carry_out(world.upload("a", kind=Kind.DOWNLOAD)).result is Result.REFUSED


def test_admission_counts_what_the_call_will_hold(world: World) -> None:
    world.write("small", bytes(1000))
    world.write("large", bytes(2 * MIB))
    assert world.transfer.bytes_for(world.upload("small")) == 1000
    assert world.transfer.bytes_for(world.upload("large")) == 0
    assert world.transfer.bytes_for(world.upload("small", kind=Kind.ADOPT)) == 0
