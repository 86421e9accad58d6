"""Three streams merged in one pass: what is not known, and what comes out of order."""

from collections.abc import Iterator

import pytest

from s3syncd.core.entry import Kind, LocalEntry, UnknownMark
from s3syncd.core.reconcile import StreamDisorderError, Tally, merge
from s3syncd.core.stream import LAST
from tests.core.entries import RETIRE, chunks, local, policy, remote, row


def plan(locals_=(), rows=(), remotes=(), rules=RETIRE, tally=None, size=3):
    """All actions of a pass over these entries; `remotes` None is a rescan."""
    there = None if remotes is None else chunks(remotes, size)
    merged = merge(
        chunks(locals_, size), chunks(rows, size), there, rules, tally if tally else Tally()
    )
    return list(merged)


def short(actions):
    return [(action.kind, action.path) for action in actions]


def test_three_equal_streams_need_nothing():
    paths = [f"d/{n:03}" for n in range(300)]
    tally = Tally()
    assert plan(
        [local(p) for p in paths], [row(p) for p in paths], [remote(p) for p in paths], tally=tally
    ) == []  # fmt: skip
    assert tally == Tally(
        local_files=300, local_bytes=3000, remote_objects=300, unchanged=300, position="d/299"
    )


def test_a_rescan_needs_no_listing():
    tally = Tally()
    actions = plan([local("a"), local("b", stamp=2)], [row("a"), row("b"), row("c")], None,
                   tally=tally)  # fmt: skip
    assert short(actions) == [(Kind.UPLOAD, "b"), (Kind.DELETE_REMOTE, "c")]
    assert tally == Tally(local_files=2, local_bytes=20, unchanged=1, position="c")


def test_a_long_plan_comes_in_path_order():
    paths = sorted(f"{n:04}" for n in range(1000))
    actions = plan([local(p) for p in paths], size=512)
    assert [action.path for action in actions] == paths
    assert {action.kind for action in actions} == {Kind.UPLOAD}


def test_keys_come_in_the_order_of_their_bytes_not_of_directories():
    # '-' sorts before '/', so a file beside a directory stands before what is in it.
    paths = ["d", "d-x", "d.y", "d/a", "d0", "é", "\uffff", "\U0001f600"]
    assert paths == sorted(paths, key=str.encode)
    tally = Tally()
    rows, objects = [row(p) for p in paths], [remote(p) for p in paths]
    assert plan([local(p) for p in paths], rows, objects, tally=tally) == []
    assert tally.unchanged == len(paths)


def test_what_the_pass_has_seen_is_counted():
    tally = Tally()
    plan(
        [local("changed", stamp=2), local("cold"), UnknownMark("link", "symlink"), local("new"),
         local("same")],
        [row("changed"), row("cold"), row("gone"), row("link"), row("same")],
        [remote("changed"), remote("cold", listed="GLACIER"), remote("foreign"), remote("gone"),
         remote("link"), remote("same")],
        policy(retire=True, storage_class="STANDARD"),
        tally,
    )  # fmt: skip
    assert tally == Tally(
        local_files=4, local_bytes=40, remote_objects=6, unchanged=2, foreign_objects=1,
        unknown=1, colder_objects=1, position="same",
    )  # fmt: skip


def test_a_class_to_change_is_no_unchanged_file():
    tally = Tally()
    rules = policy(storage_class="STANDARD_IA")
    actions = plan([local("a")], [row("a")], [remote("a")], rules, tally)
    assert short(actions) == [(Kind.RECLASS, "a")]
    assert tally.unchanged == 0


@pytest.mark.parametrize("mark", ["d/", ""])
@pytest.mark.parametrize("remotes", [None, [remote(p) for p in ("d/a", "d/b/c", "d/e")]])
def test_nothing_below_an_unreadable_directory_is_deleted(mark, remotes):
    rows = [row("d/a"), row("d/b/c"), row("d/e")]
    tally = Tally()
    assert plan([UnknownMark(mark, "unreadable")], rows, remotes, tally=tally) == []
    assert tally.unknown == 3


def test_a_mark_speaks_only_of_what_is_below_it():
    rows = [row(p) for p in ("d", "d-x", "d/a", "d0")]
    actions = plan([UnknownMark("d/", "unreadable")], rows, None)
    assert short(actions) == [
        (Kind.DELETE_REMOTE, p) for p in ("d", "d-x", "d0")
    ]  # fmt: skip


