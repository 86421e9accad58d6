"""People at work on a site's directory, each in a thread, and a stranger in the bucket."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.strict.author import Author

__all__ = ["Person", "Stranger", "is_strange"]

_MIB: Final = 2**20
_REMEMBERED: Final = 50  # deleted contents that may be restored; all of them would fill the memory
_APPEND_STEPS: Final = 12
_APPEND_PAUSE_SECONDS: Final = 0.02
_LARGEST_FILES: Final = 150  # from here on more is deleted than created
_STRANGE: Final = "strange-"

# Beside what an author does one by one; of 100 or so.
_WEIGHTS: Final = {"act": 90, "grow": 5, "delete_tree": 2, "burst": 2, "large": 1}


def is_strange(path: str) -> bool:
    """Whether a path is one that only the stranger writes."""
    return path.startswith(_STRANGE)


class Person(Author):
    """An author who also appends, deletes directories, writes large files and many at once.

    Whoever wants the directory to rest holds `lock`.
    """

    def __init__(
        self,
        root: Path,
        seed: int,
        *,
        aside: Path,
        changes_per_second: float,
        rests_after_seconds: float,
    ) -> None:
        super().__init__(root, seed, aside=aside, rests_after_seconds=rests_after_seconds)
        self.lock = threading.Lock()
        self.failure: BaseException | None = None
        self._choice = Random(f"person {seed}")
        self._rate = changes_per_second
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"person-{seed}", daemon=True)

    @property
    def changes(self) -> int:
        """How much was done."""
        return sum(self.done.values())

    def begin(self) -> None:
        """Go to work."""
        self._thread.start()

    def end(self) -> None:
        """Stop working; fails if something could not be done.

        Raises:
            RuntimeError: it is told why.
        """
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self.failure is not None:
            raise RuntimeError("a person could not work") from self.failure

    def delete_tree(self, folder: str) -> int:
        """Delete a directory as rm -r does; gives the number of files."""
        paths = [path for path in sorted(self.diary.files()) if path.startswith(f"{folder}/")]
        for path in paths:
            self.remove(path)
        shutil.rmtree(self._root / folder, ignore_errors=True)
        return len(paths)

    def _live(self) -> None:
        try:
            while not self._is_over.wait(self._choice.expovariate(self._rate)):
                with self.lock:
                    self._once()
        except BaseException as error:  # noqa: BLE001 - told by `end`
            self.failure = error

    def _once(self) -> None:
        name = self._choice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if len(self.diary.files()) > _LARGEST_FILES:
            name = "delete_tree"
        if name == "act":
            self.act(1)
        elif name == "delete_tree":
            self._delete_some_tree()
        elif name == "large":
            self.write("large", self._choice.randrange(6 * _MIB, 9 * _MIB))
        elif name == "burst":
            self.act(15)
        else:
            self._grow()
        self.done[name] = self.done.get(name, 0) + 1
        del self._deleted[:-_REMEMBERED]

    def _delete_some_tree(self) -> None:
        tops = sorted({path.split("/")[0] for path in self.diary.files() if "/" in path})
        if tops:
            self.delete_tree(self._choice.choice(tops))
        elif path := self._one():
            self.remove(path)

    def _grow(self) -> None:
        """Write a new file as a log is written: by appending, torn until the last line is there."""
        path = self._new()
        if path is None:
            return
        content = self._blob(path, self._choice.randrange(500, 9000))
        self.diary.wrote(path, content, time.time())
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        step = len(content) // _APPEND_STEPS
        with (self._root / path).open("xb", buffering=0) as opened:
            since = time.time()
            for start in range(0, len(content), step):
                opened.write(content[start : start + step])
                since = self._went_on(path, since)
                self._never.wait(_APPEND_PAUSE_SECONDS)


class Stranger:
    """Another writer: has objects of their own below the site's prefix and beside it, and spoils.

    What they overwrite or delete of the site's is put right by the next reconcile; their own
    objects nobody may touch.

    Attributes:
        own: key -> what was put there last. What a store refused it may have put all the same, at
            once or late; then it is there instead.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, seed: int) -> None:
        self.own: dict[str, bytes] = {}
        self.acts = 0
        self._refused: dict[str, set[bytes]] = {}
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._choice = Random(f"stranger {seed}")

    def act(self) -> None:
        """Do one thing; a store that refuses is no matter."""
        self.acts += 1
        chance = self._choice.random()
        if chance < 0.5 or not (theirs := self._theirs()):
            number = self._choice.randrange(20)
            key = f"{self._prefix}{_STRANGE}{number}" if number % 2 else f"elsewhere/{number}"
            content = f"{key} {self.acts}".encode()
            refused = self._refused.setdefault(key, set())
            refused.add(content)
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content)
            refused.remove(content)
            self.own[key] = content
        elif chance < 0.8:
            body = f"spoiled {self.acts}".encode()
            self._client.put_object(Bucket=self._bucket, Key=theirs, Body=body)
        else:
            self._client.delete_object(Bucket=self._bucket, Key=theirs)

    def missing(self) -> list[str]:
        """Give their objects that are not as they were left."""
        return [
            key for key, content in self.own.items()
            if self._read(key) not in {content, *self._refused[key]}
        ]  # fmt: skip

    def _theirs(self) -> str | None:
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix)
        keys = [each["Key"] for each in answer.get("Contents", [])]
        keys = [key for key in keys if not is_strange(key.removeprefix(self._prefix))]
        return self._choice.choice(keys) if keys else None

    def _read(self, key: str) -> bytes | None:
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        return body
