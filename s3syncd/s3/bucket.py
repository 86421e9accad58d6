"""The face of one bucket: every request the daemon makes goes through here."""

from __future__ import annotations

import random
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

from s3syncd.core.later import Later
from s3syncd.core.retry import delay_seconds
from s3syncd.core.tally import RequestTally
from s3syncd.core.window import FIRST, Window
from s3syncd.s3.first_contact import Speaker, first_contact
from s3syncd.s3.multipart import Multipart, Part
from s3syncd.s3.pacing import Turns
from s3syncd.s3.pauses import Pauses
from s3syncd.s3.poller import Poller
from s3syncd.s3.reads import Reads
from s3syncd.s3.reply import NO_CONTACT, Reply, S3Failure, Start
from s3syncd.s3.settings import BucketSettings
from s3syncd.s3.transport import Transport
from s3syncd.s3.wire import (
    Body,
    Contact,
    WireRequest,
    conditions,
    described,
    query_of,
    quote_key,
)

__all__ = ["Bucket", "BucketSettings"]

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"

_BACK_OFF_SECONDS: Final = 10.0
"""What waits here keeps its buffer: longer waits belong to the site's retries, which hold none."""


class Bucket(Reads):
    """One bucket at one endpoint.

    Requests for objects are *started*: each method returns a `Start`, to be called by a worker;
    the reply comes to the function it is given, once, from another thread, which must not be
    kept. Control calls (multipart, first contact) block, and raise `S3Failure`. `contact` is the
    last one made, None before.

    No effect is repeated here: whoever knows what the first attempt may have done decides.
    """

    def __init__(
        self, settings: BucketSettings, *, clock: Callable[[], float] = time.monotonic,
        turns: Turns | None = None, tally: RequestTally | None = None,
        poller: Poller | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.tally = tally or RequestTally()
        self.turns = turns or Turns(None)
        self.window = Window(settings.max_connections, first=FIRST)
        self._clock, self._poller = clock, poller
        self._client: Speaker | None = None
        self._transport: Transport | None = None
        self._base = ""
        self.contact: Contact | None = None
        self._pauses = Pauses(clock)

    def connect(self) -> None:
        """Make first contact: resolve endpoint, addressing and credentials, list one key.

        May be called again at any time: credentials and region are looked up afresh.

        Raises:
            SiteUnavailable: with what is wrong and what to do about it.
        """
        client, contact = first_contact(
            self.settings, on_request=self._sent, may_be_lean=self._poller is not None
        )
        self.use(contact)
        previous, self._client = self._client, client
        if previous is not None:
            previous.close()

    def use(self, contact: Contact) -> None:
        """Send to where a contact was made, by this bucket or by one that stands for the same."""
        transport = self._transport
        if transport is not None and transport.endpoint == contact.endpoint:
            transport.use(contact.credentials)
        else:
            self._transport = Transport(
                contact.endpoint,
                credentials=contact.credentials,
                window=self.window,
                tally=self.tally,
                max_connections=self.settings.max_connections,
                clock=self._clock,
                poller=self._poller,
            )
            if transport is not None:
                transport.close(0.0)
        self._base = contact.base_path
        self.contact = contact

    def put(
        self, key: str, body: Body, *, md5: bytes, content_type: str = DEFAULT_CONTENT_TYPE,
        metadata: Mapping[str, str] | None = None, storage_class: str | None = None,
        if_match: str | None = None, if_none_match: bool = False,
    ) -> Start:  # fmt: skip
        """Put a whole object; success has an ETag.

        Args:
            key: the full key.
            body: the bytes held; not copied, must not change until the reply.
            md5: 16 bytes, of `body`.
            content_type: MIME type.
            metadata: user metadata, ASCII.
            storage_class: left out of the request when None.
            if_match: only over the version with this ETag (no quotes).
            if_none_match: only where there is no object.
        """
        headers = (
            ("content-md5", b64encode(md5).decode()),
            *described(content_type, metadata, storage_class),
            *conditions(if_match, is_new=if_none_match),
        )
        return self._send(
            WireRequest("PutObject", "PUT", self._path(key), headers, body, needs="etag")
        )

    def delete(self, key: str, *, if_match: str | None = None) -> Start:
        """Delete one object; `if_match`: only the version with this ETag (no quotes)."""
        return self._send(
            WireRequest("DeleteObject", "DELETE", self._path(key), conditions(if_match))
        )

    def peek(self, key: str) -> Start:
        """Ask for the first byte of an object: a refusal has a body, which a HEAD's has not."""
        headers = (("range", "bytes=0-0"),)
        return self._send(
            WireRequest("GetObject", "GET", self._path(key), headers, is_effect=False)
        )

    def copy_onto_itself(
        self, key: str, *, etag: str, storage_class: str | None, metadata: Mapping[str, str],
        content_type: str = DEFAULT_CONTENT_TYPE,
    ) -> Start:  # fmt: skip
        """Write the version `etag` of an object again with another class or metadata.

        `Reply.etag` is the new version's, empty where the store does not tell (rclone): HEAD then.
        """
        headers = (
            ("x-amz-copy-source", quote_key(f"/{self.settings.bucket}/{key}")),
            ("x-amz-copy-source-if-match", f'"{etag}"'),
            ("x-amz-metadata-directive", "REPLACE"),
            *described(content_type, metadata, storage_class),
        )
        return self._send(WireRequest("CopyObject", "PUT", self._path(key), headers, needs="body"))

    def upload_part(
        self, key: str, upload_id: str, number: int, body: Body, *, md5: bytes
    ) -> Start:
        """Send one part (1-10,000); success has an ETag. `md5`: 16 bytes, of `body`."""
        query = query_of((("partNumber", str(number)), ("uploadId", upload_id)))
        headers = (("content-md5", b64encode(md5).decode()),)
        return self._send(
            WireRequest(
                "UploadPart", "PUT", f"{self._path(key)}?{query}", headers, body, needs="etag"
            )
        )

    def create_multipart(
        self, key: str, *, content_type: str = DEFAULT_CONTENT_TYPE,
        metadata: Mapping[str, str] | None = None, storage_class: str | None = None,
    ) -> str:  # fmt: skip
        """Begin a multipart upload and give its id. Blocks; raises `S3Failure`."""
        return self._control().create(
            key, content_type=content_type, metadata=metadata or {}, storage_class=storage_class
        )

    def complete_multipart(
        self,
        key: str,
        upload_id: str,
        parts: Sequence[tuple[int, str]],
        *,
        if_match: str | None = None,
        if_none_match: bool = False,
        size_bytes: int | None = None,
    ) -> str:
        """Make the object of its parts (number, ETag) and give its ETag, '' where not told.

        Blocks, up to minutes on some stores; raises `S3Failure`.
        """
        return self._control(is_patient=True).complete(
            key, upload_id, parts,
            if_match=if_match, if_none_match=if_none_match, size_bytes=size_bytes,
        )  # fmt: skip

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts; one that is gone is fine. Blocks; raises `S3Failure`."""
        self._control().abort(key, upload_id)

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """Give the parts the store holds, by number. Blocks; raises `S3Failure`."""
        return self._control().parts(key, upload_id)

    def list_uploads(self, key: str) -> list[str]:
        """Give the ids of the unfinished uploads of exactly this key. Blocks; `S3Failure`."""
        return self._control().uploads(key)

    def call(self, start: Start) -> Reply:
        """Start a request and wait for the reply: for the command line and tests."""
        replies: SimpleQueue[Reply | Later] = SimpleQueue()
        start(replies.put)
        while True:
            with suppress(Empty):
                reply = replies.get(timeout=1.0)
                if not isinstance(reply, Later):
                    return reply
                reply.start(replies.put)
            self.expire(self._clock())  # nobody else may be there to do it

    def back_off(self, attempt: int) -> Callable[[Callable[[None], None]], None]:
        """Give a Start that waits before the repetition `attempt` (1, 2, ...), holding no thread.

        It goes on when `expire` is called, so a second late; at once when the bucket is closed.
        """
        return self._pauses.start(
            delay_seconds(attempt, random.random(), cap=_BACK_OFF_SECONDS)  # noqa: S311 - no secret
        )

    def expire(self, now: float) -> None:
        """Cancel requests over their deadline, end back-offs; call about every second."""
        self.tally.gather()
        self._pauses.release(now)
        if self._transport is not None:
            self._transport.expire(now)

    def close(self, timeout_seconds: float) -> bool:
        """Cancel what is in flight and let go of everything; False if that took too long."""
        self.turns.leave()
        self._pauses.close()
        transport, self._transport = self._transport, None
        client, self._client = self._client, None
        if client is not None:
            client.close()
        return transport is None or transport.close(timeout_seconds)

    def _path(self, key: str) -> str:
        return f"{self._base}/{quote_key(key)}"

    def _send(self, request: WireRequest) -> Start:
        if self._transport is None:
            return _refuse
        return self.turns.paced(request, self._transport.send(request))

    def _sent(self, event: str) -> None:
        self.turns.sent()
        self.tally.note(event.rpartition(".")[2])

    def _control(self, *, is_patient: bool = False) -> Multipart:
        client, settings = self._client, self.settings
        if client is None:
            raise S3Failure(NO_CONTACT)
        return Multipart(
            client.blocking(is_patient=is_patient),
            settings.bucket,
            client.failures,
            retries=settings.ops_retries,
        )


def _refuse(resume: Callable[[Reply], None]) -> None:
    resume(Reply(0, {}, b"", NO_CONTACT))
