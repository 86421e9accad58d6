"""Ask once: the application alone, or a server."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import Any

from s3syncd.web.app import Application
from tests.waiting import within
from tests.web.http.view import FakeView

__all__ = ["ask_app", "get"]


def ask_app(view: FakeView, path: str, *, method: str = "GET", **changes: Any) -> Any:
    """Ask the application without a server; gives (status line, headers, body)."""
    told: list[Any] = []
    settings = {key: changes.pop(key) for key in ("hosts", "token", "on_failure") if key in changes}
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "127.0.0.1:9350"}
    body = Application(view, **settings)(
        environ | changes, lambda line, headers: told.extend([line, dict(headers)])
    )
    return told[0], told[1], b"".join(body)


def get(address: tuple[str, int], path: str = "/livez") -> tuple[int, bytes]:
    """Ask a server once."""
    connection = http.client.HTTPConnection(*address, timeout=within(20))
    with closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
