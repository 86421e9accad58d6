"""The same world, driven step by step by hypothesis: what it finds it makes as short as it can.

Where a seed draws a whole sequence at once, here each step is a choice of its own: of a user, of a
person at the command line, of the order of time, or of what goes wrong. After each of them every
rule that must hold at any moment is checked; at the end faults cease, and both sides become equal.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.simulation.judge import BrokenError
from tests.simulation.nemesis import EVENTS, REQUESTS
from tests.simulation.run import RAM, check_idle, lose_ledger, settle
from tests.simulation.user import PATHS
from tests.simulation.world import World

__all__ = ["SiteMachine"]

# Of the simplest first: what is found shrinks towards them.
_LENGTHS = st.sampled_from((300, 0, 900))
_PATHS = st.sampled_from(PATHS)
_MOMENTS = st.sampled_from((0.2, 0.01, 1.0, 6.0, 61.0))
_SHARES = st.sampled_from((0.3, 0.1, 0.9))
_RUNS = 15  # worlds: two sites or one, and the options of their sites
_PEACE = ("overflow", "rescan", "approve", "pause")
_TROUBLE = tuple(kind for kind in EVENTS if kind not in {*_PEACE, "crash", "ledger_lost", "stop"})


class SiteMachine(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="s3syncd-machine-", dir=RAM)

    @initialize(number=st.integers(1, _RUNS))
    def start(self, number: int) -> None:
        self.world = World(number, Path(self._folder.name))
        self.place = self.world.places[0]
        self.user, self.disk = self.place.user, self.place.disk

    # --- the user -------------------------------------------------------------------------------

    @rule(path=_PATHS, length=_LENGTHS)
    def write(self, path: str, length: int) -> None:
        if self._is_at_home():
            self.user.write(path, self.user.blob(path, length))

    @rule(path=_PATHS)
    def remove(self, path: str) -> None:
        if self._is_at_home() and path in self.disk.tree.files:
            self.user.remove(path)

    @rule(old=_PATHS, new=_PATHS)
    def rename(self, old: str, new: str) -> None:
        is_below = new.startswith(f"{old}/") or old == new
        is_there = old in self.disk.tree.files and old not in self.user.is_writing
        if self._is_at_home() and is_there and not is_below:
            self.user.rename(old, new)

    @rule(what=st.sampled_from(("restore", "rewrite", "touch", "replace", "rewrite_slowly")))
    def edit(self, what: str) -> None:
        if self._is_at_home():
            self.user.do(what)

    @rule(what=st.sampled_from(("delete_directory", "move_directory", "rename_back", "chmod")))
    def move(self, what: str) -> None:
        if self._is_at_home():
            self.user.do(what)

    # --- time, and a person at the command line -------------------------------------------------

    @rule(seconds=_MOMENTS)
    def pass_time(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(seconds=st.sampled_from((60.0, 4_000.0)))
    def sleep(self, seconds: float) -> None:
        # A writer that rests for longer than `settle_open_seconds` is beyond what is promised.
        if not any(place.user.is_writing for place in self.world.places):
            self.world.agenda.leap(seconds)

    @rule(kind=st.sampled_from(_PEACE))
    def command(self, kind: str) -> None:
        self._happen(kind)

    @precondition(lambda self: self.world.places[0].engine is not None)
    @rule(name=st.sampled_from(("sync", "resume")))
    def ask(self, name: str) -> None:
        assert self.place.engine is not None
        self.place.engine.command(name)

    # --- what goes wrong ------------------------------------------------------------------------

    @rule(kind=st.sampled_from(("stop", "crash", "ledger_lost")))
    def restart(self, kind: str) -> None:
        """Also what `reset` does: the ledger goes while no process uses it."""
        self._happen(kind)

    @rule(kind=st.sampled_from(sorted(REQUESTS)), share=_SHARES)
    def requests_fail(self, kind: str, share: float) -> None:
        self.world.chances.switch_on(kind, share)

    @rule()
    def requests_succeed(self) -> None:
        self.world.chances.switch_off()

    @rule(kind=st.sampled_from(_TROUBLE))
    def trouble(self, kind: str) -> None:
        self._happen(kind)

    # --- the rules ------------------------------------------------------------------------------

    @invariant()
    def nothing_is_broken(self) -> None:
        for place in self.world.places:
            assert not place.judge.sound()
            engine = place.engine
            assert engine is None or not any(lane.failures for lane in engine.lanes)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self._end()
        finally:
            self._folder.cleanup()

    def _end(self) -> None:
        try:
            self.world.calm()
            settle(self.world, may_come_late=True)
            check_idle(self.world)
            lose_ledger(self.world)
        except BrokenError as error:
            raise AssertionError(str(error)) from error
        finally:
            self.world.close()

    def _happen(self, kind: str) -> None:
        with self.world.crashing():
            self.world.happen(kind)

    def _is_at_home(self) -> bool:
        return self.disk.shown is self.disk.tree
