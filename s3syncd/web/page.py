"""The page: one document with its style and script in it, and a policy that allows just these.

Nothing else may run, load or be sent anywhere. What the script shows it inserts as text: the policy
forbids the ways in which a file's name could become markup.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Page", "page"]

_STYLE = "page.css"
_SCRIPTS = (
    "format.js", "dom.js", "stream.js", "state.js",
    "rows.js", "overview.js", "detail.js", "main.js",
)  # fmt: skip


class Page(NamedTuple):
    """The document, and its Content-Security-Policy."""

    body: bytes
    policy: str


@cache
def page() -> Page:
    """Join the page from the package's files."""
    folder = files("s3syncd.web") / "page"
    style = (folder / _STYLE).read_text("utf-8")
    script = '"use strict";\n' + "\n".join((folder / name).read_text("utf-8") for name in _SCRIPTS)
    document = (folder / "index.html").read_text("utf-8")
    body = document.replace("/* style */", style).replace("/* script */", script)
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",  # the icon, which shows how things stand
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )
    return Page(body.encode(), policy)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
