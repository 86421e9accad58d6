"""Whether the site's two sides can be used: its root and its bucket.

Everything here ends by itself (missing root, unreachable bucket) or by a person (`root_replaced`).
Nothing is decided about files while either side is in doubt. Owned by the site thread; the looks
themselves happen in the scan thread and in a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from s3syncd import collector
from s3syncd.core.entry import LocalEntry
from s3syncd.core.messages import Looked, RootSeen
from s3syncd.core.retry import delay_seconds
from s3syncd.core.safety import REASONS, RootIdentity, judge_root
from s3syncd.errors import SiteUnavailable
from s3syncd.ledger import Ledger
from s3syncd.pool import Apart, Call, CallFailed
from s3syncd.site.capabilities import Capabilities
from s3syncd.site.messages import Connected
from s3syncd.site.parts import Parts
from s3syncd.site.sample import Known, is_same, sample_of
from s3syncd.site.silence import Silence

__all__ = ["Access", "stored_identity"]

ROOT_LOOK_SECONDS = 5.0  # a missing root is looked for this often; a healthy one too
_CONNECT_CAP_SECONDS = 60.0  # an unreachable bucket is tried at least this often
_RELAPSE_SECONDS = 60.0  # a bucket lost so soon answers looks and nothing else: less is asked
_SLOW_SECONDS = 5.0  # what is well answers the first time within one
_SILENT_ROOT = "The site's directory has not answered for a while; its file system may hang."
_ASK_TOO = "`s3syncd check` asks the same way."
_SILENT_BUCKET = "The bucket's server has not answered yet. It is waited for, and tried again."


class Access:
    """State of root and bucket; `reason` is empty while both can be used.

    Args:
        on_change: told of each change: (side, was, is).
        under_way: gives the files about which an action is in flight, as they were decided on.
    """

    def __init__(
        self, parts: Parts, *, on_change: Callable[[str, str, str], None],
        under_way: Callable[[], Iterable[LocalEntry]] = tuple,
    ) -> None:  # fmt: skip
        self._parts = parts
        self._under_way = under_way
        self._on_change = on_change
        self.capabilities = Capabilities(parts)
        self.silence = Silence(
            parts, on_silent=lambda m, hint: self.bucket_lost(m, hint, parts.clock())
        )
        self._root = "unseen"
        self._bucket = "unseen"
        self._bucket_words = ("", "")
        self._identity: RootIdentity | None = None
        self._sampled: dict[str, Known] = {}
        self._is_root_asked = self._is_connecting = False
        self._asked_at = self._called_at = 0.0
        self.attempts = 0
        self._next_root_look = 0.0
        self._next_connect = 0.0
        self._contact_at = 0.0
        self._contact_seq = 0
        self._relapses = 0
        self._is_refused = False

    @property
    def reason(self) -> str:
        """The guard that stops everything, or empty."""
        if self._root in {"root_missing", "root_replaced"}:
            return self._root
        return "bucket_unavailable" if self._bucket == "down" else ""

    @property
    def hint(self) -> str:
        """What the operator can do about `reason`."""
        if self.reason == "bucket_unavailable":
            return " ".join(filter(None, (*self._bucket_words, _ASK_TOO)))
        return REASONS[self.reason].remedy if self.reason else ""

    def waits_for(self, now: float) -> str:
        """Say which side has not answered for a while; empty: none."""
        is_first = self._root == "unseen" and self._is_root_asked
        if is_first and now - self._asked_at > _SLOW_SECONDS:
            return _SILENT_ROOT
        if self._parts.scanner.busy_seconds() > _SLOW_SECONDS:
            return _SILENT_ROOT
        is_called = self._bucket == "unseen" and self._is_connecting
        return _SILENT_BUCKET if is_called and now - self._called_at > _SLOW_SECONDS else ""

    @property
    def has_other_calls(self) -> bool:
        """Whether calls of the site are under way besides a contact, which has no effect."""
        return self._parts.lane.in_flight > self._is_connecting

    @property
    def is_ready(self) -> bool:
        """Whether both sides were seen and can be used; not while another root is compared."""
        return self.is_root_ok and self._bucket == "ok" and not self._sampled

    @property
    def is_root_ok(self) -> bool:
        """Whether the accepted root stands at its place."""
        return self._root == "ok"

    @property
    def is_halted(self) -> bool:
        """Whether a person must approve the root."""
        return self._root == "root_replaced"

    def advance(self, now: float) -> None:
        """Look at the root and at an unreachable bucket when it is time."""
        if not self._is_root_asked and now >= self._next_root_look:
            self._is_root_asked, self._asked_at = True, now
            self._next_root_look = now + ROOT_LOOK_SECONDS
            self._parts.scanner.check_root()
        is_idle = not (self._is_connecting or self._is_refused)
        if self._bucket != "ok" and is_idle and now >= self._next_connect:
            self._is_connecting = self._parts.lane.offer(
                self._connect_call, size_bytes=0, done=self._connect_answered
            )
            self._is_refused, self._called_at = not self._is_connecting, now
        if self.is_ready:
            self.capabilities.advance(now)

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        # A file system that hangs does not answer: its answer wakes the loop, no clock does.
        root = float("inf") if self._is_root_asked else self._next_root_look
        if self.is_ready:
            return min(root, self.capabilities.next_due())
        if self._bucket == "ok" or self._is_connecting or self._is_refused:
            return root
        return min(root, self._next_connect)

    def root_seen(self, seen: RootSeen) -> None:
        """Judge what stands at the root's place."""
        self._is_root_asked = False
        if seen.reason or seen.identity is None:
            self._set_root(seen.reason or "root_missing", seen.detail)
            return
        stored = stored_identity(self._parts.ledger)
        if stored is None or stored == seen.identity or self._parts.settings.root_check == "off":
            self._accept(seen.identity)
        elif seen.identity != self._identity or self._root != "root_replaced":
            self._ask_sample(seen.identity)

    def root_lost(self, now: float) -> None:
        """Take a hint of the watcher that the root is not what it was: look at once."""
        self._next_root_look = now

    def room(self) -> None:
        """The pool has room again."""
        self._is_refused = False
        self.silence.room()

    def sampled(self, looked: Looked) -> bool:
        """Compare the sample; return whether the answer was for us."""
        if not self._sampled:
            return False
        if not looked.root_ok:
            self._sampled = {}  # another root again: begin anew at the next look
            return False
        if not looked.results.keys() >= self._sampled.keys():
            return False
        rows, self._sampled = self._sampled, {}
        matching = sum(is_same(rows[path], looked.results.get(path)) for path in rows)
        assert self._identity is not None  # noqa: S101 - set where the sample was asked for
        verdict = judge_root(
            stored_identity(self._parts.ledger),
            self._identity,
            root_check=self._parts.settings.root_check,
            sampled=len(rows),
            matching=matching,
        )
        if verdict == "ok":
            self._accept(self._identity)
        else:
            self._set_root("root_replaced", f"{matching} of {len(rows)} sampled files agree")
        return True

    def approve_root(self) -> bool:
        """A person accepts the root that stands there now; return whether there was a need."""
        if not self.is_halted or self._identity is None:
            return False
        self._accept(self._identity)
        return True

    def connected(self, message: Connected, now: float) -> None:
        """Take the answer of the first contact."""
        self._is_connecting = False
        if message.error is None:
            self.attempts = 0
            self._contact_at, self._contact_seq = now, self._parts.ledger.seq()
            self._set_bucket("ok", "", "")
            return
        self.attempts += 1
        self._next_connect = now + self._pause(self.attempts)
        self._set_bucket("down", str(message.error), getattr(message.error, "hint", ""))

    def bucket_lost(self, message: str, hint: str, now: float) -> None:
        """A request said that the bucket itself is the trouble: stop and look."""
        if self._bucket == "ok":
            has_served = self._parts.ledger.seq() != self._contact_seq
            is_relapse = now - self._contact_at < _RELAPSE_SECONDS and not has_served
            self._relapses = self._relapses + 1 if is_relapse else 0
            self._next_connect = now + self._pause(self._relapses + 1)
            self._set_bucket("down", message, hint)

    def _pause(self, attempt: int) -> float:
        return max(1.0, delay_seconds(attempt, self._parts.jitter(), cap=_CONNECT_CAP_SECONDS))

    def _connect_call(self) -> Call:
        # A silent server is waited for: nothing that other sites need is held meanwhile.
        contact = Apart(self._connect, is_again=self.attempts > 0)
        return (yield self._parts.lane.idle(contact))

    def _connect(self) -> None:
        try:
            self._parts.bucket.connect()
        except SiteUnavailable:
            collector.collect()  # what was made for an attempt is large; there may be thousands
            raise
        finally:
            collector.spare_loaded()  # boto3 and awscrt were loaded for this

    def _connect_answered(self, answer: object) -> None:
        if isinstance(answer, CallFailed):
            answer = answer.exception
        self._parts.inbox.put(Connected(answer if isinstance(answer, Exception) else None))

    def _ask_sample(self, identity: RootIdentity) -> None:
        self._identity = identity
        sample = sample_of(self._parts.ledger, self._under_way())
        if not sample:
            self._accept(identity)
            return
        self._set_root("sampled", "")  # nothing is done until the sample is judged
        self._sampled = sample
        self._parts.scanner.expect_root(identity)
        self._parts.scanner.look(list(self._sampled))

    def _accept(self, identity: RootIdentity) -> None:
        self._identity, self._sampled = identity, {}
        stored = stored_identity(self._parts.ledger)
        if stored != identity:
            if stored is not None:
                self._set_root("sampled", "")  # what was seen so far was another root's
            self._parts.ledger.set_meta("root_identity", f"{identity.inode}:{identity.fsid}")
            self._parts.ledger.commit()
        self._parts.scanner.expect_root(identity)
        self._parts.transfer.accept_root(identity)
        self._set_root("ok", "")

    def _set_root(self, state: str, detail: str) -> None:
        if state != self._root:
            was, self._root = self._root, state
            self._on_change("root", was, state if not detail else f"{state}: {detail}")

    def _set_bucket(self, state: str, message: str, hint: str) -> None:
        self._bucket_words = (message, hint)
        if state != self._bucket:
            was, self._bucket = self._bucket, state
            self._on_change("bucket", was, state if not message else f"{state}: {message}")


def stored_identity(ledger: Ledger) -> RootIdentity | None:
    """Return which root was accepted last, or None.

    Raises:
        LedgerError: what the ledger tells is none.
    """
    text = ledger.meta("root_identity")
    if text is None:
        return None
    try:
        inode, fsid = text.split(":")
        return RootIdentity(int(inode), int(fsid))
    except ValueError:
        raise ledger.spoilt(f"root_identity is {text!r}") from None
