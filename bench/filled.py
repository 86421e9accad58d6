"""A site that is in sync from its first start: tree, ledger and objects say the same.

The ledger is written through s3syncd's own `Ledger` class and the sink is told the listing, since
uploading a million files first would take an hour and is not what is measured then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bench.daemon import write_config
from bench.files import grow_tree
from bench.server import BUCKET
from s3syncd.config.load import load
from s3syncd.core.entry import BaselineRow
from s3syncd.ledger import Ledger
from s3syncd.supervisor.build import ledger_identity, ledger_path

__all__ = ["Stock", "write_listing"]


class Stock:
    """A tree below `folder`, and what a bucket lists when the tree is below `prefix` there."""

    def __init__(self, folder: Path, prefix: str, *, files: int, size_bytes: int) -> None:
        self.folder = folder
        self.prefix = prefix
        self.root = folder / "root"
        self.listing = folder / "listing"
        folder.mkdir(parents=True)
        self.root.mkdir()
        with self.listing.open("w") as listing:
            for path, content in grow_tree(self.root, files=files, size_bytes=size_bytes):
                etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
                listing.write(f"{BUCKET}/{prefix}/{path}\t{len(content)}\t{etag}\n")

    def fill_ledger(self, endpoint: str) -> Path:
        """Write a configuration for an endpoint, and the ledger of a site in sync with it."""
        config = write_config(self.folder, self.root, endpoint, prefix=self.prefix)
        loaded = load(config)
        site = loaded.sites[0]
        path = ledger_path(loaded.state_dir, site)
        path.parent.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.open(path, identity=ledger_identity(site))
        with self.listing.open() as listing:
            for line in listing:
                name, _, etag = line.rstrip("\n").split("\t")
                ledger.record(self._row(name.removeprefix(f"{BUCKET}/{self.prefix}/"), etag))
        ledger.close()
        return config

    def _row(self, path: str, etag: str) -> BaselineRow:
        seen = (self.root / path).lstat()
        return BaselineRow(
            path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_mode,
            md5=etag, etag=etag, storage_class="STANDARD",
        )  # fmt: skip


def write_listing(stocks: Sequence[Stock], path: Path) -> Path:
    """One file with the listings of several, for the sink."""
    with path.open("w") as file:
        for stock in stocks:
            file.write(stock.listing.read_text())
    return path
