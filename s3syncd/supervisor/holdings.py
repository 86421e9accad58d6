"""What a site's prefix holds now, or held at some time, as the objects that make up its tree."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from threading import Event
from typing import TypeVar

from s3syncd.config.models import SiteConfig
from s3syncd.core.paths import Scope
from s3syncd.core.restored import Restored
from s3syncd.core.retry import FailureKind, delay_seconds
from s3syncd.errors import SiteUnavailable
from s3syncd.local.staging import STAGING
from s3syncd.pool import Start
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import ListingError, ListingPage, parse_listing
from s3syncd.s3.versions import Version, parse_versions, versioning_of
from s3syncd.transfer.fetch import Wanted

__all__ = ["Holdings"]

_LONGEST_PAUSE_SECONDS = 10.0  # a person waits
_PASSING = frozenset({FailureKind.TRANSIENT, FailureKind.THROTTLED, FailureKind.CONFLICT})

_T = TypeVar("_T")


class Holdings:
    """The objects of one site; memory is flat.

    Args:
        bucket: connected.
        scope: of the site.
        settings: of the site.
        at: seconds since the epoch; None: as it is now.

    Attributes:
        excluded: objects that the site's filters leave out.
        later: keys whose oldest version is younger than `at`: they began later, or what was older
            has expired.
    """

    def __init__(
        self, bucket: Bucket, scope: Scope, settings: SiteConfig, *, at: float | None
    ) -> None:
        self.excluded = 0
        self.later = 0
        self._bucket = bucket
        self._scope = scope
        self._inner = tuple(each for each in settings.inner_prefixes if each != scope.prefix)
        self._retries = settings.s3_ops_retries
        self._at = at

    def versioning(self) -> str:
        """Give `Enabled`, `Suspended`, or '' for a bucket that never kept versions.

        Raises:
            SiteUnavailable: the store does not tell.
        """
        return self._told(self._bucket.versioning, versioning_of)

    def objects(self) -> Iterator[Wanted | Restored]:
        """Give each object, or why there can be no file of it.

        Raises:
            SiteUnavailable: the listing could not be had to its end.
        """
        pages = self._present() if self._at is None else self._past(self._at)
        for page in pages:
            for wanted in page:
                found = self._judged(wanted)
                if found is not None:
                    yield found

    def _judged(self, wanted: Wanted) -> Wanted | Restored | None:
        """Name the path of an object; None: it is not this site's business."""
        key = wanted.key
        if self._inner and key.startswith(self._inner):
            return None
        path = self._scope.path_for(key)
        if path is None:
            if key.endswith("/") and not wanted.size_bytes:
                return None  # a directory's marker: directories are made as files need them
            return Restored(key, "not_a_path", wanted.size_bytes)
        if not self._scope.is_selected(path):
            self.excluded += 1
            return None
        if path.partition("/")[0] == STAGING:
            return Restored(path, "reserved_name", wanted.size_bytes)
        return wanted._replace(path=path)

    def _present(self) -> Iterator[list[Wanted]]:
        token: str | None = None
        while True:
            page = self._told(
                partial(self._bucket.list_page, self._scope.prefix, token=token), _read_listing
            )
            yield [Wanted("", each.path, each.size_bytes, each.etag) for each in page.entries]
            last, token = token, page.next_token
            if token is None:
                return
            if token == last:
                raise _incomplete("the store gives the same page again and again")

    def _past(self, at: float) -> Iterator[list[Wanted]]:
        """Choose a version of each key; the versions of one may go on over pages."""
        following: tuple[str, str] | None = None
        open_key, last_key = "", ""
        held: Sequence[Version] = ()
        while True:
            page = self._told(
                partial(self._bucket.list_versions_page, self._scope.prefix, after=following),
                parse_versions,
            )
            by_key: dict[str, list[Version]] = {open_key: [*held]} if held else {}
            for version in page.versions:
                by_key.setdefault(version.key, []).append(version)
            last, following = following, page.following
            if following is not None and following == last:
                raise _incomplete("the store gives the same page again and again")
            open_key = following[0] if following else ""
            held = _of_use(by_key.pop(open_key, []), at)
            if by_key:
                if min(by_key) <= last_key:
                    raise _incomplete("the store does not list versions in order")
                last_key = max(by_key)
            yield [wanted for each in by_key.values() if (wanted := self._chosen(each, at))]
            if following is None:
                return

    def _chosen(self, versions: Sequence[Version], at: float) -> Wanted | None:
        """Give what was there: the newest not after `at`, unless that is a delete marker."""
        (chosen,) = _of_use(versions, at)
        if chosen.modified_at > at:
            self.later += 1
            return None
        if chosen.is_marker:
            return None
        return Wanted("", chosen.key, chosen.size_bytes, chosen.etag, chosen.version_id)

    def _told(self, make_start: Callable[[], Start], read: Callable[[bytes], _T]) -> _T:
        pause, said = Event(), ""
        for attempt in count(1):
            reply = self._bucket.call(make_start())
            if reply.failure is None:
                try:
                    return read(reply.body)
                except ListingError as error:
                    said = str(error)
            else:
                said = f"{reply.failure.code}: {reply.failure.message}"
                if reply.failure.kind not in _PASSING:
                    break
            if attempt > self._retries:
                break
            jitter = random.random()  # noqa: S311 - spreads requests, keeps no secret
            pause.wait(delay_seconds(attempt, jitter, cap=_LONGEST_PAUSE_SECONDS))
        raise _incomplete(said)


def _of_use(versions: Sequence[Version], at: float) -> Sequence[Version]:
    """Give the one that was there, else one that came later; nothing of nothing.

    Times are whole seconds; where they are equal, the newest is listed first.
    """
    old = [each for each in versions if each.modified_at <= at]
    return [max(old, key=lambda each: (each.modified_at, each.is_latest))] if old else versions[:1]


def _read_listing(body: bytes) -> ListingPage:
    """Read a page with keys in the place of paths: those that are no paths are told, too."""
    return parse_listing(body, str, plain_paths=lambda keys: keys)


def _incomplete(said: str) -> SiteUnavailable:
    return SiteUnavailable(
        "listing_incomplete",
        f"the bucket could not be listed: {said}",
        hint="allow s3:ListBucket (with `--at` s3:ListBucketVersions and s3:GetBucketVersioning); "
        "then run the same restore again: it goes on with what is missing",
    )
