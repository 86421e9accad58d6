"""Places to restore, in a store that many share and in one that may fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.strict.fake import FakeStore
from tests.strict.restoring.place import Place


@pytest.fixture
def place(shared_store: FakeStore, s3: Any, bucket: str, tmp_path: Path) -> Place:
    return Place(shared_store, s3, bucket, tmp_path)


@pytest.fixture
def own(store: FakeStore, client: Any, tmp_path: Path) -> Place:
    """The same in a store that may fail."""
    return Place(store, client, "bucket", tmp_path)
