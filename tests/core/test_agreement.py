"""Merge says of each path what decide says, however its streams are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.core.entry import Kind, UnknownMark
from s3syncd.core.reconcile import StreamDisorderError, Tally, merge
from s3syncd.core.table import UNKNOWN, decide
from tests.core.entries import RETIRE, chunks, local, policy, remote, row

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
