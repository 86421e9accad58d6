"""The strict S3 behind HTTP, in this process; `process.py` runs the same in one of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, Protocol

from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server
from tests.strict.faults import Fault, Kind
from tests.strict.history import Event, History
from tests.strict.model import Model
from tests.strict.server import Delivery, Server
from tests.strict.signature import Keys
from tests.strict.state import Version
from tests.strict.store import Options, http_time
from tests.strict.wire import Call, Request

__all__ = ["Control", "FakeStore", "usual_options"]

_AFTER: Final = frozenset({Kind.DROP_RESPONSE})


def usual_options() -> Options:
    """Give options with which the credentials of the tests may sign."""
    return Options(keys=Keys({ACCESS_KEY: SECRET_ACCESS_KEY}))


class Control(Protocol):
    """What tests ask of a strict S3 besides speaking S3 to it; the same in any process."""

    @property
    def endpoint(self) -> str:
        """http://127.0.0.1:port."""

    def create_bucket(self, name: str, *, versioning: bool = False, region: str = "") -> None:
        """Make a bucket."""

    def fault(self, fault: Fault) -> int:
        """Let something go wrong from now on; gives its number, for `met`."""

    def met(self, number: int) -> int:
        """Tell how many requests met a fault."""

    def clear_faults(self) -> None:
        """Let nothing go wrong any more; what is held or delayed goes on."""

    def release(self, name: str) -> None:
        """Let the requests go on that are held, or to be carried out late, under a name."""

    def history(self) -> History:
        """Give what happened until now."""

    def version(self, serial: int) -> Version:
        """Give one of all the versions there ever were."""

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        """Give what readers see, or saw after an event: key -> serial of its version."""

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        """Give key and id of each upload that is neither complete nor aborted."""

    def shift_clock(self, seconds: float) -> None:
        """Move the store's clock, away from where it is."""

    def expire(self, access_key: str) -> None:
        """Let the credentials of a key be over."""


class FakeStore:
    """See `Control`.

    Args:
        options: default: the credentials of the tests sign, everything is enforced.
        seed: of the ids.
        clock: epoch seconds.
    """

    def __init__(
        self,
        *,
        options: Options | None = None,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._offset_seconds = 0.0
        self.options = options or usual_options()
        self.model = Model(clock=self._now, random=Random(seed), options=self.options)
        self._lock = threading.Lock()
        self._released: dict[str, threading.Event] = {}
        self._hurry = threading.Event()  # ends the delays of now
        self._is_stopping = False
        self._endpoint = ""

    @contextlib.contextmanager
    def server(self) -> Iterator[FakeStore]:
        """Serve it on loopback."""
        server = Server(self.serve)
        self._endpoint = server.endpoint
        try:
            yield self
        finally:
            self._is_stopping = True
            self.clear_faults()
            server.stop()

    @property
    def endpoint(self) -> str:
        return self._endpoint

    @property
    def as_server(self) -> S3Server:
        """The same as the other servers of the tests: with a client to look behind."""
        return S3Server(self._endpoint)

    def create_bucket(self, name: str, *, versioning: bool = False, region: str = "") -> None:
        with self._lock:
            bucket = self.model.store.create_bucket(name, region=region)
            bucket.versioning = "Enabled" if versioning else ""

    def fault(self, fault: Fault) -> int:
        with self._lock:
            if fault.name:
                self._released.setdefault(fault.name, threading.Event())
            return self.model.script.add(fault)

    def met(self, number: int) -> int:
        with self._lock:
            return self.model.script.met(number)

    def clear_faults(self) -> None:
        with self._lock:
            self.model.script.clear()
            held = [*self._released.values(), self._hurry]
            self._hurry = threading.Event()
        for event in held:
            event.set()

    def release(self, name: str) -> None:
        self._released[name].set()

    def history(self) -> History:
        with self._lock:
            return self.model.history

    def events_after(self, number: int) -> list[Event]:
        """Give what happened after an event."""
        with self._lock:
            return self.model.events_after(number)

    def version(self, serial: int) -> Version:
        with self._lock:
            return self.model.store.versions[serial]

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        with self._lock:
            found = self.model.store.buckets[bucket]
            return found.keys_at(self.model.store.event if at is None else at)

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        with self._lock:
            uploads = self.model.store.buckets[bucket].uploads.values()
            return [(each.key, each.upload_id) for each in uploads]

    def shift_clock(self, seconds: float) -> None:
        self._offset_seconds += seconds

    def expire(self, access_key: str) -> None:
        assert self.options.keys is not None
        self.options.keys.expired.add(access_key)

    def serve(self, request: Request) -> Delivery:
        """Answer a request; waits where a fault says so."""
        call = self.model.read(request)
        with self._lock:
            fault = self.model.fault_for(call)
        if fault is None:
            return self._carry_out(call, None)
        if fault.kind is Kind.DROP_REQUEST:
            with self._lock:
                self.model.drop(call, fault)
            return Delivery(None)
        if fault.kind is Kind.LATE:
            return Delivery(None, afterwards=lambda: self._carry_out_late(call, fault))
        if fault.kind is Kind.DELAY:
            self._hurry.wait(fault.seconds)
        if fault.kind is Kind.HOLD:
            self._released[fault.name].wait()
        return self._carry_out(call, fault)

    def _carry_out(self, call: Call, fault: Fault | None) -> Delivery:
        with self._lock:
            answer, _ = self.model.carry_out(call, fault)
        answer.headers["Date"] = http_time(self._now())
        if fault is not None and fault.kind in _AFTER:
            return Delivery(None)
        is_cut = fault is not None and fault.kind is Kind.TRUNCATE
        return Delivery(answer, fault.kept_bytes if fault is not None and is_cut else None)

    def _carry_out_late(self, call: Call, fault: Fault) -> None:
        self._released[fault.name].wait()
        if not self._is_stopping:
            self._carry_out(call, fault)

    def _now(self) -> float:
        return self._clock() + self._offset_seconds
