"""A user with a diary and a client without scruples, on a store without wire and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import gmtime, strftime

import pytest

from tests.strict.blobs import make_blob
from tests.strict.diary import Diary
from tests.strict.fake import FakeStore
from tests.strict.oracle import Oracle, Violation
from tests.strict.store import Options
from tests.strict.wire import Request

__all__ = ["PREFIX", "Scene"]

PREFIX = "p/"


@dataclass
class Scene:
    """A user with a diary and a client without scruples, on a clock of their own."""

    now: float = 1000.0
    diary: Diary = field(default_factory=Diary)
    contents: dict[str, bytes] = field(default_factory=dict)
    count: int = 0
    given_up: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = FakeStore(options=Options(min_part_bytes=0), clock=lambda: self.now)
        self.store.create_bucket("bucket")
        self.store.create_bucket("other")
        self.oracle = Oracle(
            self.store, self.diary, bucket="bucket", prefix=PREFIX, given_up=self.given_up
        )

    # the user

    def blob(self, path: str, length: int = 300) -> bytes:
        self.count += 1
        return make_blob(self.count, path, self.count, length)

    def write(self, path: str, content: bytes | None = None) -> bytes:
        self.now += 1
        given = self.blob(path) if content is None else content
        self.diary.wrote(path, given, self.now)
        self.contents[path] = given
        return given

    def remove(self, path: str) -> None:
        self.now += 1
        self.diary.removed(path, self.now)
        del self.contents[path]

    def rename(self, old: str, new: str) -> None:
        self.now += 1
        self.diary.renamed(old, new, self.now)
        self.contents[new] = self.contents.pop(old)

    # the client

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> str:
        """Send a request; gives the ETag of the answer."""
        self.now += 1
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.store.serve(Request(method, target, named, body)).answer
        assert answer is not None
        assert answer.status < 300, answer
        return answer.headers.get("ETag", "")

    def put(self, path: str, content: bytes | None = None, **headers: str) -> str:
        body = self.contents[path] if content is None else content
        return self.ask("PUT", f"/bucket/{PREFIX}{path}", body, **headers)

    def sign(self, name: str = "") -> dict[str, str]:
        """Give the headers of a request that is signed now, and may be sent later."""
        date = strftime("%Y%m%dT%H%M%SZ", gmtime(self.now))
        return {"x_amz_date": date, "authorization": f"Signature={name}"}

    def give_up(self, name: str) -> None:
        """Leave without an answer to the request of this signature."""
        self.given_up[name] = self.now

    def delete(self, path: str, **headers: str) -> None:
        target = f"/bucket/{PREFIX}{path}"
        if not headers:
            headers = {"if_match": self.ask("HEAD", target)}
        self.ask("DELETE", target, b"", **headers)

    # the rules

    def broken(self) -> set[str]:
        """Give the rules that the oracle finds broken."""
        found: list[Violation] = []
        for rule in (
            self.oracle.every_version_is_whole, self.oracle.every_version_is_the_users,
            self.oracle.no_version_comes_back, self.oracle.every_deletion_is_the_users,
            self.oracle.every_deletion_names_what_it_deletes, self.oracle.no_rename_leaves_a_gap,
            self.oracle.nothing_elsewhere_was_touched,
        ):  # fmt: skip
            found += rule()
        if found:
            with pytest.raises(AssertionError):
                self.oracle.assert_sound()
        else:
            self.oracle.assert_sound()
        return {each.rule for each in found}
