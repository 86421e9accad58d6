"""The shared workers: bounded, fair between sites, and nothing waits while it holds a worker.

A *call* is a generator. It runs on a worker until it yields a `Start`, a callable that is given
`resume`; the pool calls it and frees the worker. When `resume(value)` is called, from any thread
and be it before the start has returned, some worker goes on with `value` as the result of the
yield. What the generator returns is given to `done`; an exception becomes `CallFailed`.

A *lane* is one site's way into the pool. `offer` admits a call or says no, at once; after a no,
`on_room` is called when it would fit. A running call may `spawn` children (the parts of a large
upload): they wait for room inside the pool and share it half and half with offers.

What blocks (`Apart`, `apart`) is called on threads apart, which no other call waits for.

    calls.py   the values: calls, resumes, handles
    apart.py   threads for what blocks
    shares.py  who may hold how much: pure arithmetic, guarded by the pool's lock
    lane.py    the face of one site
    pool.py    workers, the trampoline, admission, stopping
"""

from __future__ import annotations

from s3syncd.pool.apart import Apart, apart
from s3syncd.pool.calls import Call, CallFailed, Handle, PoolStopped, Start, first_of
from s3syncd.pool.lane import Lane
from s3syncd.pool.pool import Pool

__all__ = [
    "Apart",
    "Call",
    "CallFailed",
    "Handle",
    "Lane",
    "Pool",
    "PoolStopped",
    "Start",
    "apart",
    "first_of",
]
