"""A command that is told can be copied: with the file, the site and the list of the case."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.advice import Advice

FILED = Advice.with_file("my c.yml")


@pytest.mark.parametrize(
    ("advice", "text", "said"),
    [
        (Advice(), "`s3syncd approve SITE`.", "`s3syncd approve 'a b'`."),
        (FILED, "`s3syncd approve SITE`.", "`s3syncd -c 'my c.yml' approve 'a b'`."),
        (FILED, "s3syncd check", "s3syncd -c 'my c.yml' check"),
        (
            FILED,
            "`s3syncd approve SITE --list HASH`",
            "`s3syncd -c 'my c.yml' approve 'a b' --list abc`",
        ),
        (FILED, "start it with `s3syncd -c FILE`", "start it with `s3syncd -c 'my c.yml'`"),
        (Advice(), "start it with `s3syncd -c FILE`", "start it with `s3syncd`"),
        (
            Advice(state_dir="/s"),
            "`s3syncd approve SITE`; s3syncd check",
            "`s3syncd approve --state-dir /s 'a b'`; s3syncd -c FILE check",
        ),
        (
            FILED,
            "the other s3syncd command; approve SITE",
            "the other s3syncd command; approve SITE",
        ),
    ],
)
def test_a_command_is_written_as_it_has_to_be_typed(advice: Advice, text: str, said: str) -> None:
    assert advice.runnable(text, site="a b", held_list="abc") == said


def test_what_is_not_known_stays_out_or_stays_a_placeholder() -> None:
    text = "`s3syncd approve SITE --list HASH`"
    said = "`s3syncd status a` (it names the list to approve)"
    assert Advice().runnable(f"{text}.", site="a") == f"{said}."
    assert Advice().runnable(text.strip("`"), site="a") == said.replace("`", "")
    assert Advice().runnable(text) == said.replace("status a", "status SITE")
    assert Advice().runnable("`s3syncd approve SITE`") == "`s3syncd approve SITE`"


@pytest.mark.parametrize("path", ["", None])
def test_who_knows_no_file_names_none(path: str | None) -> None:
    assert Advice.with_file(path) == Advice()


def test_a_document_is_told_with_every_hint_of_its_sites_to_be_typed() -> None:
    silent: dict[str, Any] = {"name": "b", "hint": None, "problems": [], "held_list": None}
    problems = [
        {"path": "x", "hint": "`s3syncd approve SITE`"}, {"path": "y", "hint": ""},
    ]  # fmt: skip
    told = FILED.spoken({
        "version": "1",
        "sites": [
            {"name": "a b", "hint": "`s3syncd approve SITE --list HASH`", "held_list": "abc",
             "problems": problems},
            silent,
        ],
    })  # fmt: skip
    begun = "`s3syncd -c 'my c.yml' approve 'a b'"
    assert told["version"] == "1"
    assert told["sites"][0] == {
        "name": "a b", "hint": f"{begun} --list abc`", "held_list": "abc",
        "problems": [{"path": "x", "hint": f"{begun}`"}, {"path": "y", "hint": ""}],
    }  # fmt: skip
    assert told["sites"][1] == silent
