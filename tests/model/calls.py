"""The calls of the real transfers, step by step.

A generator cannot be copied. So a call is run again from its start with what it met the first time,
and what it does next is remembered: it depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from s3syncd.core.entry import Outcome, Settle
from s3syncd.core.paths import Scope
from s3syncd.core.reconcile import Policy
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.s3.reply import Reply
from s3syncd.transfer import Ports, Transfer, TransferSettings
from tests.model.files import Files
from tests.model.values import BODIES, ETAGS, Call, Job, Obj, Request

__all__ = ["MISSING", "NO_ANSWER", "NO_LOOK", "UNMET", "Calls"]

MISSING = "missing"
UNMET = "unmet"
NO_ANSWER = "no answer"  # an effect was asked for: nobody knows
NO_LOOK = "no look"  # nothing was asked for but a look

_AHEAD_NS = 2_000_000_000_000_000_000  # far behind every time of a file: all of them are quiet
_FAILURES = {
    MISSING: Failure(FailureKind.MISSING, "NoSuchKey", 404, "", False),
    UNMET: Failure(FailureKind.PRECONDITION, "PreconditionFailed", 412, "", False),
    NO_ANSWER: Failure(FailureKind.TRANSIENT, "AWS_ERROR_HTTP_CONNECTION_CLOSED", None, "", True),
    NO_LOOK: Failure(FailureKind.TRANSIENT, "AWS_ERROR_HTTP_CONNECTION_CLOSED", None, "", False),
}


class _Bucket:
    """Makes requests of what the transfers ask for; `s3syncd.s3.bucket.Bucket` by its face."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def put(self, key: str, body: Any, *, metadata: dict[str, str], **told: Any) -> Request:
        content = BODIES.index(bytes(body))
        assert self._files.local is not None
        assert self._files.made(self._files.local)[0] == content, "not what the file holds"
        assert metadata["s3syncd-md5"] == ETAGS[content] == told["md5"].hex()
        op, born = metadata.get("s3syncd-op", ""), self._files.made(self._files.local)[1]
        conditions = told["if_match"], told["if_none_match"]
        return Request("put", content, op, born, *conditions)

    def head(self, key: str, *, part_number: int | None, with_checksum: bool) -> Request:
        assert part_number is None
        return Request("head")

    def peek(self, key: str) -> Request:
        return Request("head")

    def delete(self, key: str, *, if_match: str | None = None) -> Request:
        return Request("delete", if_match=if_match)


class Calls:
    """Runs calls of the real `Transfer` of one policy."""

    def __init__(self, policy: Policy, scope: Scope, files: Files) -> None:
        self._files = files
        self._transfer = Transfer(
            _Bucket(files),  # type: ignore[arg-type]
            scope,
            files.path,
            TransferSettings(policy),
            clock=lambda: _AHEAD_NS,
            lane=None,  # type: ignore[arg-type]
            commit_intent=lambda note: None,  # type: ignore[arg-type,return-value]
            report=lambda note: None,
            etag_is_md5=True,
            ports=Ports(files, new_id=lambda: self._op),
        )
        self._op = ""
        self._known: dict[tuple[Job, str, Any], Request | Outcome] = {}

    def go_on(self, call: Call) -> Request | Outcome:
        """Run a call along its trace; give what it asks for next, or how it ends."""
        key = (call.job, call.op, call.trace)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._run(call)
        return known

    def _run(self, call: Call) -> Request | Outcome:
        job, self._op = call.job, call.op
        if job.action is not None:
            steps = self._transfer.call_for(job.action, settle=Settle(), intent=job.intent)
        else:
            assert job.intent is not None
            steps = self._transfer.recover_for(job.intent, baseline=job.baseline, older=job.older)
        try:
            asked = self._next(steps, call.trace[0][0], None)
            for local, reply in call.trace[1:]:
                asked = self._next(steps, local, _told(reply))
        except StopIteration as end:
            assert isinstance(end.value, Outcome)
            return end.value
        steps.close()
        return asked

    def _next(self, steps: Generator[Any, Any, Any], local: Any, reply: Any) -> Request:
        self._files.local = local
        asked = steps.send(reply)
        assert isinstance(asked, Request)
        return asked


def _told(reply: Any) -> Reply:
    """Give an answer as the bucket tells it."""
    if isinstance(reply, str):
        failure = _FAILURES[reply]
        return Reply(failure.status or 0, {}, b"", failure)
    if reply is None:
        return Reply(204, {}, b"", None)
    assert isinstance(reply, Obj)
    headers = {
        "etag": f'"{ETAGS[reply.content]}"',
        "content-length": str(len(BODIES[reply.content])),
    }
    if reply.op:
        headers["x-amz-meta-s3syncd-md5"] = ETAGS[reply.content]
        headers["x-amz-meta-mode"] = str(0o100644)
        headers["x-amz-meta-s3syncd-op"] = reply.op
    return Reply(200, headers, b"", None)
