"""What holds for whole sites: a world of contents is planned for, and the plan carried out."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.entry import Kind, LocalEntry, RemoteEntry
from s3syncd.core.reconcile import Tally, adopted_class, follow_up, merge
from tests.core.entries import chunks, policy, row

PATHS = ["a", "a-b", "a/b", "b"]
CONTENTS = [0, 1, 2]  # 0 and 1 have the same size


def size_of(content):
    return 10 if content < 2 else 20


@dataclass
class World:
    """Both sides with their contents, and the baseline; `stamp` and tokens never repeat."""

    files: dict = field(default_factory=dict)  # path -> (LocalEntry, content)
    objects: dict = field(default_factory=dict)  # path -> (RemoteEntry, content)
    baseline: dict = field(default_factory=dict)
    clock: int = 0
    held: set = field(default_factory=set)  # paths that wait for a person

    def tick(self):
        self.clock += 1
        return self.clock

    def write(self, path, content):
        now = self.tick()
        entry = LocalEntry(path, size_of(content), now, now, now, 0o100644)
        self.files[path] = (entry, content)

    def put(self, path, content, storage_class="STANDARD"):
        etag = f"e{self.tick()}"
        self.objects[path] = (
            RemoteEntry(path, size_of(content), etag, storage_class), content,
        )  # fmt: skip

    def agree(self, path, asked="STANDARD"):
        stat, there = self.files[path][0], self.objects[path][0]
        assert self.files[path][1] == self.objects[path][1], "a baseline ahead of reality"
        self.baseline[path] = row(path)._replace(
            **stat._asdict(), etag=there.etag, storage_class=asked
        )

    def plan(self, rules):
        sides = [
            [self.files[p][0] for p in sorted(self.files)],
            [self.baseline[p] for p in sorted(self.baseline)],
            [self.objects[p][0] for p in sorted(self.objects)],
        ]
        return list(merge(*(chunks(side, 2) for side in sides), rules, Tally()))

    def carry_out(self, action, rules):
        path, wanted = action.path, rules.storage_class or "STANDARD"
        match action.kind:
            case Kind.DOWNLOAD:
                self.write(path, self.objects[path][1])
                self.agree(path, adopted_class(self.objects[path][0].storage_class, wanted))
            case Kind.UPLOAD | Kind.RECLASS:
                self.put(path, self.files[path][1], wanted)
                self.agree(path, wanted)
            case Kind.ADOPT if self.files[path][1] == self.objects[path][1]:
                self.agree(path, adopted_class(self.objects[path][0].storage_class, wanted))
            case Kind.ADOPT:
                after = follow_up(action, rules)
                assert after is not None
                assert after.kind is not Kind.ADOPT
                self.carry_out(after, rules)
            case Kind.DELETE_REMOTE:
                del self.objects[path]
                self.baseline.pop(path, None)
            case Kind.DELETE_LOCAL:
                del self.files[path]
                del self.baseline[path]
            case Kind.FORGET:
                del self.baseline[path]
            case Kind.CONFLICT:
                self.resolve(action, rules)

    def resolve(self, action, rules):
        path = action.path
        if rules.mode == "upload":
            assert (action.reason, rules.on_drift) == ("drift", "hold")
            self.held.add(path)
        else:  # the local file steps aside under a name of its own; the rest follows by itself
            self.write(f"{path}.conflict-{self.tick()}", self.files.pop(path)[1])


@st.composite
def worlds(draw):
    """Any past: what was agreed on, and what happened on both sides since."""
    world = World()
    for path in PATHS:
        agreed = draw(st.sampled_from([None, *CONTENTS]))
        if agreed is not None:
            world.write(path, agreed)
            world.put(path, agreed)
            world.agree(path, draw(st.sampled_from(["STANDARD", "STANDARD_IA", ""])))
        for side, change in (("files", world.write), ("objects", world.put)):
            event = draw(st.sampled_from(["nothing", "gone", *CONTENTS]))
            if event == "gone":
                getattr(world, side).pop(path, None)
            elif event != "nothing":
                change(path, event)
    return world


RULES = st.builds(
    policy,
    st.sampled_from(["upload", "download", "two-way"]),
    retire=st.booleans(),
    foreign=st.booleans(),
    hold=st.booleans(),
    storage_class=st.sampled_from([None, "STANDARD_IA"]),
)
MOST_ROUNDS = 4  # a conflict takes three: step aside, fetch and send, nothing


def settle(world, rules):
    """Plan and carry out until nothing is left but what waits for a person."""
    for _ in range(MOST_ROUNDS):
        actions = [action for action in world.plan(rules) if action.path not in world.held]
        for action in actions:
            world.carry_out(action, rules)
        if not actions:
            return
    raise AssertionError(f"no end after {MOST_ROUNDS} rounds: {actions}")


def contents(side):
    return {path: content for path, (_entry, content) in side.items()}


@given(worlds(), RULES)
def test_planning_again_after_carrying_out_plans_nothing(world, rules):
    settle(world, rules)
    assert {action.path for action in world.plan(rules)} == world.held
    assert not world.held or rules.on_drift == "hold"


@given(worlds(), RULES)
def test_the_sides_end_equal_under_the_rules_of_the_mode(world, rules):
    settle(world, rules)
    for path in world.held:
        del world.files[path], world.objects[path]
    here, there = contents(world.files), contents(world.objects)
    if rules.mode == "upload":
        assert here.items() <= there.items()
    elif rules.mode == "download":
        assert there.items() <= here.items()
    else:
        assert here == there


@given(worlds(), RULES)
def test_only_what_was_agreed_on_is_deleted(world, rules):
    agreed = {p: (b.etag, b.size_bytes) for p, b in world.baseline.items()}
    objects, files = dict(world.objects), dict(world.files)
    for action in world.plan(rules):
        if action.kind is Kind.DELETE_REMOTE:
            assert rules.retire_deleted or rules.mode == "two-way"
            assert action.path not in files
            if action.path in agreed:
                found = objects[action.path][0]
                assert (found.etag, found.size_bytes) == agreed[action.path]
            else:
                assert rules.retire_foreign
        if action.kind is Kind.DELETE_LOCAL:
            assert rules.mode != "upload"
            assert action.path in agreed
            assert action.path not in objects


@given(worlds(), RULES)
def test_the_side_with_authority_is_never_written(world, rules):
    files, objects = contents(world.files), contents(world.objects)
    settle(world, rules)
    if rules.mode == "upload":
        assert contents(world.files) == files
    if rules.mode == "download":
        assert contents(world.objects) == objects


@given(worlds(), RULES)
def test_in_two_way_no_new_content_is_lost(world, rules):
    if rules.mode != "two-way":
        return
    unseen = {
        content
        for path, (entry, content) in world.files.items()
        if path not in world.baseline or entry[:5] != world.baseline[path][:5]
    } | {
        content
        for path, (entry, content) in world.objects.items()
        if path not in world.baseline or entry.etag != world.baseline[path].etag
    }
    settle(world, rules)
    assert unseen <= set(contents(world.files).values())


@given(worlds(), RULES)
def test_a_lost_baseline_deletes_and_overwrites_nothing_by_itself(world, rules):
    world.baseline.clear()
    kinds = {a.kind for a in world.plan(rules) if a.reason != "foreign"}
    assert not kinds & {Kind.DELETE_LOCAL, Kind.DELETE_REMOTE, Kind.FORGET}
    if rules.mode == "two-way":
        for action in world.plan(rules):
            assert action.kind is not Kind.UPLOAD or action.path not in world.objects
            assert action.kind is not Kind.DOWNLOAD or action.path not in world.files


@given(worlds(), RULES)
def test_without_retire_deleted_a_one_way_site_deletes_nothing(world, rules):
    if rules.mode == "two-way" or rules.retire_deleted:
        return
    paths = (set(world.files), set(world.objects))
    settle(world, rules)
    assert paths[0] <= {*world.files, *(p.partition(".")[0] for p in world.files)}
    assert paths[1] <= set(world.objects)
