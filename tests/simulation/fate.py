"""What happens to a process, its sites and its store: each kind by its own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from s3syncd import failpoints
from s3syncd.core.safety import RootIdentity
from tests.simulation.disk import File, Tree
from tests.simulation.wire import BUCKET
from tests.strict.blobs import make_blob
from tests.strict.wire import Request

if TYPE_CHECKING:
    from tests.simulation.world import Place, World

__all__ = ["Fate"]

_EMPTIED_FILES = 4  # of one file that vanishes with all others nobody can say more than that
# Those there were when the first seeds were kept: which one a seed draws depends on their number.
_LATER = frozenset({
    "ledger.before_migrate", "ledger.after_migrate", "probe.before_put", "probe.after_put",
    "probe.before_remove", "probe.after_remove",
})  # fmt: skip
_FAILPOINTS = sorted(failpoints.NAMES - _LATER)


class Fate:
    """See the module; whatever lasts ends when it is calm."""

    def __init__(self, world: World) -> None:
        self._world = world

    def happen(self, kind: str) -> None:
        """Let something of a kind happen now; whatever lasts ends with the faults."""
        self._world.trace.add(f"{kind}\n")
        act: Callable[[Place], bool] = getattr(self, f"_{kind}")
        if act(self._world.chances.random.choice(self._world.places)) and kind != "crash_inside":
            self._world.chances.met[kind] += 1

    def calm(self) -> None:
        """End everything that lasts."""
        failpoints.disarm()
        self._world.chances.end()
        for place in self._world.places:
            self._show_root(place)
            place.disk.unreadable.clear()
            place.disk.while_reading = lambda _file: None
            place.is_deaf = False
            if place.engine is not None:
                place.engine.eyes.breaks = lambda: False
                if place.engine.site.pause.is_on:
                    place.engine.command("resume")

    def _crash(self, _place: Place) -> bool:
        self._world.crash()
        return True

    def _crash_inside(self, _place: Place) -> bool:
        random = self._world.chances.random
        failpoints.arm(f"{random.choice(_FAILPOINTS)}=raise@{random.choice((1, 1, 2, 3))}")
        return True

    def _ledger_lost(self, _place: Place) -> bool:
        self._world.boot += 1
        self._world.crash(loses_ledger=True)
        return True

    def _stop(self, _place: Place) -> bool:
        self._world.stop()
        return True

    def _clock_jump(self, _place: Place) -> bool:
        # Without leases the clock tells whether a writer rests: a leap meanwhile is no promise's.
        for place in self._world.places:
            if not place.disk.has_leases:
                place.user.end_writers()
            place.disk.clock_was_set()
        self._world.shift += self._world.chances.random.choice(
            (-3600.0, -30.0, -2.0, 2.0, 30.0, 3600.0)
        )
        return True

    def _root_missing(self, place: Place) -> bool:
        place.disk.shown = None
        return self._come_back(place)

    def _root_replaced(self, place: Place) -> bool:
        other = Tree(RootIdentity(3, 99))
        place.disk.shown = other
        return self._come_back(place)

    def _root_emptied(self, place: Place) -> bool:
        if place.engine is None or place.engine.ledger.count()[0] < _EMPTIED_FILES:
            return False
        place.user.lost_everything()  # whoever looks cannot tell it from that
        place.disk.shown = Tree(place.disk.tree.identity)
        return self._come_back(place)

    def _come_back(self, place: Place) -> bool:
        """Have the user's tree at its place again after a while, and the watcher notice."""

        seconds = self._world.chances.random.choice((0.5, 8.0, 40.0))
        self._world.agenda.note(seconds, "root", lambda: self._show_root(place), outlives=True)
        return True

    def _show_root(self, place: Place) -> None:
        if place.disk.shown is not place.disk.tree:
            place.disk.shown = place.disk.tree
            place.user.found_everything()
            if place.engine is not None:
                place.engine.hints.lose_root("moved")

    def _unreadable(self, place: Place) -> bool:
        place.disk.unreadable.add(self._world.chances.random.choice(("d/", "f/", "d/e/")))
        return True

    def _outage(self, _place: Place) -> bool:
        self._world.chances.is_cut_off = True

        def end() -> None:
            self._world.chances.is_cut_off = False

        seconds = self._world.chances.random.choice((0.5, 8.0, 90.0))
        self._world.agenda.note(seconds, "outage ends", end, outlives=True)
        return True

    def _bucket_gone(self, _place: Place) -> bool:
        self._world.chances.is_bucket_gone = True

        def end() -> None:
            self._world.chances.is_bucket_gone = False

        self._world.agenda.note(
            self._world.chances.random.choice((0.5, 20.0)), "bucket", end, outlives=True
        )
        return True

    def _foreign(self, place: Place) -> bool:
        """Another writer puts or deletes an object of the site, or puts one of its own."""
        random, bucket = self._world.chances.random, self._world.model.store.buckets[BUCKET]
        keys = [key for key in bucket.keys if key.startswith(place.prefix)]
        key = random.choice([*keys, f"{place.prefix}theirs"])
        if random.random() < 0.4:
            self._ask_foreign("DELETE", key, b"")
        else:
            serial = 900_000 + len(self._world.foreign)
            self._ask_foreign("PUT", key, make_blob(serial, key, serial, 300))
        return True

    def _ask_foreign(self, method: str, key: str, body: bytes) -> None:
        self._world.model.handle(Request(method, f"/{BUCKET}/{quote(key)}", {}, body))
        event = self._world.model.events_after(self._world.model.store.event - 1)[0]
        self._world.foreign.add(event.number)
        if event.made is not None:
            self._world.foreign_serials[event.made] = event.number
        self._world.trace.add(f"foreign {method} {key}\n")

    def _overflow(self, place: Place) -> bool:
        place.is_deaf = True
        return True

    def _scan_breaks(self, place: Place) -> bool:
        random = self._world.chances.random
        if place.engine is not None:
            place.engine.eyes.breaks = lambda: random.random() < 0.3
        return True

    def _write_while_read(self, place: Place) -> bool:
        """Let a writer go on, or begin, in the middle of each reading."""
        random = self._world.chances.random

        def go_on(file: File) -> None:
            if random.random() < 0.3:
                place.user.overwrite(file)
            elif random.random() < 0.5:
                for step in list(place.user.is_writing.values()):
                    step()
                if not place.user.is_writing:
                    place.user._rewrite_slowly()

        place.disk.while_reading = go_on
        return True

    def _pause(self, place: Place) -> bool:
        if place.engine is not None:
            place.engine.command("pause")
            seconds = self._world.chances.random.choice((1.0, 20.0))
            engine = place.engine
            self._world.agenda.note(seconds, "resume", lambda: engine.command("resume"))
        return True

    def _rescan(self, place: Place) -> bool:
        if place.engine is not None:
            place.engine.command("rescan", remote=self._world.chances.random.random() < 0.5)
        return True

    def _approve(self, place: Place) -> bool:
        """A person confirms what is held, unless the tree is not what it should be."""
        if place.engine is not None and place.has_root:
            place.approve(self._world.model.store.event)
        return True
