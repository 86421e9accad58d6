"""The bucket in memory, with what a site needs besides the transfers: contact and listings."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from s3syncd.core.retry import Failure
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.reply import Reply
from tests.fakes_bucket import FakeBucket

__all__ = ["Store"]


class Store(FakeBucket):
    """See `FakeBucket`.

    Attributes:
        page_keys: keys of a page of a listing.
        order: how a listing is sorted.
        outage: why the bucket cannot be reached; None: it can.
        before_page: called with the number of each page, from 1, before it is answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.page_keys = 8
        self.order: Any = sorted
        self.outage: SiteUnavailable | None = None
        self.everything_fails: Failure | None = None
        self.page_fails: dict[int, Failure] = {}

    def connect(self) -> None:
        self.requests.append(("connect", {}))
        if self.outage is not None:
            raise self.outage

    def list_page(self, prefix: str, *, token: str | None = None, **_more: Any) -> Any:
        number = int(token or 0)

        def start(resume: Any) -> None:
            self.requests.append(("list", {"page": number + 1}))
            failure = self.page_fails.get(number + 1)
            if failure is not None:
                resume(Reply(failure.status or 0, {}, b"", failure))
            else:
                resume(Reply(200, {}, self._page(prefix, number), None))

        return start

    def effects(self) -> list[tuple[str, str]]:
        """Give (operation, key) of each request that changes the bucket, in order."""
        kinds = {"put", "delete", "copy", "create", "complete", "abort", "upload_part"}
        return [(name, told["key"]) for name, told in self.requests if name in kinds]

    def _page(self, prefix: str, number: int) -> bytes:
        keys = self.order(key for key in self.objects if key.startswith(prefix))
        first = number * self.page_keys
        chosen = list(keys)[first : first + self.page_keys]
        is_more = first + self.page_keys < len(list(keys))
        parts = ["<ListBucketResult>", f"<IsTruncated>{str(is_more).lower()}</IsTruncated>"]
        if is_more:
            parts.append(f"<NextContinuationToken>{number + 1}</NextContinuationToken>")
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
