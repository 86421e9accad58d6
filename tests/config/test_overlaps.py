"""Sites beside each other, and what must not lie inside of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.texts import ONE

TWO = """\
sites:
- {{path: /srv/a, bucket: bucket-a, name: one{0}}}
- {{path: /srv/b, bucket: bucket-a, name: two{1}}}
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        (", prefix: x", ", prefix: /x/"),
        (", endpoint: minio", ", endpoint: 'https://MINIO:443/'"),
        (", endpoint: s3.amazonaws.com", ""),
    ],
)
def test_two_sites_never_keep_the_same_prefix(problems, first, second):
    found = problems(TWO.format(first, second))
    assert "3: sites[1]: has the bucket and prefix of sites[0] (line 2)" in found[0]


def test_a_prefix_within_another_is_invisible_to_the_outer_site(loaded):
    text = TWO.format("", ", prefix: x") + (
        "- {path: /srv/c, bucket: bucket-a, prefix: x/y}\n"
        "- {path: /srv/d, bucket: bucket-a, prefix: xx}\n"
        "- {path: /srv/e, bucket: bucket-b, prefix: x}\n"
        "- {path: /srv/f, bucket: bucket-a, prefix: x/z, endpoint: minio}\n"
    )
    inner = [site.inner_prefixes for site in loaded(text).sites]
    assert inner == [("x/", "x/y/", "xx/"), ("x/y/",), (), (), (), ()]


def test_names_are_unique(problems):
    text = TWO.format("", ", prefix: x").replace("two", "one")
    assert "3: sites[1].name: is also the name of sites[0] (line 2)" in problems(text)[0]


def test_equal_and_nested_directories_are_fine(loaded):
    text = TWO.format("", ", prefix: x").replace("/srv/b", "/srv/a") + (
        "- {path: /srv/a/deeper, bucket: bucket-c}\n"
    )
    assert len(loaded(text).sites) == 3


@pytest.mark.parametrize("state", ["/srv/a", "/srv/a/.state"])
def test_the_state_is_never_inside_a_site(problems, state):
    found = problems(f"state_dir: {state}\n" + ONE)
    assert found == [
        "1: state_dir: is inside the directory of sites[0]; write one outside of every site"
    ]


def test_a_default_state_inside_a_site_is_refused_too(problems):
    found = problems(ONE, environ={"STATE_DIRECTORY": "/srv/a/state"})
    assert "2: sites[0].path: contains the default state_dir" in found[0]


def test_a_link_does_not_hide_that_the_state_is_inside_a_site(problems, tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    text = "state_dir: link/state\nsites:\n- {path: root, bucket: bucket-a}\n"
    assert "1: state_dir: is inside" in problems(text)[0]


def test_a_log_inside_a_site_would_never_end(problems, loaded):
    text = "log: {file: /srv/a/x.log}\n" + ONE
    assert "1: log.file: is inside the directory of sites[0]" in problems(text)[0]
    assert loaded(text + "  exclusions: ['\\.log$']\n").log_file == Path("/srv/a/x.log")
