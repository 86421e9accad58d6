"""`plan`: how it tells what would be done, at what price, and what holds it."""

from __future__ import annotations

import inspect
import io
import json
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from s3syncd.cli import plan
from s3syncd.core.cost import Requests
from s3syncd.core.entry import Action, Kind, LocalEntry
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.safety import REASONS
from s3syncd.core.table import ROWS, Rule
from s3syncd.supervisor.planning import PlanReport, SitePlan
from tests.cli.typed import checked, parse
from tests.terminal import Terminal


def fake_plan(
    name: str = "photos", wanted: int = 3, reason: str | None = None, hint: str | None = None
) -> SitePlan:
    """Make a plan whose numbers are right only after its actions were read."""
    made = SitePlan(name, iter(()), reason=reason, hint=hint)

    def actions() -> Iterator[Action]:
        for number in range(wanted):
            entry = LocalEntry(f"{number:05}\x1b.txt", 10, 0, 0, 1, 0o100644)
            yield Action(Kind.UPLOAD, entry.path, entry, None, None, 2, "new")
            made.counts = {"Upload": number + 1, "DeleteRemote": 0}
            made.bytes += 10
            made.asked = made.asked.plus(Requests(writes=1))

    made.actions, made.is_whole = actions(), True
    return made


def planned(
    config: Path, *sites: SitePlan, words: tuple[str, ...] = (), stream: io.StringIO | None = None
) -> tuple[int, str]:
    stream = stream or io.StringIO()
    code = plan.execute(
        parse(config, "plan", *words),
        plan=lambda _config, _site: PlanReport([*sites]),
        stream=stream,
    )
    return code, stream.getvalue()


def test_a_plan_lists_actions_and_sums_them_up(config: Path) -> None:
    code, text = planned(config, fake_plan())
    assert code == 0
    assert "  Upload (new)  00000\\x1b.txt\n" in text
    assert "3 Upload; 30 B to send, 3 requests" in text


class Leaving(io.StringIO):
    """A reader that leaves early, as `head` does."""

    def write(self, text: str) -> int:
        if self.tell() > 100:
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_plan_whose_reader_leaves_lets_go_of_the_bucket(
    config: Path, words: tuple[str, ...]
) -> None:
    made = fake_plan(wanted=50)
    with pytest.raises(BrokenPipeError):
        planned(config, made, words=words, stream=Leaving())
    assert isinstance(made.actions, Generator)
    assert inspect.getgeneratorstate(made.actions) == inspect.GEN_CLOSED


def test_a_long_plan_is_cut_short_and_still_counted_whole(config: Path) -> None:
    _, text = planned(config, fake_plan(wanted=50))
    assert text.count("  Upload (new)  ") == 20
    assert "... and 30 more" in text
    assert "50 Upload; 500 B to send" in text


@pytest.mark.parametrize("row", [row.upload for row in ROWS if row.upload.kind])
def test_each_action_of_the_table_is_told_in_plain_words(config: Path, row: Rule) -> None:
    one = fake_plan()
    assert row.kind is not None
    one.actions = iter([Action(row.kind, "path", None, None, None, 0, row.reason)])
    line = planned(config, one)[1].splitlines()[1]
    said = re.fullmatch(rf"  {row.kind} \(([^_]+)\)  path", line)
    assert said, line
    assert row.reason in {"new", "changed"} or " " in said[1]


