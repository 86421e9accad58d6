"""The strictness of the YAML reader: what other readers swallow is a problem here."""

from __future__ import annotations

import pytest

from s3syncd.config.document import Mapping, Scalar, read
from s3syncd.config.problems import Problems
from s3syncd.config.syntax import Complaint, Mark, fault_of

ONE = "sites:\n- path: /srv/a\n  bucket: bucket-a\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region: a\nregion: b\n" + ONE, "2: region: is written twice (first on line 1)"),
        (ONE + "  bucket: b\n", "4: sites[0].bucket: is written twice (first on line 3)"),
        ("region: !!binary aGk=\n" + ONE, "1: region: has a tag"),
        ("region: !mine x\n" + ONE, "1: region: has a tag"),
        ("? [a]\n: b\n" + ONE, "1: has a key that is no name"),
        ("<<: x\n" + ONE, "1: merges what is no mapping"),
        (ONE + "\tregion: x\n", "4:1: has a tab before a key or value"),
        ("sites:\n\t- path: /a\n", "2:1: has a tab before a key or value"),
        ("region:\tx\n" + ONE, "1:8: has a tab before"),
        ("sites:\n- path: /a\n \tbucket: b\n", "3:2: has a tab before"),
        ("region: @x\n" + ONE, "1:9: starts a value with @, ` or %, which needs quotes"),
        ("region: *x\n" + ONE, "1:9: starts a value with *, which needs quotes"),
        ("region: *\n" + ONE, "1:9: starts a value with *, which needs quotes"),
        ("region: &\n" + ONE, "1:9: starts a value with &, which needs quotes"),
        ("region: |x\n" + ONE, "1:9: starts a value with | or >, which needs quotes"),
        ("region: !a!x y\n" + ONE, "1:9: starts a value with !, which needs quotes"),
        ("region: !<x y\n" + ONE, "1:9: starts a value with !, which needs quotes"),
        ("%YAML x\n---\n" + ONE, "1:1: starts a line with %"),
        ("region: a: b\n" + ONE, "1:10: has ': ' within a value; put the value in single quotes"),
        ("region a\nsites: []\n", "1:1: is no 'key: value'; write a colon and a space after"),
        (ONE + "region\n", "4:1: is no 'key: value'"),
        ("sites:\n- path: /a\n   bucket: b\n", "3:4: is indented deeper than the key above it"),
        ("sites:\n- path: /a\n bucket: b\n", "3:2: is indented like nothing above it"),
        ("sites: - path: /a\n", "1:8: begins a list behind a key"),
        ("region: 'a\n" + ONE, "1:9: opens a quote that is never closed"),
        ("region: 'a\n---\n", "1:9: opens a quote that is never closed"),
        ("region: 'a'b\n" + ONE, "1:12: goes on after a closing quote"),
        (ONE + '  exclusions: ["\\.x"]\n', "4:18: has a backslash in double quotes"),
        ("sites: [{path: /a, bucket: b}\n", "1:8: opens a list with [ that is not closed by ]"),
        ("sites: [{path: /a, bucket: b]\n", "1:9: opens a mapping with { that is not closed"),
        ("region: a\n}\n", "2:1: closes with } what was not opened"),
        (ONE + "---\n" + ONE, "4:1: begins a second document; keep one"),
        ("sites:\n- path:/a\n  bucket:b\n", "2: sites[0]: is not a site; write 'path: ...'"),
        ("region: a\x01b\n" + ONE, "1:10: contains a control character"),
        ("[" * 3000, "is nested too deeply"),
        ("a: &a [*a]\n" + ONE, "is nested too deeply"),
        ("a: &a {<<: *a}\n" + ONE, "1: a: merges what is no mapping"),
    ],
)
def test_what_is_ambiguous_or_broken_is_named_with_its_line(problems, text, said):
    assert any(said in problem for problem in problems(text)), problems(text)


@pytest.mark.parametrize("opening", ["'", '"', "[", "{", "|", "!", "&", "*", "%", "@", "a: "])
def test_no_word_about_broken_text_quotes_it(problems, opening):
    for text in (f"secret_access_key: {opening}canary", f"{opening}canary\n k7: canary\n"):
        assert "canary" not in "".join(problems(text + "\n"))


def test_what_nobody_foresaw_is_told_without_a_quotation():
    unforeseen = Complaint("found 'canary' somewhere", "", Mark(2, 4), None)
    fault = fault_of("a\nb\nc: canary\n", unforeseen)
    assert (fault.line, fault.column) == (3, 5)
    assert fault.what == "is not valid YAML here (found)"
    assert fault_of("", Complaint("", "", None, None)).line == 0


def test_a_bomb_of_anchors_is_refused_soon(problems):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "is nested too deeply" in problems("\n".join(lines) + "\n" + ONE)[0]


def test_bytes_that_are_no_utf8_are_named_with_their_line(tmp_path):
    path = tmp_path / "c.yml"
    path.write_bytes(b"region: a\nname: \xff\n")
    problems = Problems("c.yml")
    assert read(path, problems)[0] is None
    assert str(problems.error()).startswith("c.yml:2: is not UTF-8 text")


def test_anchors_and_merges_work_and_the_own_key_wins(loaded):
    config = loaded(
        "sites:\n- &a {path: /srv/a, bucket: bucket-a, exclusions: &e [x]}\n"
        "- {<<: *a, bucket: bucket-b}\n- {path: /srv/c, bucket: bucket-c, exclusions: *e}\n"
    )
    assert [site.bucket for site in config.sites] == ["bucket-a", "bucket-b", "bucket-c"]
    assert [site.exclusions for site in config.sites] == [("x",), ("x",), ("x",)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("=", "="),
        ("true", True),
        ("~", None),
        ("", None),
        ("10", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("-5", -5),
        ("1.50", 1.5),
        (".5e1", 5.0),
        ("9" * 30, "9" * 30),
        ("'10'", "10"),
        ("!!str 10", "10"),
        ("!!int abc", "abc"),
    ],
)
def test_scalars_follow_yaml_1_2_and_keep_their_spelling(tmp_path, written, value):
    path = tmp_path / "c.yml"
    path.write_text(f"key: {written}\n")
    root, _ = read(path, Problems("c.yml"))
    assert isinstance(root, Mapping)
    node = root.entries["key"].node
    assert isinstance(node, Scalar)
    assert (node.value, type(node.value)) == (value, type(value))


def test_nodes_know_the_line_of_their_key_and_show_no_value(tmp_path):
    path = tmp_path / "c.yml"
    path.write_text("# a comment\n\na:\n  b: hidden\n")
    root, _ = read(path, Problems("c.yml"))
    assert isinstance(root, Mapping)
    assert root.entries["a"].line == 3
    inner = root.entries["a"].node
    assert isinstance(inner, Mapping)
    assert inner.entries["b"].line == 4
    assert "hidden" not in repr(inner.entries["b"]) + repr(root)
