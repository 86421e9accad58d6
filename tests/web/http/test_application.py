"""HTTP: what is answered, and to whom."""

from __future__ import annotations

import json

import pytest

from tests.web.http.asking import ask_app
from tests.web.http.view import STATUS, FakeView

# --- what is answered --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/status", "/metrics", "/livez", "/healthz", "/readyz"])
def test_every_page_answers_while_all_is_well(view: FakeView, path: str) -> None:
    line, headers, body = ask_app(view, path)
    assert line == "200 OK"
    assert headers["Content-Length"] == str(len(body))
    assert headers["Cache-Control"] == "no-store"
    assert body


def test_the_status_is_the_document_as_json(view: FakeView) -> None:
    _, headers, body = ask_app(view, "/status")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == STATUS


@pytest.mark.parametrize(
    ("attribute", "path", "line"),
    [
        ("is_live", "/livez", "no turn for 30 s: a"),
        ("is_healthy", "/healthz", "a: bucket_unavailable: 403"),
        ("is_ready", "/readyz", "a: scanning: no reconcile yet"),
    ],
)
def test_each_probe_turns_red_alone_and_says_why(
    view: FakeView, attribute: str, path: str, line: str
) -> None:
    setattr(view, attribute, False)
    answers = {each: ask_app(view, each) for each in ("/livez", "/healthz", "/readyz")}
    assert {each: answer[0][:3] for each, answer in answers.items()} == {
        each: "503" if each == path else "200" for each in answers
    }
    assert answers[path][2].decode() == f"failing\n{line}\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(view: FakeView, method: str) -> None:
    line, headers, _ = ask_app(view, "/status", method=method)
    assert line.startswith("405")
    assert headers["Allow"] == "GET, HEAD"


def test_a_head_has_the_headers_of_its_page_and_no_body(view: FakeView) -> None:
    _, get, body = ask_app(view, "/status")
    line, head, nothing = ask_app(view, "/status", method="HEAD")
    assert (line, head, nothing) == ("200 OK", get, b"")
    assert body


def test_a_page_that_is_not_there_is_named_missing(view: FakeView) -> None:
    assert ask_app(view, "/etc/passwd")[0] == "404 Not Found"


def test_a_view_that_fails_is_told_and_shown_to_nobody(view: FakeView) -> None:
    failures: list[Exception] = []
    view.document = {}
    line, _, body = ask_app(view, "/", on_failure=failures.append)
    assert line.startswith("500")
    assert isinstance(failures[0], KeyError)
    assert b"version" not in body


# --- to whom -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9350", "localhost", "LOCALHOST:1", "[::1]:9350", "10.0.0.7", "nas.lan:9350"]
)
def test_an_address_localhost_and_the_configured_host_are_answered(
    view: FakeView, host: str
) -> None:
    assert ask_app(view, "/status", HTTP_HOST=host, hosts=["NAS.lan"])[0] == "200 OK"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9350", "", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/status", "/healthz", "/metrics"])
def test_a_name_that_somebody_elses_dns_may_point_here_is_refused(
    view: FakeView, host: str, path: str
) -> None:
    line, _, body = ask_app(view, path, HTTP_HOST=host)
    assert line == "403 Forbidden"
    assert b"idle" not in body


def test_a_socket_takes_any_host_because_no_browser_gets_there(view: FakeView) -> None:
    assert ask_app(view, "/status", HTTP_HOST="s3syncd", hosts=None)[0] == "200 OK"


@pytest.mark.parametrize("path", ["/", "/status", "/metrics", "/nothing"])
@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", "Bearer t0ken2", "Basic t0ken", "t0ken", "Bearer t\xf6"]
)
def test_without_the_token_nothing_is_shown(view: FakeView, path: str, given: str) -> None:
    line, headers, body = ask_app(view, path, token="t0ken", HTTP_AUTHORIZATION=given)
    assert line == "401 Unauthorized"
    assert headers["WWW-Authenticate"] == "Bearer"
    assert b"t0ken" not in body


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_everything_is_shown(view: FakeView, scheme: str) -> None:
    given = {"token": "t0ken", "HTTP_AUTHORIZATION": f"{scheme} t0ken"}
    assert ask_app(view, "/status", **given)[0] == "200 OK"
    view.is_healthy = False
    assert b"bucket_unavailable" in ask_app(view, "/healthz", **given)[2]


def test_a_probe_needs_no_token_for_the_bare_verdict(view: FakeView) -> None:
    assert ask_app(view, "/livez", token="t0ken")[0] == "200 OK"
    view.is_healthy = False
    line, _, body = ask_app(view, "/healthz", token="t0ken")
    assert (line[:3], body) == ("503", b"failing\n")
