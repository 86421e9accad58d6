"""The daemons, sites and people of a soak, and how one site is judged."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from s3syncd.cli.client import NoDaemonError
from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, tree
from tests.e2e.world import World
from tests.faults.proxy import Proxy, fault_proxy
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.soak.part import Part
from tests.soak.people import Person, Stranger
from tests.strict.diary import digest_of
from tests.strict.oracle import Oracle, Violation
from tests.strict.process import RemoteStore, strict_process
from tests.strict.signature import Keys
from tests.strict.store import Options
from tests.waiting import until

__all__ = ["SITES", "Place", "Stage", "stage"]

_MIB: Final = 2**20
# What was answered by nothing is looked for again a minute later; retries wait up to five minutes,
# but none of the faults here lasts long enough for that many.
PATIENCE_SECONDS: Final = 400.0
# The default. A machine that is busy enough stops a person for longer in the middle of a change;
# what that may do to one file is no fault of the site's.
_SETTLE_OPEN_SECONDS: Final = 5.0


@dataclass(frozen=True)
class _Plan:
    name: str
    bucket: str
    prefix: str
    daemon: int
    max_delete: int


# Two daemons; beta and gamma share a bucket with each other and with a stranger.
SITES: Final = (
    _Plan("alpha", "bucket", "p/", 0, 10**6),
    _Plan("beta", "shared", "team/beta/", 0, 10**6),
    _Plan("gamma", "shared", "team/gamma/", 1, 25),
)
_SPOILED: Final = "beta"


class _SpoiledOracle(Oracle):
    """Judges the site that a stranger spoils."""

    def no_rename_leaves_a_gap(self) -> list[Violation]:
        """Nothing can be said: the stranger may have overwritten the new name since."""
        return []


@dataclass
class Place:
    """One site with everything around it; a `Client` of a run's end.

    Attributes:
        given_up: as its oracle knows them.
    """

    name: str
    site: Site
    person: Person
    daemon: Daemon
    part: Part
    oracle: Oracle
    given_up: Mapping[str, float]
    is_spoiled: bool
    approvals: int = 0

    def status(self) -> dict[str, Any] | None:
        """Ask the daemon; None where it does not answer."""
        try:
            return self.daemon.site(self.name)
        except (NoDaemonError, OSError):
            return None

    def approve(self) -> None:
        """Approve what is held, as a person does who has looked at the list."""
        status = self.status()
        if status and status["held_deletions"]:
            done = self.daemon.run("approve", self.name, "--list", status["held_list"])
            self.approvals += done.returncode == 0

    def settle(self) -> None:
        """Wait until it says that it is done, approving what it holds on the way."""
        self.daemon.run("rescan", self.name, "--remote", "--wait", timeout=PATIENCE_SECONDS)

        def is_done() -> bool:
            self.approve()
            status = self.status()
            return bool(status and status["in_sync"])

        try:
            until(is_done, PATIENCE_SECONDS, f"{self.name} is in sync")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.status()}\n{self.daemon.tail()}") from error

    def idle_cycle(self) -> None:
        """Let it look at both sides once more."""
        self.settle()

    def verify(self) -> None:
        """Let it compare both sides by content."""
        told = self.daemon.run("verify", self.name, timeout=PATIENCE_SECONDS)
        assert told.returncode == 0, told.stdout + told.stderr

    def lose_ledger(self) -> None:
        """Stop the daemon, take the site's ledger away, and start it again."""
        code = self.daemon.stop(timeout=60)
        shutil.rmtree(self.daemon.ledger(self.name).parent)
        self.daemon.start()  # whatever is said of this site, others of the daemon come after it
        assert code == 0, f"the daemon of {self.name} ended with {code}"

    def files(self) -> Mapping[str, str]:
        """Give what is in the directory: path -> digest."""
        return {path: digest_of(content) for path, content in tree(self.site.root).items()}


