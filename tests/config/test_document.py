"""The strictness of the YAML reader: what other readers swallow is a problem here."""

from __future__ import annotations

import pytest

from s3syncd.config.document import Mapping, Scalar, read
from s3syncd.config.problems import Problems

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
        (ONE + "\tregion: x\n", "4: has a tab before a key or value"),
        ("sites:\n\t- path: /a\n", "2: has a tab before a key or value"),
        ("region:\tx\n" + ONE, "1: has a tab before"),
        ("sites:\n- path: /a\n \tbucket: b\n", "3: has a tab before"),
        ("region: @x\n" + ONE, "1: a value starts with @, ` or %, which needs quotes"),
        ("region: *x\n" + ONE, "1: a value starts with *, which needs quotes"),
        ("region: a: b\n" + ONE, "1: is not valid YAML here (mapping values are not allowed here)"),
        ("region: 'a\n" + ONE, "is not valid YAML here (found unexpected end of stream)"),
        (ONE + "---\n" + ONE, "4: is not valid YAML here (but found another document)"),
        ("region: a\x01b\n" + ONE, "1: contains a control character"),
        ("[" * 3000, "is nested too deeply"),
        ("a: &a [*a]\n" + ONE, "is nested too deeply"),
        ("a: &a {<<: *a}\n" + ONE, "1: a: merges what is no mapping"),
    ],
)
def test_what_is_ambiguous_or_broken_is_named_with_its_line(problems, text, said):
    assert any(said in problem for problem in problems(text)), problems(text)


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
