"""What is sent unasked, and to whom: addresses that are secrets, kinds, times."""

from __future__ import annotations

import pytest

from s3syncd.config.describe import describe
from s3syncd.core.standing import KINDS

SITES = "sites: [{path: /a, bucket: bbb}]\n"
TOKEN = "T0KEN9f8e7d6c5b4a39281706"
SECRET_URLS = [
    f"https://hooks.example/services/{TOKEN}",
    "https://user:password@host.example/x",
    "http://host.example:8080/ping?token=12",
]


@pytest.mark.parametrize("key", ["heartbeat: {url", "notify: {webhook"])
@pytest.mark.parametrize("url", SECRET_URLS)
def test_an_address_is_never_shown(loaded, key, url):
    config = loaded(f"{key}: '{url}'}}\n{SITES}")
    assert url in config.secret_values()
    for shown in (repr(config), describe(config), str(config.model_dump())):
        assert url not in shown
        assert TOKEN not in shown
    assert '"********"' in describe(config)


def test_parts_of_an_address_are_secrets_too(loaded):
    config = loaded(
        f"heartbeat: {{url: 'https://u:passw0rd@h.example/{TOKEN}?key=value-1'}}\n{SITES}"
    )
    assert {"passw0rd", TOKEN, "key=value-1"} <= config.secret_values()
    plain = loaded(f"heartbeat: {{url: 'http://h.example/ping/photos'}}\n{SITES}")
    assert plain.secret_values() == {"http://h.example/ping/photos"}


def test_an_address_may_be_a_reference_or_hold_one(loaded, tmp_path):
    (tmp_path / "hook").write_text(f"https://hooks.example/{TOKEN}\n")
    config = loaded(
        f"heartbeat: {{url: 'https://h.example/${{PING}}/${{PING}}'}}\n"
        f"notify: {{webhook: 'file:hook'}}\n{SITES}",
        environ={"PING": "abc"},
    )
    assert config.heartbeat_url.get_secret_value() == "https://h.example/abc/abc"
    assert config.notify_webhook.get_secret_value() == f"https://hooks.example/{TOKEN}"


@pytest.mark.parametrize("url", SECRET_URLS)
def test_an_address_with_a_secret_is_refused_in_a_file_that_everybody_may_read(problems, url):
    (found,) = problems(f"notify: {{webhook: '{url}'}}\n{SITES}", mode=0o644)
    assert "notify.webhook: is a secret in a file that everybody may read" in found
    assert url not in found


def test_an_address_without_a_secret_may_be_read_by_everybody(write):
    from s3syncd.config.load import load
    from tests.config.conftest import ENVIRON

    text = f"heartbeat: {{url: 'http://127.0.0.1:8000/ping/photos'}}\n{SITES}"
    assert load(write(text, mode=0o644), environ=ENVIRON).heartbeat_url


@pytest.mark.parametrize(
    "url",
    ["ftp://h.example/x", "h.example/x", "https://", "http:///x", "https://h.example:x/",
     "https://h.example:99999/", "https://h example/", "file", "https://ünsafe.example/",
     "https://h.example/a b", "javascript:alert(1)", "https://[::1/x"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_showing_it(problems, url):
    (found,) = problems(f"heartbeat: {{url: '{url}'}}\n{SITES}")
    what = "is not the URL of a server; write https://host/path, ${VARIABLE} or file:/path"
    assert found == f"1: heartbeat.url: {what}"


@pytest.mark.parametrize("url", ["https://[::1]:8443/x", "http://h.example", "http://h_1:80/?a"])
def test_what_is_an_address_is_taken(loaded, url):
    assert loaded(f"heartbeat: {{url: '{url}'}}\n{SITES}").heartbeat_url.get_secret_value() == url


def test_the_defaults_send_nothing(loaded):
    config = loaded(SITES)
    assert (config.heartbeat_url, config.notify_webhook, config.reload_on_change) == (
        None, None, False,
    )  # fmt: skip
    assert config.notify_kinds == KINDS


def test_kinds_are_words_of_a_closed_list(loaded, problems):
    assert loaded(f"notify: {{kinds: [recovered, held]}}\n{SITES}").notify_kinds == (
        "held", "recovered",
    )  # fmt: skip
    assert loaded(f"notify: {{kinds: held}}\n{SITES}").notify_kinds == ("held",)
    (found,) = problems(f"notify: {{kinds: [held, fallen]}}\n{SITES}")
    assert "write some of: held, halted" in found


def test_times_are_durations(loaded, problems):
    config = loaded(f"heartbeat: {{interval: 5m}}\nnotify: {{after: 0, interval: 1h}}\n{SITES}")
    assert config.heartbeat_interval_seconds == 300
    assert (config.notify_after_seconds, config.notify_interval_seconds) == (0, 3600)
    (found,) = problems(f"heartbeat: {{interval: 0}}\n{SITES}")
    assert "heartbeat.interval" in found


def test_a_section_on_one_line_is_refused_with_advice(problems):
    (found,) = problems(f"heartbeat: https://h.example/\n{SITES}")
    assert found == "1: heartbeat: is not a section; write its keys indented under heartbeat:"
