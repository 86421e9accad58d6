"""A strict S3 in memory, and an oracle that judges what a client did to it.

`model.Model` is the store: pure, deterministic, no I/O. `fake.FakeStore` runs it behind a threaded
HTTP server, in this process or in one of its own (`process.py`). `oracle.Oracle` reads the history
of requests that the store keeps and says what must never have happened.

What S3 does is taken from its documentation; where that is silent the stricter answer is chosen, so
that a client which gets along here gets along there. Tests of each rule stand beside the rules:
`test_*.py`; `differences.py` lists where moto, the second opinion, behaves otherwise.
"""
