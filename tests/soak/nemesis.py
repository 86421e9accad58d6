"""What goes wrong in a soak: seeded, one thing after the other, each over after some seconds."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from random import Random
from typing import Final

from tests.e2e.daemon import Daemon
from tests.faults.proxy import Proxy
from tests.faults.test_resources import fill
from tests.soak.stage import Stage
from tests.strict.faults import Fault, Kind

__all__ = ["Nemesis"]

# What each may do; the first daemon is killed, the other one's footprint is watched.
_WEIGHTS: Final = {
    "kill": 10, "kill_twice": 3, "freeze_process": 5, "lose_answers": 8, "cut_requests": 6,
    "cut_answers": 5, "delay": 5, "stall": 2, "unreachable": 5, "black_hole": 2, "storm": 6,
    "errors": 6, "errors_after": 5, "bad_listing": 4, "late": 3, "multipart_errors": 4,
    "wrong_clock": 2, "wrong_credentials": 3, "full_disk": 3, "restart_server": 3,
}  # fmt: skip
_METHODS: Final = ("PUT", "DELETE", "HEAD", "GET", "POST", "")
_HOUR: Final = 3600.0


class Nemesis:
    """See the module.

    Attributes:
        done: how often each thing was done.
    """

    def __init__(self, stage: Stage, seed: int) -> None:
        self.done: dict[str, int] = {}
        self._stage = stage
        self._random = Random(f"nemesis {seed}")
        self._never = threading.Event()
        self._count = 0

    def strike(self) -> str:
        """Do one thing; returns when it is over, or was set up for requests to come."""
        name = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if name == "full_disk" and self._stage.small_disk is None:
            name = "kill"
        act: Callable[[], None] = getattr(self, f"_{name}")
        act()
        self.done[name] = self.done.get(name, 0) + 1
        return name

    def rest(self, least: float, most: float) -> None:
        """Let some seconds go by."""
        self._never.wait(self._random.uniform(least, most))

    def calm(self) -> None:
        """End all of it."""
        self._stage.store.clear_faults()
        for proxy in self._stage.proxies:
            proxy.clear()

    # --- processes -----------------------------------------------------------------------------

    def _kill(self) -> None:
        daemon = self._stage.daemons[0]
        daemon.kill()
        self.rest(0, 1)
        daemon.start()

    def _kill_twice(self) -> None:
        daemon = self._stage.daemons[0]
        daemon.kill()
        daemon.start(is_waited=False)
        self.rest(0, 1.5)
        self._kill()

    def _freeze_process(self) -> None:
        daemon = self._daemon()
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGSTOP)
        self.rest(0.5, 4)
        daemon.process.send_signal(signal.SIGCONT)

    def _full_disk(self) -> None:
        assert self._stage.small_disk is not None
        # What a site says when its ledger cannot be written.
        self._stage.world.expected_crashes += ['"event": "site.failed"', "Traceback"]
        filler = self._stage.small_disk / "filler"
        fill(filler)
        self.rest(1, 5)
        filler.unlink()

    # --- the network ---------------------------------------------------------------------------

    def _lose_answers(self) -> None:
        self._proxy().lose_response(method=self._method(), times=self._times())

    def _cut_requests(self) -> None:
        self._proxy().reset_after(
            self._random.choice((0, 10, 500)), method=self._method(), times=self._times()
        )

    def _cut_answers(self) -> None:
        self._proxy().truncate(self._random.choice((0, 20, 300)), method=self._method())

    def _delay(self) -> None:
        self._proxy().delay(
            self._random.uniform(0.1, 3), method=self._method(), times=3 * self._times()
        )

    def _stall(self) -> None:
        proxy = self._proxy()
        if self._random.random() < 0.5:
            proxy.stall_answer(self._random.choice((-1, 0, 20)), method=self._method())
        else:
            proxy.stall_request(10, method="PUT")

    def _unreachable(self) -> None:
        proxy = self._proxy()
        self._random.choice((proxy.down, proxy.refuse))()
        self.rest(0.2, 4)
        proxy.up()

    def _black_hole(self) -> None:
        proxy = self._proxy()
        proxy.freeze()
        self.rest(1, 5)
        proxy.up()

    def _restart_server(self) -> None:
        for proxy in self._stage.proxies:
            proxy.refuse()
        self.rest(0.2, 2)
        for proxy in self._stage.proxies:
            proxy.up()

    # --- the store -----------------------------------------------------------------------------

    def _storm(self) -> None:
        self._fault(Kind.ERROR, "*", code="SlowDown", times=self._random.randrange(10, 60))

    def _errors(self) -> None:
        code = self._random.choice(
            ("InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted")
        )
        self._fault(Kind.ERROR, self._operation(), code=code, times=self._times())

    def _errors_after(self) -> None:
        kind = self._random.choice((Kind.ERROR_AFTER, Kind.DROP_RESPONSE, Kind.DROP_REQUEST))
        self._fault(kind, self._operation(), times=self._times())

    def _bad_listing(self) -> None:
        kind = self._random.choice((Kind.UNSORTED, Kind.TRUNCATE, Kind.ERROR))
        self._fault(kind, "ListObjectsV2", kept_bytes=self._random.randrange(2000))
        place = self._random.choice(list(self._stage.places.values()))
        place.daemon.run("rescan", place.name, "--remote")

    def _late(self) -> None:
        """Let a write be carried out after its connection has ended, within seconds."""
        self._count += 1
        name = f"late-{self._count}"
        self._fault(Kind.LATE, "PutObject", name=name)
        self.rest(1, 5)
        self._stage.store.release(name)

    def _multipart_errors(self) -> None:
        operation = self._random.choice(
            ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
        )
        kind = self._random.choice((Kind.ERROR, Kind.DROP_RESPONSE, Kind.DROP_REQUEST))
        if operation == "CompleteMultipartUpload" and self._random.random() < 0.5:
            kind = Kind.ERROR_IN_SUCCESS
        self._fault(kind, operation)

    def _wrong_clock(self) -> None:
        self._stage.store.shift_clock(_HOUR)
        self.rest(0.5, 4)
        self._stage.store.shift_clock(-_HOUR)

    def _wrong_credentials(self) -> None:
        # Not AccessDenied: that may be about one key, which is then asked for only once an hour.
        code = self._random.choice(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"))
        bucket = self._random.choice(("bucket", "shared"))
        self._fault(Kind.ERROR, "*", code=code, bucket=bucket, times=10**6)
        self.rest(1, 5)
        self._stage.store.clear_faults()

    def _fault(self, kind: Kind, operation: str, **named: object) -> None:
        self._stage.store.fault(Fault(kind=kind, operation=operation, **named))  # type: ignore[arg-type]

    # --- choices -------------------------------------------------------------------------------

    def _daemon(self) -> Daemon:
        return self._random.choice(self._stage.daemons)

    def _proxy(self) -> Proxy:
        return self._random.choice(self._stage.proxies)

    def _method(self) -> str:
        return self._random.choice(_METHODS)

    def _operation(self) -> str:
        return self._random.choice(("PutObject", "DeleteObject", "HeadObject", "*"))

    def _times(self) -> int:
        return self._random.randrange(1, 5)
