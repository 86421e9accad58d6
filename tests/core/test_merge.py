from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.core.entry import Kind, LocalEntry, UnknownMark
from s3syncd.core.reconcile import StreamDisorderError, Tally, merge
from s3syncd.core.stream import LAST
from s3syncd.core.table import UNKNOWN, decide
from tests.core.entries import chunks, local, policy, remote, row

RETIRE = policy(retire=True)


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
    with pytest.raises(StreamDisorderError):
        plan(locals_, rows, remotes)


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


# --- merge says of each path what decide says ---------------------------------------------------

NAMES = st.text(st.sampled_from("ab/-é"), min_size=1, max_size=4).filter(
    lambda p: not p.startswith("/") and not p.endswith("/") and "//" not in p
)
SIDES = st.tuples(
    st.sampled_from([None, "same", "touched", "edited", "marked"]),
    st.booleans(),
    st.sampled_from([None, "same", "reput", "replaced", "cold"]),
)


def local_of(path, state):
    match state:
        case "same":
            return local(path)
        case "touched":
            return local(path, stamp=2)
        case "edited":
            return local(path, size=99, stamp=3)
        case "marked":
            return UnknownMark(path, "special_file")


def remote_of(path, state):
    match state:
        case "same":
            return remote(path)
        case "reput":
            return remote(path, etag="e2")
        case "replaced":
            return remote(path, size=99, etag="e3")
        case "cold":
            return remote(path, listed="GLACIER")


@st.composite
def chunked(draw, entries):
    """The entries as a stream: chunks of any size, empty ones, and moments without anything."""
    stream, start = [], 0
    while start < len(entries):
        stream += draw(st.lists(st.sampled_from([None, []]), max_size=2))
        size = draw(st.integers(1, len(entries)))
        stream.append(entries[start : start + size])
        start += size
    return stream + draw(st.lists(st.just(None), max_size=1))


RULES = st.builds(
    policy,
    st.sampled_from(["upload", "download", "two-way"]),
    retire=st.booleans(),
    foreign=st.booleans(),
    hold=st.booleans(),
    storage_class=st.sampled_from([None, "STANDARD_IA", "STANDARD"]),
    covers=st.sampled_from([lambda _path: True, lambda path: "b" not in path]),
)


@st.composite
def worlds(draw):
    rules = draw(RULES)
    sides = draw(st.dictionaries(NAMES, SIDES, max_size=12))
    for path, (here, *others) in sides.items():
        if not rules.covers(path) and here != "marked":  # the scanner yields only what is covered
            sides[path] = (None, *others)
    trees = draw(st.sets(st.sampled_from(["", "a/", "b/", "a/b/", "é/"]), max_size=2))
    locals_ = sorted(
        [local_of(p, s[0]) for p, s in sides.items() if s[0]]
        + [UnknownMark(tree, "io_error") for tree in trees]
    )
    rows = sorted(row(p) for p, s in sides.items() if s[1])
    remotes = sorted(remote_of(p, s[2]) for p, s in sides.items() if s[2])
    is_listed = draw(st.booleans())
    streams = [draw(chunked(entries)) for entries in (locals_, rows, remotes)]
    return rules, sides, trees, is_listed, streams


def merged_in(world, tally):
    rules, _sides, _trees, is_listed, (locals_, rows, remotes) = world
    there = iter(remotes) if is_listed else None
    return [a for a in merge(iter(locals_), iter(rows), there, rules, tally) if a]


def decided_one_by_one(world):
    rules, sides, trees, is_listed, _streams = world
    for path in sorted(sides):
        here, has_row, there = sides[path]
        found = local_of(path, here)
        is_below = any(path.startswith(tree) for tree in trees)
        if isinstance(found, UnknownMark) or (found is None and is_below):
            found = UNKNOWN
        base = row(path) if has_row else None
        yield decide(path, found, base, remote_of(path, there), rules, is_listed=is_listed)


@given(worlds())
@settings(max_examples=300)
def test_merge_says_of_each_path_what_decide_says(world):
    tally = Tally()
    assert merged_in(world, tally) == [action for action in decided_one_by_one(world) if action]
    _rules, sides, _trees, is_listed, _streams = world
    assert tally.local_files == sum(s[0] not in {None, "marked"} for s in sides.values())
    assert tally.remote_objects == (sum(bool(s[2]) for s in sides.values()) if is_listed else 0)


@given(worlds())
@settings(max_examples=300)
def test_a_rescan_by_stat_rows_says_the_same_and_reads_rows_where_something_differs(world):
    rules, sides, trees, _is_listed, (locals_, rows, remotes) = world
    asked = []

    def row_of(path):
        asked.append(path)
        return row(path)

    stats = [chunk if chunk is None else [tuple(each[:6]) for each in chunk] for chunk in rows]
    whole, slim = Tally(), Tally()
    merged = merge(iter(locals_), iter(stats), None, rules, slim, row_of=row_of)
    rescan = (rules, sides, trees, False, (locals_, rows, remotes))
    assert [a for a in merged if a] == merged_in(rescan, whole)
    assert slim == whole
    assert len(asked) == len(set(asked))


def test_equal_runs_are_not_read_twice():
    paths = [f"d/{n:04}" for n in range(1500)]
    tally = Tally()
    stats = [tuple(row(path)[:6]) for path in paths]
    locals_ = [local(path) for path in paths]
    merged = merge(
        chunks(locals_, 512), chunks(stats, 1000), None, RETIRE, tally, row_of=lambda _path: 1 / 0
    )
    assert list(merged) == []
    assert tally == Tally(
        local_files=1500, local_bytes=15_000, unchanged=1500, position="d/1499"
    )  # fmt: skip


@pytest.mark.parametrize("paths", [["b", "a"], ["a", "a"], ["a", "c", "b", "d"]])
def test_streams_that_are_out_of_order_alike_void_a_rescan(paths):
    stats = [tuple(row(path)[:6]) for path in paths]
    merged = merge(iter([list(map(local, paths))]), iter([stats]), None, RETIRE, Tally(),
                   row_of=row)  # fmt: skip
    with pytest.raises(StreamDisorderError):
        list(merged)


@given(worlds())
@settings(max_examples=300)
def test_no_deletion_at_or_under_a_mark(world):
    _rules, sides, trees, _is_listed, _streams = world
    for action in merged_in(world, Tally()):
        if action.kind is Kind.DELETE_REMOTE:
            assert sides[action.path][0] != "marked"
            assert not any(action.path.startswith(tree) for tree in trees)
        assert action.kind is not Kind.DELETE_LOCAL or action.local is not None
