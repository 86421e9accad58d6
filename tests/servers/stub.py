"""A small S3 in memory that misbehaves on demand."""

from __future__ import annotations

import hashlib
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.servers.behaviour import Answer, Behaviour, Seen

__all__ = ["StubServer"]


@dataclass
class StoredObject:
    """An object in the stub's memory."""

    body: bytes
    etag: str
    headers: dict[str, str]


@dataclass
class _Rule:
    behaviour: Behaviour
    method: str
    contains: str
    left: int


@dataclass
class StubServer:
    """A small S3 in memory that misbehaves on demand and remembers every request.

    Unless told otherwise it stores, looks up, deletes and lists objects of any bucket.
    `history` has the requests in the order in which they were complete. `objects` is keyed by
    `/bucket/key`.
    """

    history: list[Seen] = field(default_factory=list)
    objects: dict[str, StoredObject] = field(default_factory=dict)
    is_stopping: threading.Event = field(default_factory=threading.Event)
    endpoint: str = ""
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def behave(
        self, behaviour: Behaviour, *, method: str = "", contains: str = "", times: int = 1
    ) -> None:
        """Use a behaviour for the next `times` requests that match; rules are taken in order."""
        with self._lock:
            self._rules.append(_Rule(behaviour, method, contains, times))

    def seen(self, method: str = "", contains: str = "") -> list[Seen]:
        """Give the requests so far that match."""
        return [
            one
            for one in list(self.history)
            if one.method.startswith(method) and contains in one.target
        ]

    def answer(self, seen: Seen) -> Answer | None:
        """Note a request and decide what comes back."""
        with self._lock:
            self.history.append(seen)
            rule = next((one for one in self._rules if _matches(one, seen)), None)
            if rule is not None:
                rule.left -= 1
        return rule.behaviour(self, seen) if rule else self.carry_out(seen)

    def carry_out(self, seen: Seen) -> Answer:
        """Do what S3 would do."""
        with self._lock:
            if seen.method == "PUT":
                return self._put(seen)
            if seen.method == "DELETE":
                self.objects.pop(seen.path, None)
                return Answer(204)
            if "list-type" in seen.query:
                return self._list(seen)
            found = self.objects.get(seen.path)
            if found is None:
                return Answer(404, (), b"<Error><Code>NoSuchKey</Code></Error>")
            headers = (("ETag", f'"{found.etag}"'), *found.headers.items())
            return Answer(200, headers, found.body)

    def _put(self, seen: Seen) -> Answer:
        digest = hashlib.md5(seen.body, usedforsecurity=False)
        told = seen.headers.get("content-md5")
        if told is not None and told != b64encode(digest.digest()).decode():
            return Answer(400, (), b"<Error><Code>BadDigest</Code></Error>")
        kept = {
            name: value
            for name, value in seen.headers.items()
            if name.startswith("x-amz-meta-") or name == "content-type"
        }
        if "partNumber" not in seen.query:
            self.objects[seen.path] = StoredObject(seen.body, digest.hexdigest(), kept)
        return Answer(200, (("ETag", f'"{digest.hexdigest()}"'),))

    def _list(self, seen: Seen) -> Answer:
        query, bucket = seen.query, seen.path.strip("/").split("/")[0]
        start = f"/{bucket}/"
        after = query.get("continuation-token") or query.get("start-after", "")
        keys = sorted(path.removeprefix(start) for path in self.objects if path.startswith(start))
        keys = [key for key in keys if key.startswith(query.get("prefix", "")) and key > after]
        limit = int(query.get("max-keys", "1000"))
        page, is_truncated = keys[:limit], len(keys) > limit
        rows = "".join(_row(key, self.objects[start + key]) for key in page)
        token = "".join(page[-1:])
        chain = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>"
        return Answer(
            200,
            (("Content-Type", "application/xml"),),
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<KeyCount>{len(page)}</KeyCount><EncodingType>url</EncodingType>"
                f"<IsTruncated>{str(is_truncated).lower()}</IsTruncated>"
                f"{chain if is_truncated else ''}{rows}</ListBucketResult>"
            ).encode(),
        )


def _matches(rule: _Rule, seen: Seen) -> bool:
    return rule.left > 0 and seen.method.startswith(rule.method) and rule.contains in seen.target


def _row(key: str, stored: StoredObject) -> str:
    return (
        f"<Contents><Key>{quote(key)}</Key><ETag>&quot;{stored.etag}&quot;</ETag>"
        f"<Size>{len(stored.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )
