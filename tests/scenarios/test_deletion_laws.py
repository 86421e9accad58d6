"""Whatever happens to files, looks and time: what is deleted was seen gone twice, a grace apart."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.scenarios.world import World

GRACE = 2.0
PATHS = [f"f{number}" for number in range(6)]


class Retiring(RuleBasedStateMachine):
    """Six files come, go and move under a site that retires; every look is written down."""

    def __init__(self) -> None:
        super().__init__()
        self._place = tempfile.TemporaryDirectory(prefix="s3syncd-laws-")
        place = Path(self._place.name).resolve()
        self.world = World(place, delete_grace_seconds=GRACE, max_delete=3)
        for path in PATHS:
            self.world.write(path)
        self.world.settle()
        self.absences: dict[str, list[float]] = {path: [] for path in PATHS}
        self.deleted = 0
        self._listen()

    def _listen(self) -> None:
        """Write down, at each step of the scanner, which paths it may have seen gone."""
        step = self.world.scanner.step

        def listening() -> bool:
            has_moved = step()
            if has_moved:
                for path in PATHS:
                    if (self.world.root / path).exists():
                        self.absences[path].clear()
                    else:
                        self.absences[path].append(self.world.now)
            return has_moved

        self.world.scanner.step = listening  # type: ignore[method-assign]

    @rule(path=st.sampled_from(PATHS), is_heard=st.booleans())
    def remove(self, path: str, is_heard: bool) -> None:
        if (self.world.root / path).exists():
            self.world.remove(path, hint=is_heard)

    @rule(path=st.sampled_from(PATHS), is_heard=st.booleans())
    def write(self, path: str, is_heard: bool) -> None:
        self.world.write(path, hint=is_heard)
        if is_heard:  # what is there unheard, and gone before the next look, nobody can know of
            self.absences[path].clear()

    @rule(old=st.sampled_from(PATHS), new=st.sampled_from(PATHS), is_closed=st.booleans())
    def rename(self, old: str, new: str, is_closed: bool) -> None:
        if old != new and (self.world.root / old).exists():
            self.world.rename(old, new, hint=True, is_closed=is_closed)
            self.absences[new].clear()

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, GRACE, 7.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(command=st.sampled_from(["rescan", "sync", "pause", "resume", "approve"]))
    def ask(self, command: str) -> None:
        self.world.command(command)

    @rule()
    def be_killed(self) -> None:
        self.world.restart()
        self._listen()
        for seen in self.absences.values():
            seen.clear()

    @rule(is_held=st.booleans())
    def hold_scanner(self, is_held: bool) -> None:
        self.world.scanner.is_held = is_held

    @rule(is_held=st.booleans())
    def hold_workers(self, is_held: bool) -> None:
        self.world.lane.is_held = is_held

    @invariant()
    def what_is_deleted_was_seen_gone_twice(self) -> None:
        deleted = self.world.deleted()
        for path in deleted[self.deleted :]:
            seen = self.absences[path]
            assert seen, f"{path} was deleted unseen"
            assert seen[-1] - seen[0] >= GRACE, f"{path} was deleted without the grace: {seen}"
        self.deleted = len(deleted)

    @invariant()
    def every_content_is_somewhere_in_the_bucket_or_gone_here(self) -> None:
        for path in PATHS:
            row = self.world.ledger.baseline(path)
            if row is not None and not self.world.ledger.intents():
                assert path in self.world.objects, f"{path} is recorded and not in the bucket"

    def teardown(self) -> None:
        world = self.world
        world.scanner.is_held = world.lane.is_held = False
        world.command("resume")
        for number in range(10):
            world.run(60)
            world.command("approve")
            world.command("sync")
            if number > 1 and world.status["in_sync"] and world.objects == world.files:
                break  # ten minutes of turns cost more than all that went before
        world.settle()
        assert world.objects == world.files
        world.kill()
        self._place.cleanup()


TestRetiring = Retiring.TestCase
TestRetiring.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