def test_a_plan_tells_what_holds_it_and_what_to_do_within_80_columns(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    remedy = "Bring the files back, or confirm them: `s3syncd approve SITE --list 0123456789ab`."
    held = fake_plan(reason="mass_delete", hint=remedy)
    lines = planned(config, held, stream=Terminal())[1].splitlines()
    assert lines[-4:] == [
        "  mass_delete: More files are gone than the limit allows; every deletion is",
        "  held, uploads go on.",
        "    Bring the files back, or confirm them:",
        f"    `s3syncd -c {config} approve photos --list 0123456789ab`.",
    ]


@pytest.mark.parametrize("held_list", [None, "0123456789ab"])
def test_a_plan_advises_to_approve_the_held_list_where_there_is_one(
    config: Path, held_list: str | None
) -> None:
    one = fake_plan(reason="root_emptied", hint=REASONS["root_emptied"].remedy)
    one.held_list = held_list
    text = planned(config, one)[1]
    assert f"`s3syncd -c {config} " in text
    assert ("approve photos --list 0123456789ab`" in text) == bool(held_list)
    assert ("status photos` (it names the list" in text) != bool(held_list)
    one = fake_plan(wanted=0)
    one.held_list = held_list
    (document,) = json.loads(planned(config, one, words=("--json",))[1])["sites"]
    assert document["held_list"] == held_list


def test_what_is_piped_is_a_line_for_each_sentence(config: Path) -> None:
    remedy = "Bring the files back, or confirm them: `s3syncd approve SITE --list 0123456789ab`."
    lines = planned(config, fake_plan(reason="mass_delete", hint=remedy))[1].splitlines()
    assert lines[-1].startswith("    Bring the files back, or confirm them: `s3syncd -c ")
    assert lines[-2].endswith("every deletion is held, uploads go on.")
    long = Finding(Verdict.FAILED, "list", "x " * 100, "y " * 100)
    failed = [line for line in checked(config, long)[1].splitlines() if line.startswith("failed")]
    assert len(failed) == 2
    assert all("-> y y y" in line for line in failed)


def test_a_plan_that_could_not_be_made_claims_nothing(config: Path) -> None:
    dead = fake_plan(wanted=0, reason="bucket_unavailable", hint="Start the server.")
    dead.is_whole = False
    code, text = planned(config, dead)
    assert code == 4
    assert "nothing to do" not in text
    assert text.splitlines() == [
        "photos",
        "  what is to be done is not known:",
        "  bucket_unavailable: The bucket cannot be used; changes wait.",
        "    Start the server.",
    ]
    document = json.loads(planned(config, dead, words=("--json",))[1])
    assert document["sites"][0]["is_whole"] is False


def test_a_plan_that_broke_off_tells_what_it_knows_as_such(config: Path) -> None:
    cut = fake_plan(wanted=3, reason="listing_incomplete", hint="None needed.")
    cut.is_whole = False
    text = planned(config, cut)[1]
    assert "  at least 3 actions; the rest is not known:\n" in text


def test_one_thing_is_told_as_one(config: Path) -> None:
    assert "1 Upload; 10 B to send, 1 request\n" in planned(config, fake_plan(wanted=1))[1]


def test_a_plan_has_colours_by_what_is_at_stake_on_a_terminal_only(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def shown(stream: io.StringIO) -> str:
        one = fake_plan(wanted=0, reason="mass_delete", hint="do this")
        entry = LocalEntry("a", 1, 0, 0, 1, 0o100644)
        one.actions = iter([
            Action(Kind.UPLOAD, "a", entry, None, None, 2, "new"),
            Action(Kind.DELETE_REMOTE, "b", None, None, None, 0, "retired"),
        ])  # fmt: skip
        arguments = parse(config, "plan")
        plan.execute(arguments, plan=lambda _config, _site: PlanReport([one]), stream=stream)
        return stream.getvalue()

    coloured = shown(Terminal())
    assert "\x1b[1mphotos\x1b[0m\n" in coloured
    assert "  \x1b[32mUpload (new)               \x1b[0m  a\n" in coloured
    assert "  \x1b[31mDeleteRemote (file deleted)\x1b[0m  b\n" in coloured
    assert "\x1b[33m  mass_delete: " in coloured
    plain = shown(io.StringIO())
    bare = re.sub(r"\x1b\[\d+m", "", coloured)
    assert bare.split() == plain.split()
    assert bare.splitlines()[:3] == plain.splitlines()[:3]
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(Terminal()) == bare


def test_a_plan_tells_its_price_and_what_it_costs_to_go_on(config: Path) -> None:
    one = fake_plan()
    one.dollars = 0.25
    one.hints = [
        Finding(Verdict.OK, "cost", "about 30 LIST requests a month"),
        Finding(Verdict.WARNING, "small files", "9 of 9", "another class"),
    ]
    text = planned(config, one)[1]
    assert "3 requests, about $0.25\n" in text
    assert "  cost: about 30 LIST requests a month\n  small files: 9 of 9; another class\n" in text
    one = fake_plan()
    one.hints = [Finding(Verdict.WARNING, "small files", "9 of 9", "another class")]
    (document,) = json.loads(planned(config, one, words=("--json",))[1])["sites"]
    assert document["hints"] == [
        {"about": "small files", "text": "9 of 9", "remedy": "another class"}
    ]
    assert document["requests_by_kind"] == {"lists": 0, "writes": 3, "reads": 0, "deletes": 0}
    assert document["dollars"] is None


def test_a_plan_without_actions_says_so(config: Path) -> None:
    assert "nothing to do" in planned(config, fake_plan(wanted=0))[1]


def test_a_plan_as_json_has_every_action(config: Path) -> None:
    code, text = planned(
        config, fake_plan(wanted=50), fake_plan("docs", wanted=0), words=("--json",)
    )
    first, second = json.loads(text)["sites"]
    assert code == 0
    assert [each["path"] for each in first["actions"]] == [f"{n:05}\x1b.txt" for n in range(50)]
    assert first["actions"][0] == {
        "kind": "Upload", "path": "00000\x1b.txt", "reason": "new", "size_bytes": 10,
    }  # fmt: skip
    assert (first["counts"]["Upload"], first["bytes"], first["requests"]) == (50, 500, 50)
    assert second["name"] == "docs"
    assert second["actions"] == []


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ([None, "bucket_unavailable"], 4),
        (["bucket_unavailable", "root_replaced"], 3),
        (["mass_delete", "root_missing"], 3),
    ],
)
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_plan_of_a_site_in_trouble_tells_it_by_its_exit_code(
    config: Path, reasons: list[str | None], code: int, words: tuple[str, ...]
) -> None:
    sites = [fake_plan(reason=reason, hint="do this") for reason in reasons]
    got, text = planned(config, *sites, words=words)
    assert got == code
    assert "do this" in text