def test_a_mark_without_slash_speaks_of_one_name():
    rows = [row(p) for p in ("d", "d/a", "da")]
    actions = plan([UnknownMark("d", "symlink")], rows, None)
    assert short(actions) == [(Kind.DELETE_REMOTE, "d/a"), (Kind.DELETE_REMOTE, "da")]


def test_an_inner_mark_does_not_end_the_outer_one():
    marks = [UnknownMark("d/", "io_error"), UnknownMark("d/b/", "unreadable")]
    assert plan(marks, [row("d/a"), row("d/b/x"), row("d/c")], None) == []


def test_marks_follow_each_other():
    marks = [UnknownMark("a/", "io_error"), UnknownMark("c/", "unreadable")]
    actions = plan(marks, [row("a/x"), row("b/x"), row("c/x")], None)
    assert short(actions) == [(Kind.DELETE_REMOTE, "b/x")]


def test_a_file_seen_below_a_mark_is_still_a_file():
    locals_ = [UnknownMark("d/", "io_error"), local("d/a", stamp=2), local("d/b")]
    actions = plan(locals_, [row("d/a"), row("d/b"), row("d/c")], None)
    assert short(actions) == [(Kind.UPLOAD, "d/a")]


def test_an_undecodable_name_hides_nothing_behind_it():
    # By bytes \x80 stands before é, by str behind it.
    locals_ = [UnknownMark("\udc80", "undecodable_name"), local("é")]
    tally = Tally()
    assert plan(locals_, [row("é")], None, tally=tally) == []
    assert (tally.unknown, tally.unchanged) == (1, 1)


def test_behind_the_break_of_a_listing_nothing_is_known_of_the_bucket():
    locals_ = [local(p) for p in "abc"]
    rows = [row(p) for p in "abcd"]
    remotes = [remote("a"), UnknownMark("a", "listing_incomplete"), remote("zz")]
    tally = Tally()
    assert plan(locals_, rows, remotes, tally=tally) == []
    assert (tally.unchanged, tally.unknown, tally.remote_objects) == (1, 3, 1)
    assert plan([local("a")], [], [UnknownMark("", "listing_incomplete")]) == []


@pytest.mark.parametrize(
    ("locals_", "rows", "remotes"),
    [
        pytest.param([local("b"), local("a")], [], [], id="local files"),
        pytest.param([local("a"), local("a")], [], [], id="a local file twice"),
        pytest.param([], [row("b"), row("a")], [], id="baseline"),
        pytest.param([], [], [remote("b"), remote("a")], id="listing"),
        pytest.param([], [], [remote("a"), remote("a")], id="an object twice"),
        pytest.param([local("b"), UnknownMark("a/", "io_error")], [], [], id="a mark too late"),
        pytest.param(*[[f(p) for p in "ba"] for f in (local, row, remote)], id="all alike"),
        pytest.param([local("b"), local("a")], [row("b"), row("a")], None, id="rescan"),
    ],
)
def test_a_stream_out_of_order_voids_the_pass(locals_, rows, remotes):
    with pytest.raises(StreamDisorderError) as raised:
        plan(locals_, rows, remotes)
    assert raised.value.is_baseline == bool(rows)


def test_a_source_without_anything_yet_is_asked_again_later():
    ready = []
    asked = []

    def source() -> Iterator[list[LocalEntry] | None]:
        while len(ready) < 2:
            asked.append(len(ready))
            yield None
        yield ready

    merged = merge(source(), iter(()), None, RETIRE, Tally())
    assert next(merged) is None
    assert next(merged) is None
    ready[:] = [local("a"), local("b")]
    assert short(merged) == [(Kind.UPLOAD, "a"), (Kind.UPLOAD, "b")]
    assert asked == [0, 0]


def test_nothing_is_decided_before_all_three_spoke():
    merged = merge(iter([[local("a")]]), iter([[row("a")]]), iter([None, []]), RETIRE, Tally())
    assert next(merged) is None
    assert short(merged) == [(Kind.UPLOAD, "a")]


def test_only_one_chunk_of_each_stream_is_held():
    taken = {"local": 0, "remote": 0}

    def source(name, make):
        for number in range(100):
            taken[name] += 1
            yield [make(f"{number:03}{n}") for n in range(10)]

    merged = merge(source("local", local), iter(()), source("remote", remote), RETIRE, Tally())
    for _ in range(15):
        next(merged)
    assert taken == {"local": 2, "remote": 2}


def test_the_end_of_a_stream_stands_behind_every_path():
    assert LAST > "\U0010ffff" * 1024
    assert len(("\U0010ffff" * 1024).encode()) == 4096
