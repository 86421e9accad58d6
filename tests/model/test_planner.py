"""One tree, changed twice, on either side: what the planner does about it, in every mode.

`MODEL_EXAMPLES=100000` asks for more than the few hundred trees of a common run.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.core.entry import Action, Kind, UnknownMark
from s3syncd.core.reconcile import Policy, Tally, merge
from tests.core.entries import policy
from tests.core.test_laws import World, contents

pytestmark = pytest.mark.timeout(0 if "MODEL_EXAMPLES" in os.environ else 60)

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "60"))
MOST_ROUNDS = 200
# Files and directories that sort otherwise than they stand in the tree, and names below names.
PATHS = ["a", "a!", "a-b", "a.d/x", "a/b", "a/b/c", "a0", "b", "b/ä", "z"]
CONTENTS = [0, 1, 2]

EVENTS = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["gone", "touch", *CONTENTS]))
RULES = st.builds(
    policy,
    st.sampled_from(["upload", "download", "two-way"]),
    retire=st.booleans(),
    foreign=st.booleans(),
    hold=st.booleans(),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A tree that both sides agreed on, changed by two writers, each on a side, or on both."""
    world = World()
    tree = draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS)))
    for path, content in tree.items():
        world.write(path, content)
        world.put(path, content)
        world.agree(path)
    for side, change in ((world.files, world.write), (world.objects, world.put)):
        for path, event in draw(EVENTS).items():
            if event == "gone":
                side.pop(path, None)
            elif event != "touch":
                change(path, event)
            elif path in side:
                change(path, side[path][1])
    return world


def cut(entries: Sequence[Any], sizes: Sequence[int]) -> Iterator[Sequence[Any] | None]:
    """A stream in chunks of any size; 0 is a source that has nothing yet."""
    at, turn = 0, 0
    while at < len(entries):
        size = sizes[turn % len(sizes)] if sizes else 1
        yield entries[at : at + size] if size else None
        at, turn = at + max(size, 0), turn + 1


def planned(
    world: World, rules: Policy, sizes: Sequence[Sequence[int]] = ((2,), (2,), (2,)),
    *, marks: Sequence[UnknownMark] = (), is_listed: bool = True,
) -> list[Action]:  # fmt: skip
    hidden = tuple(mark.path for mark in marks)
    files = [world.files[p][0] for p in sorted(world.files) if not p.startswith(hidden or "\0")]
    local = sorted([*files, *marks], key=lambda entry: entry[0])
    rows = [world.baseline[p] for p in sorted(world.baseline)]
    objects = [world.objects[p][0] for p in sorted(world.objects)]
    streams = [cut(side, each) for side, each in zip((local, rows, objects), sizes, strict=True)]
    found = merge(streams[0], streams[1], streams[2] if is_listed else None, rules, Tally())
    return [action for action in found if action is not None]


def settle(world: World, rules: Policy, *, is_reversed: bool = False) -> int:
    """Carry out what is planned until nothing is; give how many rounds that took."""
    for number in range(MOST_ROUNDS):
        actions = [action for action in planned(world, rules) if action.path not in world.held]
        if not actions:
            return number
        for action in reversed(actions) if is_reversed else actions:
            world.carry_out(action, rules)
    raise AssertionError(f"no end: {actions}")


SIZES = st.lists(st.integers(0, 4), max_size=4).filter(lambda sizes: not sizes or any(sizes))


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES)
def test_planning_ends_and_the_sides_agree(world: World, rules: Policy) -> None:
    assert settle(world, rules) < MOST_ROUNDS
    assert {action.path for action in planned(world, rules)} <= world.held
    for path in world.held:
        del world.files[path], world.objects[path]
        world.baseline.pop(path, None)
    here, there = contents(world.files), contents(world.objects)
    assert rules.mode == "download" or here.items() <= there.items()
    assert rules.mode == "upload" or there.items() <= here.items()
    for path, row in world.baseline.items():
        if path in world.objects:
            assert world.objects[path][0].etag == row.etag


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES)
def test_nothing_is_lost_that_nobody_superseded(world: World, rules: Policy) -> None:
    """What was changed and not overwritten by its own side is somewhere, or policy says where."""
    before = copy.deepcopy(world)
    settle(world, rules)
    everywhere = {*contents(world.files).values(), *contents(world.objects).values()}
    for path, (entry, content) in before.files.items():
        row = before.baseline.get(path)
        is_edited = row is None or entry[1:5] != row[1:5]
        assert (rules.mode != "upload" and not is_edited) or content in everywhere, path
    for path, (entry, content) in before.objects.items():
        row = before.baseline.get(path)
        is_foreign = row is None or entry.etag != row.etag
        if rules.mode == "upload" and is_foreign and path not in before.files:
            is_retired = rules.retire_deleted and rules.retire_foreign
            assert is_retired or world.objects[path][1] == content
        elif rules.mode != "upload" and is_foreign:
            assert content in everywhere, path


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES, st.tuples(SIZES, SIZES, SIZES))
def test_how_the_streams_are_cut_makes_no_difference(
    world: World, rules: Policy, sizes: tuple[list[int], list[int], list[int]]
) -> None:
    assert planned(world, rules, sizes) == planned(world, rules)


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES)
def test_the_order_of_carrying_out_makes_no_difference(world: World, rules: Policy) -> None:
    other = copy.deepcopy(world)
    settle(world, rules)
    settle(other, rules, is_reversed=True)
    if rules.mode == "two-way":  # conflict copies are named by the clock
        assert sorted(contents(world.files).values()) == sorted(contents(other.files).values())
    else:
        assert contents(world.objects) == contents(other.objects)


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES)
def test_only_the_side_that_follows_is_changed(world: World, rules: Policy) -> None:
    files, objects = dict(world.files), dict(world.objects)
    settle(world, rules)
    if rules.mode == "upload":
        assert world.files == files
    if rules.mode == "download":
        assert world.objects == objects


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES, st.sets(st.sampled_from(["", "a/", "a/b/", "b/", "a.d/"])), st.booleans())
def test_where_nothing_could_be_seen_nothing_is_done(
    world: World, rules: Policy, trees: set[str], is_listed: bool
) -> None:
    marks = [UnknownMark(tree, "unreadable") for tree in sorted(trees)]
    actions = planned(world, rules, marks=marks, is_listed=is_listed)
    assert not [action for action in actions if action.path.startswith(tuple(trees) or "\0")]


@settings(max_examples=EXAMPLES)
@given(worlds(), RULES)
def test_a_listing_that_broke_off_lets_nothing_look_gone(world: World, rules: Policy) -> None:
    rows = [world.baseline[p] for p in sorted(world.baseline)]
    files = [world.files[p][0] for p in sorted(world.files)]
    broken = iter([[UnknownMark("", "io_error")]])
    found = merge(cut(files, [2]), cut(rows, [2]), broken, rules, Tally())
    assert not [action for action in found if action is not None and action.kind is not Kind.FORGET]
