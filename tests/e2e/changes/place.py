"""A directory of one test, in a site that all tests of a module share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site, tree, write
from tests.waiting import until

__all__ = ["Place"]


@dataclass
class Place:
    """A directory of one test, in the site that all share."""

    name: str
    site: Site
    daemon: Daemon

    @property
    def root(self) -> Path:
        return self.site.root / self.name

    def write(self, path: str, content: bytes | str = b"x") -> Path:
        return write(self.root / path, content)

    def etags(self) -> dict[str, tuple[int, str]]:
        """List the objects: size and ETag, which on moto is the MD5 of the content."""
        return self.site.etags(f"{self.site.prefix}{self.name}/")

    def objects(self) -> dict[str, bytes]:
        return {key: self.site.content(f"{self.name}/{key}") for key in self.etags()}

    def arrived(self) -> None:
        """Wait until the bucket has exactly what the directory has."""
        until(self._is_equal, 20, f"{self.name} is equal on both sides\n{self.daemon.tail()}")

    def settle(self) -> None:
        """As `arrived`, and still so when the daemon says that all is done."""
        self.arrived()
        self.daemon.in_sync()
        assert self._is_equal()

    def _is_equal(self) -> bool:
        listed = self.etags()
        local = {path: (len(c), hashlib.md5(c).hexdigest()) for path, c in tree(self.root).items()}
        return listed == local
