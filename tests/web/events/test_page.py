"""The page over HTTP: who gets it, whole, and with a policy that allows nothing else."""

from __future__ import annotations

import re

from s3syncd.web.page import page
from tests.web.events.follower import Serve, get

_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


# --- the page ----------------------------------------------------------------------------------


def test_a_browser_gets_the_page_and_a_command_gets_text(serve: Serve) -> None:
    address = serve()
    status, headers, body = get(address, "/", **_BROWSER)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == page().body
    assert headers["Vary"] == "Accept"
    text = get(address, "/", Accept="*/*")[2].decode()
    assert "a: idle, in sync" in text


def test_the_page_is_whole_and_its_policy_allows_nothing_else() -> None:
    body, policy = page().body.decode(), page().policy
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", body)
    assert "@import" not in body
    assert "url(" not in body
    assert "/* style */" not in body
    assert "/* script */" not in body
    rules = dict(rule.partition(" ")[::2] for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules["script-src"])
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules["style-src"])
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in policy


def test_the_script_makes_no_markup_of_text() -> None:
    body = page().body.decode()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert way not in body


def test_without_the_token_a_browser_gets_the_page_that_asks_for_it_and_nothing_in_it(
    serve: Serve,
) -> None:
    address = serve(token="t0ken")
    status, headers, body = get(address, "/", **_BROWSER)
    assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
    assert body == page().body  # made of the package's files alone
    for path in ("/events", "/events?once=1", "/events?site=a", "/status"):
        status, _, body = get(address, path, **_BROWSER)
        assert status == 401
        assert b"sites" not in body
