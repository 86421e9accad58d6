"""A site of which only the bucket is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.supervisor.restoring import Restoration, Wish
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.fake import FakeStore

MIB = 2**20


class Place:
    """A site of which only the bucket is left, and the directory it is restored to."""

    def __init__(self, store: FakeStore, client: Any, bucket: str, folder: Path) -> None:
        self.store, self.client, self.bucket = store, client, bucket
        self.folder = folder
        self.out = folder / "out"
        self.root = folder / "root"

    def config(self, **options: Any) -> Config:
        path = self.folder / "config.yml"
        site = {"name": "data", "path": str(self.root), "bucket": self.bucket, "prefix": "p"}
        document = {
            "endpoint": self.store.endpoint, "region": "us-east-1", "access_key": ACCESS_KEY,
            "secret_access_key": SECRET_ACCESS_KEY, "state_dir": str(self.folder / "state"),
            "http": {"listen": None}, "s3_ops_retries": 1, "upload_workers": 4,
            "sites": [site | options],
        }  # fmt: skip
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return load(path)

    def put(self, key: str, body: bytes = b"x", **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.put_object(
            Bucket=self.bucket, Key=f"p/{key}", Body=body, **given
        )
        return answer

    def put_in_parts(self, key: str, *parts: bytes, checksum: str | None = None) -> None:
        """Put in parts; with a `checksum` the store keeps one of the parts' only."""
        where = {"Bucket": self.bucket, "Key": f"p/{key}"}
        kept = {"ChecksumAlgorithm": checksum} if checksum else {}
        begun = self.client.create_multipart_upload(**where, **kept)
        where["UploadId"] = begun["UploadId"]
        made = []
        for number, body in enumerate(parts, start=1):
            done = self.client.upload_part(PartNumber=number, Body=body, **where, **kept)
            told = {name: done[name] for name in (f"Checksum{checksum}", "ETag") if name in done}
            made.append({"PartNumber": number, **told})
        self.client.complete_multipart_upload(MultipartUpload={"Parts": made}, **where)

    def restore(
        self, *, config: Config | None = None, **wish: Any
    ) -> tuple[Restoration, dict[str, str]]:
        wanted = Wish("data", wish.pop("directory", self.out), **wish)
        work = Restoration(config or self.config(), wanted, claim=f"data {wanted.at}")
        return work, {one.path: one.word for one in work.found()}
