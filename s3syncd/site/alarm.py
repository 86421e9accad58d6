"""What follows when root or bucket are lost, doubted or back. Owned by the site thread."""

from __future__ import annotations

from s3syncd.core.retry import Failure, FailureKind
from s3syncd.site.access import Access
from s3syncd.site.backlog import Backlog
from s3syncd.site.looks import Looks
from s3syncd.site.parts import Parts
from s3syncd.site.retire import Retirement
from s3syncd.site.schedule import Schedule
from s3syncd.site.timetable import Whole

__all__ = ["Alarm"]

_BUCKET_GONE = ("bucket_unavailable", "NoSuchBucket")  # a transfer's words, a listing's
# What is the bucket's trouble, and what to do about it.
_ADVICE = {
    FailureKind.CREDENTIALS: "Check the site's credentials.",
    FailureKind.BUCKET: "Run `s3syncd check`.",
    FailureKind.CLOCK: "Set this machine's clock.",
}


class Alarm:
    """Stops believing what was seen, where it was seen through a side that is lost."""

    def __init__(
        self,
        parts: Parts,
        *,
        access: Access,
        schedule: Schedule,
        backlog: Backlog,
        looks: Looks,
        retirement: Retirement,
    ) -> None:
        self._parts = parts
        self._access = access
        self._schedule = schedule
        self._backlog = backlog
        self._looks = looks
        self._retirement = retirement
        self._is_bucket_doubted = False

    def access_changed(self, side: str, was: str, words: str) -> None:
        """Root or bucket changed state: of a lost root nothing seen before is believed."""
        log = self._parts.log.info if words == "ok" else self._parts.log.warning
        log(f"{side}.changed", was=was, now=words)
        if side != "root":
            self._bucket_changed(words)
            return
        now = self._parts.clock()
        if words == "ok":
            self._schedule.timetable.want(Whole.RECONCILE)
            if was != "unseen":
                self._schedule.timetable.doubt(now)
        else:
            self._schedule.abort()
            self._backlog.drop_all()
            self._looks.lost(now)
            self._retirement.lost()

    def _bucket_changed(self, words: str) -> None:
        """A bucket that was not there may be another one now, or an empty one: list it."""
        if words != "ok":
            self._is_bucket_doubted |= any(sign in words for sign in _BUCKET_GONE)
        elif self._is_bucket_doubted:
            self._is_bucket_doubted = False
            self._schedule.timetable.want(Whole.RECONCILE)
            self._schedule.timetable.doubt(self._parts.clock())  # not in sync until then

    def root_doubted(self, now: float) -> None:
        """A look found another root, or none: what it should have told is found by a rescan."""
        self._access.root_lost(now)
        self._schedule.timetable.doubt(now)

    def listing_failed(self, failure: Failure) -> None:
        """The listing was given up: that may be the bucket's trouble."""
        if (advice := _ADVICE.get(failure.kind)) is not None:
            words = failure.code or str(failure.status)
            hint = f"{advice} ({failure.message})"
            self._access.bucket_lost(words, hint, self._parts.clock())
