"""The ledger's files: make, check, migrate, put aside, read beside a running daemon."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import ExitStack, closing, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from s3syncd.errors import LedgerError
from s3syncd.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "APPLICATION_ID",
    "SCHEMA_VERSION",
    "Opened",
    "connect",
    "connect_readonly",
    "failure",
    "is_damage",
    "open_readonly",
    "open_writable",
    "put_aside",
]

APPLICATION_ID = 0x53335359  # "S3SY", so that file(1) and we can tell our file from another's
SCHEMA_VERSION = 2


def _add_late(db: sqlite3.Connection) -> None:
    """Make the table `late` as the schema has it."""
    (made,) = re.findall(r"^CREATE TABLE late \(.*?^\)[^;]*;", _schema(), re.DOTALL | re.MULTILINE)
    db.execute(made)


# From version n to n + 1, each run in its own transaction.
MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _add_late}

# Nobody else writes; a reader in its last page is the only one to wait for (checkpoint).
_BUSY_SECONDS = 5.0
_PRAGMAS = (
    "PRAGMA synchronous = FULL",  # NORMAL lost 100 of 100 commits in a simulated power cut
    "PRAGMA fullfsync = ON",  # macOS: fsync alone does not reach the disk there
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA cell_size_check = ON",  # damage is found when read, not when it has spread
    "PRAGMA trusted_schema = OFF",
    "PRAGMA mmap_size = 0",  # an I/O error through a mapping is a SIGBUS
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4096",  # KiB; a merge reads in order and does not profit from more
    "PRAGMA journal_size_limit = 16777216",  # bytes; the WAL shrinks again after a large group
)


class Opened(NamedTuple):
    """A connection that is ready, and how it came about."""

    db: sqlite3.Connection
    was_fresh: bool
    put_aside: Path | None


def open_writable(path: Path, identity: str) -> Opened:
    """Open or make the database; see `Ledger.open`.

    Raises:
        LedgerError: not readable, not writable, or newer than this program.
    """
    aside: Path | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        verdict = _examine_file(path, identity)
        if verdict in {"corrupt", "replaced"}:
            aside = put_aside(path, verdict)
            verdict = "empty"
        if verdict == "empty":
            # The WAL takes over the mode of this file: what is synced is nobody else's business.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            reach("ledger.before_create")
            with closing(connect(path)) as db:
                _create(db, identity)
            reach("ledger.after_create")
            _fsync_directory(path.parent)
        return Opened(connect(path), verdict == "empty", aside)
    except (sqlite3.Error, UnicodeError, OSError) as error:
        raise failure(path, error) from error


def open_readonly(path: Path, identity: str) -> Opened:
    """Open the database for reading only; see `Ledger.open_readonly`.

    Raises:
        LedgerError: not readable, or of another schema.
    """
    try:
        if path.exists():
            with ExitStack() as stack:
                db = stack.enter_context(closing(connect_readonly(path)))
                if _verdict_or_corrupt(db, identity) == "ours":
                    stack.pop_all()
                    return Opened(db, was_fresh=False, put_aside=None)
        db = sqlite3.connect(":memory:", isolation_level=None)
        _create(db, identity)
        db.execute("PRAGMA query_only = ON")
        return Opened(db, was_fresh=True, put_aside=None)
    except (sqlite3.Error, UnicodeError, OSError) as error:
        raise failure(path, error) from error


def connect(path: Path) -> sqlite3.Connection:
    """Return a read-write connection to an existing file, in WAL mode with our settings."""
    uri = f"file:{quote(str(path))}?mode=rw"
    db = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            db.execute(pragma)
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    except BaseException:
        db.close()
        raise
    if mode != "wal":
        db.close()
        raise sqlite3.OperationalError(f"no WAL on this file system (got {mode})")
    return db


def put_aside(path: Path, reason: str) -> Path:
    """Rename the database and its WAL to `<path>.<reason>-<n>`; nothing is ever deleted.

    Args:
        path: the database file; it must not be open.
        reason: corrupt, replaced or reset.

    Returns:
        The new name of the database file.
    """
    number = 1
    while (aside := path.with_name(f"{path.name}.{reason}-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        # The database goes last: after a crash in between the next start finds it and goes on.
        reach("ledger.before_aside")
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    reach("ledger.after_aside")
    _fsync_directory(path.parent)
    return aside


def failure(path: Path, error: Exception) -> LedgerError:
    """Return the LedgerError that tells an operator what SQLite or the system said."""
    if isinstance(error, LedgerError):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if is_damage(error):
        hint = "the file is put aside and begun anew; the disk may be failing"
    elif code is not None and code & 0xFF == sqlite3.SQLITE_FULL:
        hint = f"free space on the file system of {path.parent}; s3syncd goes on by itself then"
    elif code is not None and code & 0xFF == sqlite3.SQLITE_IOERR:
        hint = f"the file system of {path.parent} fails; look at the kernel log and for a full disk"
    else:
        hint = f"make {path.parent} a writable directory on a local file system"
    return LedgerError(f"ledger {path}: {error}", hint=hint)


def is_damage(error: BaseException) -> bool:
    """Return whether the error says that the content of the file cannot be right.

    What SQLite says of a spoilt schema quotes it, and where that is no text Python cannot say it.
    """
    if isinstance(error, UnicodeError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # text that is not UTF-8 is found by Python, which sets no code
        return isinstance(error, sqlite3.OperationalError) and "UTF-8" in str(error)
    return bool(code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _examine_file(path: Path, identity: str) -> str:
    """Return what the file is: empty, ours, corrupt or replaced."""
    if not path.exists():
        # A WAL without its database belongs to a file that somebody took away.
        return "corrupt" if Path(f"{path}-wal").exists() else "empty"
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
        return _verdict_or_corrupt(db, identity, migrate=True)


def _verdict_or_corrupt(db: sqlite3.Connection, identity: str, *, migrate: bool = False) -> str:
    try:
        return _verdict_of(db, identity, migrate=migrate)
    except (sqlite3.Error, UnicodeError) as error:
        if is_damage(error):
            return "corrupt"
        raise


def _verdict_of(db: sqlite3.Connection, identity: str, *, migrate: bool = False) -> str:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0 and application == 0:
        return "empty"
    if application != APPLICATION_ID:
        return "corrupt"
    if version > SCHEMA_VERSION or (version < SCHEMA_VERSION and not migrate):
        raise LedgerError(
            f"the ledger has schema {version}, this s3syncd knows {SCHEMA_VERSION}",
            hint="start the daemon of the newer version, or `s3syncd reset SITE` (costs hashing)",
        )
    (is_clean,) = db.execute("SELECT is_clean FROM tally").fetchone() or (0,)
    if migrate and not is_clean and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        return "corrupt"
    _migrate(db, version)
    if migrate and _columns_of(db) != _columns():
        return "corrupt"  # a name that turned into another one: no statement of ours would do
    stored = db.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
    return "ours" if stored == (identity,) else "replaced"


def _migrate(db: sqlite3.Connection, version: int) -> None:
    for step in range(version, SCHEMA_VERSION):
        db.execute("BEGIN IMMEDIATE")
        MIGRATIONS[step](db)
        db.execute(f"PRAGMA user_version = {step + 1}")
        reach("ledger.before_migrate")
        db.execute("COMMIT")
        reach("ledger.after_migrate")


def _columns_of(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    told = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
    return frozenset(db.execute(f"{told} WHERE t.type = 'table'"))


@cache
def _columns() -> frozenset[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(_schema())
        return _columns_of(db)


def _schema() -> str:
    return files("s3syncd.ledger").joinpath("schema.sql").read_text(encoding="utf-8")


def _create(db: sqlite3.Connection, identity: str) -> None:
    """Make all tables in one transaction: after a crash the file is empty or complete."""
    db.executescript(f"BEGIN IMMEDIATE;\n{_schema()}")
    db.execute("INSERT INTO meta VALUES ('identity', ?)", (identity,))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def connect_readonly(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, also beside a daemon and on a read-only disk.

    Whoever reads shares two files with a writer, made by the first to come. They go with the last
    that might write, so where nobody has written we come as such a one; beside a WAL with content
    (a daemon's, or what one that was killed has left) as one that leaves all as it is.
    """
    wal = Path(f"{path}-wal")
    uri = f"file:{quote(str(path))}?mode="
    mode = "ro" if _has_content(wal) else "rw"
    db = sqlite3.connect(f"{uri}{mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        db.execute("SELECT count(*) FROM sqlite_schema")
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if not is_damage(error):
            db.close()
            if wal.exists():
                raise
            # Nobody writes, and the directory does not let us make what readers share.
            db = sqlite3.connect(f"{uri}ro&immutable=1", uri=True, isolation_level=None)
    db.execute("PRAGMA query_only = ON")
    db.execute("PRAGMA mmap_size = 0")
    return db


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
