"""A site on the strict store whose daemon is killed, started again, and judged by the oracle."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from s3syncd.cli.client import ask_status
from s3syncd.cli.rescan import has_passed
from tests.e2e.daemon import Daemon
from tests.e2e.site import tree
from tests.e2e.world import World
from tests.faults.nursery import Nursery, Nursling
from tests.faults.unprobed import Unprobed
from tests.strict.author import Author
from tests.strict.diary import digest_of
from tests.strict.ending import end_run
from tests.strict.oracle import Oracle
from tests.strict.process import RemoteStore, strict_process
from tests.strict.store import Options
from tests.waiting import until

__all__ = ["BUCKET", "MIB", "PREFIX", "Quick", "Ward", "opened_ward"]

MIB: Final = 2**20
BUCKET: Final = "bucket"
PREFIX: Final = "p/"
_PATIENCE_SECONDS: Final = 90.0  # a minute for what a server may carry out late, and then the rest

# The waits that decide how long a kill takes; everything else is as in a real configuration.
_QUICK: Final[Mapping[str, Any]] = {
    "delete_grace_seconds": 0.1,
    # A user who is held up for 5 s in the middle of a write is taken for done, as documented, and a
    # busy disk does that to ours. A read lease makes waiting for it rare.
    "settle_open_seconds": 30,
    "multipart_threshold": 5 * MIB,
    "log": {"format": "json", "level": "info"},
}


class Quick(Daemon):
    """A daemon that comes from a nursery."""

    def __init__(self, model: Daemon, nursery: Nursery) -> None:
        super().__init__(model.folder, model.document)
        self._nursery = nursery
        self.nursling: Nursling | None = None

    def start(self, *, is_waited: bool = True, **environment: str) -> Quick:
        """Start it; returns when it answers."""
        self.launch([], environment=environment)
        if is_waited:
            until(self._answers, 30, "the daemon answers")
        return self

    def launch(
        self,
        command: list[str],
        *,
        is_held: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Nursling:
        """Start a command of the command line on this configuration."""
        assert not self.is_running
        arguments = ["-c", str(self.config), *command]
        self.nursling = self._nursery.start(
            arguments, self.log_path, environment=environment, is_held=is_held
        )
        self.process = self.nursling  # type: ignore[assignment]
        return self.nursling

    def ended(self, timeout: float = 30.0) -> int:
        """Wait for its end; give the exit code, negative for a signal."""
        assert self.nursling is not None
        return self.nursling.wait(timeout)


class Ward:
    """See the module; use `opened_ward`.

    Args:
        store: fresh.
        nursery: gives the daemons.
        world: without sites yet.
        seed: of the author.
        author: the kind of user.
        place: where root and state are; default: in the world's folder.
        options: of the configuration.

    Attributes:
        store: whose history is judged.
        author: the user; everything in the root is in the diary.
        daemon: on this site.
        is_ledger_lost: a test took or spoilt the ledger, and both sides were not judged since.
    """

    def __init__(
        self,
        store: RemoteStore,
        nursery: Nursery,
        world: World,
        *,
        seed: int,
        author: type[Author] = Author,
        place: Path | None = None,
        **options: Any,
    ) -> None:
        store.create_bucket(BUCKET)
        usual: dict[str, Any] = {"retire_deleted": True, "max_delete": 10**6}
        self.site = world.site(prefix=PREFIX, bucket=BUCKET, **usual)
        self.store = store
        self.world = world
        self.is_ledger_lost = False
        if place is not None:
            self.site.root = place / "root"
            self.site.root.mkdir()
            options["state_dir"] = str(place / "state")
        self.author = author(self.site.root, seed, aside=self.site.root.parent / "aside")
        self.daemon = Quick(world.daemon(**{**_QUICK, **options}), nursery)
        world.daemons[-1] = self.daemon
        self.oracle = Oracle(Unprobed(store), self.author.diary, bucket=BUCKET, prefix=PREFIX)

    @property
    def nursling(self) -> Nursling:
        """The process of the daemon that was started last."""
        assert self.daemon.nursling is not None
        return self.daemon.nursling

    def configure(self, **options: Any) -> None:
        """Change the site's part of the configuration; the daemon hears of it when it reads it."""
        (entry,) = self.daemon.document["sites"]
        self.daemon.write_config({**self.daemon.document, "sites": [{**entry, **options}]})

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Ask the daemon for something about the site."""
        return self.daemon.ask(command, site="data", **arguments)

    def restart(self, armed: str = "") -> None:
        """Start the daemon; with failpoints nobody waits for it."""
        arming = {"S3SYNCD_FAILPOINTS": armed} if armed else {}
        self.daemon.start(is_waited=not armed, **arming)

    def was_killed(self, why: str, *, within_seconds: float = 30.0) -> None:
        """Wait for the death of the daemon, and see that it was the one that was meant."""
        code = self.daemon.ended(within_seconds)
        assert code == -signal.SIGKILL, f"{why}: ended with {code}\n{self.daemon.tail()}"
        self.assert_explained()

    def assert_explained(self) -> None:
        """Fail unless the ledger that a death has left explains the bucket."""
        assert not (found := self.unexplained()), found

    def unexplained(self) -> list[str]:
        """Give the paths whose object, or whose absence, the ledger does not explain.

        Each object is that of a row of the baseline, or an intent tells of it. A row without its
        object is a baseline ahead of reality; an object without row and intent is a commit that
        was believed to be durable and is lost.

        Raises:
            AssertionError: SQLite finds something wrong with the ledger.
            sqlite3.DatabaseError: it finds no database.
        """
        path = self.daemon.ledger()
        if self.is_ledger_lost:
            return []
        # A copy is looked at: to open the ledger would clean up after the death.
        aside = self.world.folder / "looked-at"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for each in path.parent.glob("ledger.sqlite*"):
            shutil.copy2(each, aside)
        with contextlib.closing(sqlite3.connect(aside / path.name)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                rows, intents, probed = {}, set(), None
            else:
                told = db.execute("SELECT value FROM meta WHERE key = 'probe_key'").fetchone()
                probed = told[0] if told else None
                rows = dict(db.execute("SELECT CAST(path AS TEXT), etag FROM baseline"))
                intents = {name for (name,) in db.execute("SELECT CAST(path AS TEXT) FROM intent")}
        objects = {
            key.removeprefix(PREFIX): self.store.version(serial).etag
            for key, serial in self.store.tree(BUCKET).items()
            if key != probed
        }
        return sorted(
            name
            for name in rows.keys() | objects.keys()
            if name not in intents and rows.get(name) != objects.get(name)
        )

    def judge(self) -> None:
        """Wait until both sides are equal, and fail if anything forbidden happened until now."""
        self.settle()
        self.judge_at_rest()

    def judge_at_rest(self) -> None:
        """Do the same without asking a daemon: none runs, or it is in sync."""
        try:
            self.oracle.assert_sound()
        except AssertionError as error:
            for number in re.findall(r"^(\d+): ", str(error), re.MULTILINE)[:3]:
                error.add_note(self._timeline(int(number)))
            raise
        found = [*self.oracle.equal_to(self.files()), *self.oracle.no_upload_is_left()]
        assert not found, found
        assert self.author.diary.files() == self.files()
        self.is_ledger_lost = False

    def _timeline(self, number: int) -> str:
        """Tell what user and store did to the key of an event, in seconds before and after it."""
        history = self.store.history()
        (event,) = [each for each in history if each.number == number]
        path = event.key.removeprefix(PREFIX)
        told = [(line.at, f"user: {line.digest}") for line in self.author.diary.of(path)]
        told += [
            (each.at, f"store: {each.operation} {each.status} {each.body_md5}")
            for each in history
            if each.key == event.key
        ]
        lines = [f"{at - event.at:+10.3f} {what}" for at, what in sorted(told)]
        return "\n".join([f"{path}, around {number}:", *lines[-40:]])

    def end(self) -> None:
        """End the run: see `end_run`."""
        end_run(self, self.oracle, self.store)
        assert self.author.diary.files() == self.files()

    def lose_files_of_ledger(self) -> None:
        """Take the ledger away while no daemon runs."""
        self.is_ledger_lost = True
        for each in self.daemon.ledger().parent.glob("ledger.sqlite*"):
            each.unlink()

    def spoil_ledger(self) -> None:
        """Write over the ledger while no daemon runs."""
        self.is_ledger_lost = True
        path = self.daemon.ledger()
        path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
        path.write_bytes(b"spoilt" * 10_000)

    # what the end of a run needs

    def settle(self) -> None:
        """Have it look at the whole tree, and wait until what it found is done."""
        self._pass(is_remote=False)
        self.daemon.in_sync(timeout=_PATIENCE_SECONDS)

    def idle_cycle(self) -> None:
        """Have it look at both sides."""
        self._pass(is_remote=True)
        self.daemon.in_sync()

    def verify(self) -> None:
        """Have it compare both sides by content."""
        assert not (told := self.daemon.run("verify")).returncode, told.stdout + told.stderr

    def lose_ledger(self) -> None:
        """Stop it, take its ledger away, and start it again."""
        assert self.daemon.stop() == 0
        shutil.rmtree(self.daemon.ledger().parent)
        self.daemon.start()

    def files(self) -> Mapping[str, str]:
        """Give what is in the root: path -> digest."""
        return {path: digest_of(content) for path, content in tree(self.site.root).items()}

    def _pass(self, *, is_remote: bool) -> None:
        self.daemon.in_sync(timeout=_PATIENCE_SECONDS)
        before = ask_status(self.daemon.state_dir)
        self.ask("rescan", remote=is_remote)
        is_through = has_passed(before, is_remote=is_remote)
        until(
            lambda: is_through(ask_status(self.daemon.state_dir)),
            _PATIENCE_SECONDS,
            "it has looked",
        )


@contextlib.contextmanager
def opened_ward(
    nursery: Nursery, folder: Path, *, seed: int = 0, kind: Options | None = None, **options: Any
) -> Iterator[Ward]:
    """Make a store of its own, of a kind, a site on it, and a daemon that is not started yet."""
    with strict_process(options=kind, seed=seed) as store:
        client = store.as_server.client()
        world = World(store.as_server, client, folder)
        try:
            yield Ward(store, nursery, world, seed=seed, **options)
            world.close()
        finally:
            world.abandon()
            client.close()