@dataclass
class Stage:
    """All of it; `proxies` are between the daemons, by number, and the store."""

    store: RemoteStore
    world: World
    daemons: list[Daemon]
    proxies: list[Proxy]
    places: dict[str, Place]
    stranger: Stranger
    small_disk: Path | None
    seed: int
    began: float = field(default_factory=time.monotonic)


def _key(name: str) -> str:
    return f"AKID{name.upper()}"


def _secret(name: str) -> str:
    return f"{SECRET_ACCESS_KEY}-{name}"


@contextmanager
def stage(folder: Path, seed: int, *, changes_per_second: float) -> Iterator[Stage]:
    """Set everything up, not started yet; what still runs at the end is killed.

    Args:
        folder: empty.
        seed: of the people and of the stranger.
        changes_per_second: of each person.
    """
    keys = {ACCESS_KEY: SECRET_ACCESS_KEY} | {_key(p.name): _secret(p.name) for p in SITES}
    options = Options(keys=Keys(keys))
    with (
        strict_process(options=options, seed=seed) as store,
        fault_proxy(store.endpoint) as first,
        fault_proxy(store.endpoint) as second,
    ):
        client = store.as_server.client(retries={"total_max_attempts": 1})
        world = World(store.as_server, client, folder)
        for bucket in sorted({plan.bucket for plan in SITES}):
            store.create_bucket(bucket)
        proxies = [first, second]
        places = _places(world, store, proxies, seed, changes_per_second)
        spoiled = places[_SPOILED].site
        stranger = Stranger(client, spoiled.bucket, spoiled.prefix, seed)
        made = Stage(store, world, world.daemons, proxies, places, stranger, None, seed)
        made.small_disk = _small_disk(world.daemons[0].state_dir)
        try:
            yield made
            world.close()
        finally:
            for each in proxies:
                each.up()
            world.abandon()
            client.close()
            if made.small_disk is not None:
                subprocess.run(["umount", "-l", str(made.small_disk)], check=False)


def _places(
    world: World, store: RemoteStore, proxies: list[Proxy], seed: int, changes_per_second: float
) -> dict[str, Place]:
    sites = {
        plan.name: world.site(
            plan.name, bucket=plan.bucket, prefix=plan.prefix, retire_deleted=True,
            max_delete=plan.max_delete, access_key=_key(plan.name),
            secret_access_key=_secret(plan.name),
        )
        for plan in SITES
    }  # fmt: skip
    for number, each in enumerate(proxies):
        own = [sites[plan.name] for plan in SITES if plan.daemon == number]
        world.daemon(
            *own, endpoint=each.endpoint, multipart_threshold=5 * _MIB, delete_grace_seconds=0.3,
            settle_open_seconds=_SETTLE_OPEN_SECONDS,
        )  # fmt: skip
    places = {}
    for number, plan in enumerate(SITES):
        site = sites[plan.name]
        person = Person(
            site.root, seed * 10 + number, aside=world.folder / f"aside-{plan.name}",
            changes_per_second=changes_per_second, rests_after_seconds=0.8 * _SETTLE_OPEN_SECONDS,
        )  # fmt: skip
        part = Part(store, access_key=_key(plan.name), bucket=plan.bucket, prefix=plan.prefix)
        judge = _SpoiledOracle if plan.name == _SPOILED else Oracle
        given_up = proxies[plan.daemon].given_up
        oracle = judge(
            part, person.diary, bucket=plan.bucket, prefix=plan.prefix, given_up=given_up
        )
        places[plan.name] = Place(
            plan.name, site, person, world.daemons[plan.daemon], part, oracle,
            given_up=given_up, is_spoiled=plan.name == _SPOILED,
        )  # fmt: skip
    return places


def _small_disk(state_dir: Path) -> Path | None:
    """Put a small file system under a state directory, where we may."""
    state_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(state_dir)]
    try:
        done = subprocess.run(mount, check=False, capture_output=True)
    except FileNotFoundError:
        return None
    return state_dir if done.returncode == 0 else None
