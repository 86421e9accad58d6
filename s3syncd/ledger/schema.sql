-- The ledger of one site. Read together with the docstring of s3syncd/ledger/__init__.py.
-- Paths are UTF-8 bytes: memcmp order is the order in which S3 lists keys.
-- WITHOUT ROWID: every table is read by its key, in key order, and rows are small.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters that change with the baseline, written once per commit. One row.
CREATE TABLE tally (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    is_clean INTEGER NOT NULL          -- 1: the last process closed the ledger itself
) STRICT;
INSERT INTO tally VALUES (1, 0, 0, 0, 1);

-- What both sides last agreed on. Integers beyond 64 bits are folded, see fold() in baseline.py.
CREATE TABLE baseline (
    path BLOB PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    md5 TEXT,
    etag TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX baseline_inode ON baseline (inode, size_bytes);

-- Rows removed while a pass runs: the pass must not decide on what it read before.
CREATE TABLE tombstone (
    path BLOB PRIMARY KEY,
    changed_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Written before an effect, dropped with the record of it.
CREATE TABLE intent (
    path BLOB PRIMARY KEY,
    op_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    md5 TEXT,
    etag_before TEXT,
    upload_id TEXT,
    part_size_bytes INTEGER NOT NULL,
    created_wall REAL NOT NULL,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Intents of effects before the last one of a path, which a server may still carry out.
CREATE TABLE late (
    path BLOB NOT NULL,
    op_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    md5 TEXT,
    etag_before TEXT,
    upload_id TEXT,
    part_size_bytes INTEGER NOT NULL,
    created_wall REAL NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (path, op_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE part (
    path BLOB NOT NULL,
    number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    PRIMARY KEY (path, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE retry (
    path BLOB PRIMARY KEY,
    attempts INTEGER NOT NULL,
    next_at_wall REAL NOT NULL,
    reason TEXT NOT NULL,
    hint TEXT NOT NULL,
    since_wall REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX retry_next ON retry (next_at_wall);
CREATE INDEX retry_since ON retry (since_wall);

-- Deletions wanted and not carried out.
CREATE TABLE deletion (
    path BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    first_seen_wall REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'cleared', 'held', 'approved')),
    foreign_etag TEXT,                 -- the object seen, where there is no baseline row
    foreign_bytes INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deletion_state ON deletion (state, path);

-- Deletions carried out, for the mass_delete guard.
CREATE TABLE deletion_log (
    is_approved INTEGER NOT NULL,
    wall REAL NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (is_approved, wall, path)
) STRICT, WITHOUT ROWID;

-- How many files the baseline had at a time, for the same guard.
CREATE TABLE count_sample (
    wall REAL PRIMARY KEY,
    files INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
