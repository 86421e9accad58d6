"""The bucket in memory, with what a site needs besides the transfers: contact and listings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.reply import Reply
from tests.fakes_bucket import FakeBucket, failure

__all__ = ["Store"]


class Store(FakeBucket):
    """See `FakeBucket`.

    Attributes:
        page_keys: keys of a page of a listing.
        order: how a listing is sorted.
        outage: why the bucket cannot be reached; None: it can.
        before_page: called with the number of each page, from 1, before it is answered.
        honours_start_after: a listing begins where it is asked to.
        start_after_fails: what a request says that begins in the middle.
        silent: keys of which no HEAD tells anything.
    """

    def __init__(self) -> None:
        super().__init__()
        self.page_keys = 8
        self.order: Any = sorted
        self.outage: SiteUnavailable | None = None
        self.everything_fails: Failure | None = None
        self.before_page: Callable[[int], object] = lambda _number: None
        self.honours_start_after = True
        self.start_after_fails: Failure | None = None
        self.page_fails: dict[int, Failure] = {}
        self.silent: set[str] = set()

    def connect(self) -> None:
        self.requests.append(("connect", {}))
        if self.outage is not None:
            raise self.outage
        if self.is_gone:
            raise SiteUnavailable("bucket_unavailable", "The bucket does not exist.", hint="")

    def head(self, key: str, **told: Any) -> Any:
        if key in self.silent:
            self.fail("head", failure(FailureKind.TRANSIENT, "InternalError", 500))
        return super().head(key, **told)

    def list_page(
        self,
        prefix: str,
        *,
        token: str | None = None,
        start_after: str | None = None,
        **_more: Any,
    ) -> Any:
        def start(resume: Any) -> None:
            keys = list(self.order(key for key in self.objects if key.startswith(prefix)))
            first = self._first(keys, token, start_after)
            number = first // self.page_keys + 1
            self.requests.append(("list", {"page": number, "start_after": start_after}))
            self.before_page(number)
            told = self.page_fails.get(number) or self._gone()
            if start_after is not None and token is None:
                told = told or self.start_after_fails
            if told is not None:
                resume(Reply(told.status or 0, {}, b"", told))
            else:
                resume(Reply(200, {}, self._page(keys, first), None))

        return start

    def _gone(self) -> Failure | None:
        return failure(FailureKind.BUCKET, "NoSuchBucket", 404) if self.is_gone else None

    def _first(self, keys: list[str], token: str | None, start_after: str | None) -> int:
        """Give where a page begins: tokens are keys, or numbers where nothing is in order."""
        behind = token or (start_after if self.honours_start_after else None)
        if not behind:
            return 0
        if self.order is sorted:
            return bisect_right(keys, behind)
        return int(token) if token else next((n for n, k in enumerate(keys) if k > behind), 0)

    def effects(self) -> list[tuple[str, str]]:
        """Give (operation, key) of each request that changes the bucket, in order."""
        kinds = {"put", "delete", "copy", "create", "complete", "abort", "upload_part"}
        return [(name, told["key"]) for name, told in self.requests if name in kinds]

    def _page(self, keys: list[str], first: int) -> bytes:
        chosen = keys[first : first + self.page_keys]
        is_more = first + self.page_keys < len(keys)
        parts = ["<ListBucketResult>", f"<IsTruncated>{str(is_more).lower()}</IsTruncated>"]
        if is_more:
            token = escape(chosen[-1]) if self.order is sorted else first + self.page_keys
            parts.append(f"<NextContinuationToken>{token}</NextContinuationToken>")
        for key in chosen:
            found = self.objects[key]
            parts.append(
                f"<Contents><Key>{escape(key)}</Key><Size>{len(found.body)}</Size>"
                f"<ETag>&quot;{found.etag}&quot;</ETag>"
                f"<StorageClass>{found.storage_class}</StorageClass></Contents>"
            )
        return "".join([*parts, "</ListBucketResult>"]).encode()

    def _control(self, operation: str, effect: Any, **told: Any) -> Any:
        if self.everything_fails is not None:
            self._failing[operation] = []
            self.fail(operation, self.everything_fails)
        return super()._control(operation, effect, **told)
