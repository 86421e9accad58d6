"""The ledger of one site: what both sides last agreed on, and what is under way. The only SQLite.

Writes go to an open group; `Ledger.commit` makes the group durable (WAL, `synchronous=FULL`, no
switch anywhere). One read-write connection, owned by the thread that opened it: two connections
that write or checkpoint at once could damage the file before SQLite 3.51.3. `plan` and `verify`
read through `Ledger.open_readonly` meanwhile.

When the file system fails (`LedgerError`), the connection is dropped: after a failed fsync nothing
that SQLite holds in memory can be trusted. The writes of the open group are kept in memory and
carried out again, on a new connection and from what the disk says, by the next call. So a caller
that got a `LedgerError` waits and calls `commit()` again; nothing must be handed in twice. When
`is_damaged` is set, only `begin_anew()` helps: it puts the file aside and starts an empty one.

    store.py      connection, group commit, failures
    opening.py    files: create, check, migrate, put aside
    glance.py     whose a ledger is and what it holds, from outside
    baseline.py   rows, pages, counts, passes
    intents.py    effects under way and their parts
    deletions.py  wanted, held, approved, carried out
    retries.py    paths to be tried again
    sorting.py    a listing out of order, sorted in a temporary table
"""

from __future__ import annotations

from s3syncd.ledger.deletions import Deletion
from s3syncd.ledger.glance import Glance, glance
from s3syncd.ledger.intents import Intent, Part
from s3syncd.ledger.ledger import Ledger
from s3syncd.ledger.opening import put_aside
from s3syncd.ledger.retries import Retry
from s3syncd.ledger.sorting import ListingSorter

__all__ = [
    "Deletion",
    "Glance",
    "Intent",
    "Ledger",
    "ListingSorter",
    "Part",
    "Retry",
    "glance",
    "put_aside",
]
