"""One site of a test, seen from outside: its directory, its bucket, and whether they agree."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Site", "fill", "tree", "write"]


def write(path: Path, content: bytes | str = b"x") -> Path:
    """Write a file, with its parents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tree(root: Path) -> dict[str, bytes]:
    """Read every regular file below a directory, as relative path -> content."""
    found: dict[str, bytes] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


@dataclass
class Site:
    """One site of a test: its directory and its bucket, seen from outside."""

    name: str
    root: Path
    bucket: str
    prefix: str
    client: Any
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, path: str, content: bytes | str = b"x") -> Path:
        """Write a file of the site."""
        return write(self.root / path, content)

    def etags(self, prefix: str | None = None) -> dict[str, tuple[int, str]]:
        """List the bucket: key (without the site's prefix) -> size and ETag."""
        prefix = self.prefix if prefix is None else prefix
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return {
            each["Key"].removeprefix(prefix): (each["Size"], each["ETag"].strip('"'))
            for page in pages
            for each in page.get("Contents", [])
        }

    def names(self) -> set[str]:
        """List the keys below the prefix, without it."""
        return set(self.etags())

    def content(self, key: str) -> bytes:
        """Read an object."""
        answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)
        body: bytes = answer["Body"].read()
        return body

    def objects(self) -> dict[str, bytes]:
        """Read every object below the prefix."""
        return {key: self.content(key) for key in self.etags()}

    def put(self, key: str, content: bytes = b"x", **extra: Any) -> None:
        """Put an object behind the daemon's back."""
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content, **extra)

    def uploads(self) -> list[str]:
        """List the keys of multipart uploads that are neither complete nor aborted."""
        answer = self.client.list_multipart_uploads(Bucket=self.bucket)
        return [each["Key"] for each in answer.get("Uploads", [])]

    def is_equal(self) -> bool:
        """Whether the bucket has exactly the files' names and sizes (cheap, for waiting)."""
        local = {path: len(content) for path, content in tree(self.root).items()}
        return {key: size for key, (size, _) in self.etags().items()} == local

    def assert_equal(self) -> None:
        """Compare both sides, byte by byte."""
        local, remote = tree(self.root), self.objects()
        assert remote.keys() == local.keys()
        different = [path for path in local if local[path] != remote[path]]
        assert not different


def fill(site: Site, count: int = 10) -> set[str]:
    """Write some files; give their names."""
    return {site.write(f"d/{n}", f"content {n}").relative_to(site.root).as_posix()
            for n in range(count)}  # fmt: skip
