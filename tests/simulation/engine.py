"""One site of a simulated process: the real engine, wired to what is simulated."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

from s3syncd.config.models import SiteConfig
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.local.hints import HintTable
from s3syncd.site import Command, Parts, Site
from s3syncd.site.messages import Hinted, Noted, Room, Stop
from s3syncd.transfer import Ports, Transfer, TransferSettings
from tests.simulation.agenda import Agenda
from tests.simulation.bucket import Bucket
from tests.simulation.disk import Disk
from tests.simulation.eyes import Eyes
from tests.simulation.lanes import Lane, as_crash
from tests.simulation.ledgers import Drive
from tests.simulation.user import LARGE_BYTES
from tests.simulation.wire import BUCKET, Wire

__all__ = ["Engine", "settings_of"]

_RANGE_ROWS = 5
# Until the site takes messages in, in seconds: drawn for each life of the process. A slow one gets
# several at once, as where the cores are busy.
_LATENCIES = (0.003, 0.03, 0.1)


@lru_cache(maxsize=256)
def settings_of(number: int, options: tuple[tuple[str, Any], ...]) -> SiteConfig:
    """Give the settings of a site; made once, since to make them takes longer than a sequence."""
    fields = {
        "name": f"s{number}", "path": f"/simulated/{number}", "bucket": BUCKET,
        "prefix": f"p{number}/", "multipart_threshold_bytes": LARGE_BYTES,
    }  # fmt: skip
    return SiteConfig.model_validate({**fields, **dict(options)})


class _Inbox:
    """The face of `site.Inbox`; who puts something in wakes the site."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._messages: list[object] = []
        self._wake = wake

    def put(self, message: object) -> None:
        self._messages.append(message)
        self._wake()

    def take(self) -> list[object]:
        messages, self._messages = self._messages, []
        return messages

    def __len__(self) -> int:
        return len(self._messages)


class _Watcher:
    kind = "inotify"
    overflows = unwatched = 0
    unwatched_sample: tuple[str, ...] = ()
    proved_at: float | None = None

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, _timeout: float) -> bool:
        return True

    def beat(self, _now: float) -> bool:
        return True

    def status(self) -> _Watcher:
        return self


class _Gate:
    def try_enter(self, _name: str) -> bool:
        return True

    def leave(self, _name: str) -> None:
        """Nobody else waits."""


class _Silence:
    def debug(self, _event: str, **_facts: object) -> None:
        """Nobody reads it."""

    info = warning = error = debug


class Engine:
    """One site, while its process lives. See the module.

    Attributes:
        site: the real one.
        on_turn: called after each turn of the site.
    """

    def __init__(
        self, settings: SiteConfig, disk: Disk, wire: Wire, drive: Drive, *, random: Random,
        wall: Callable[[], float], boot_id: str,
    ) -> None:  # fmt: skip
        self.agenda: Agenda = wire.agenda
        self.settings = settings
        self.on_turn: Callable[[Engine], object] = lambda _engine: None
        latency = random.choice(_LATENCIES)
        self.inbox = _Inbox(lambda: self._wake(self.agenda.random.random() * latency))
        self._wake_at = float("inf")
        self._drive = drive
        self.ledger = drive.open()
        self.eyes = Eyes(disk, self.agenda, self.inbox.put)
        limit = random.choice((2, 8, 64))
        self.lanes = [
            Lane(self.agenda, lambda: self.inbox.put(Room()), limit=each) for each in (limit, 2)
        ]
        self.hints = HintTable(
            lambda: self.inbox.put(Hinted()), clock=lambda: self.agenda.now, max_per_directory=6
        )
        self.bucket = Bucket(wire)
        self.site = Site(self._parts(disk, random, wall, boot_id))
        self.site.begin(self.agenda.now)
        self._wake(0.0)

    @property
    def status(self) -> dict[str, Any]:
        """What the site says of itself."""
        return self.site.board.snapshot

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits to be taken in."""
        return not (len(self.inbox) or len(self.hints))

    def command(self, name: str, **arguments: object) -> None:
        """Send a command."""
        self.inbox.put(Command(name, arguments, lambda _answer: None))

    def stop(self) -> None:
        """Begin to stop in good order."""
        self.inbox.put(Stop(self.agenda.now + 5.0))

    def die(self) -> None:
        """End without a word: what was not committed is gone."""
        self._drive.die(self.ledger)

    def _parts(self, disk: Disk, random: Random, wall: Callable[[], float], boot_id: str) -> Parts:
        settings, inbox = self.settings, self.inbox
        scope = Scope(prefix=settings.prefix, exclusions=[], inclusions=[])
        policy = Policy(
            mode="upload", retire_deleted=settings.retire_deleted,
            retire_foreign=settings.retire_foreign, on_drift=settings.on_drift,
            storage_class=settings.storage_class, covers=scope.covers,
        )  # fmt: skip

        def new_id() -> str:
            return f"{random.getrandbits(128):032x}"

        known: Any = {"1": True, "0": False}.get(self.ledger.meta("etag_is_md5") or "")
        transfer = Transfer(
            self.bucket, scope, disk.path, TransferSettings(policy, LARGE_BYTES, 2),  # type: ignore[arg-type]
            clock=lambda: int(wall() * 1e9), lane=self.lanes[0],  # type: ignore[arg-type]
            commit_intent=lambda note: lambda resume: inbox.put(Noted(note, resume)),
            report=lambda note: inbox.put(Noted(note)), etag_is_md5=known,
            ports=Ports(disk, disk, new_id),  # type: ignore[arg-type]
        )  # fmt: skip
        return Parts(
            settings=settings, scope=scope, policy=policy, ledger=self.ledger, scanner=self.eyes,
            watcher=_Watcher(), hints=self.hints, bucket=self.bucket, transfer=transfer,
            lane=self.lanes[0], checksum_lane=self.lanes[1], inbox=inbox, gate=_Gate(),
            clock=lambda: self.agenda.now, wall=wall, jitter=random.random, log=_Silence(),
            range_rows=_RANGE_ROWS, boot_id=boot_id, new_id=new_id,
        )  # type: ignore[arg-type]  # fmt: skip

    def _wake(self, seconds: float) -> None:
        at = self.agenda.now + seconds
        if at < self._wake_at:
            self._wake_at = at
            self.agenda.note(seconds, f"turn {self.settings.name}", lambda: self._turn(at))

    def _turn(self, at: float) -> None:
        if at != self._wake_at or self.site.is_stopped:
            return  # it was woken before
        self._wake_at = float("inf")
        now, site = self.agenda.now, self.site
        try:
            for message in self.inbox.take():
                site.handle(message, now)
            wait = site.advance(now)
        except RuntimeError as error:
            raise (as_crash(error) or error) from error
        self._wake(max(wait, 1e-4))
        self.on_turn(self)
