import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.paths import MAX_KEY_BYTES, Scope


def scope(prefix="data/", *, exclusions=(), inclusions=(), inner=()):
    return Scope(prefix=prefix, exclusions=exclusions, inclusions=inclusions, inner_prefixes=inner)


SEGMENT = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda text: text not in {".", ".."})
PATHS = st.lists(SEGMENT, min_size=1, max_size=5).map("/".join)
PREFIXES = st.one_of(st.just(""), PATHS.map(lambda path: path + "/"))
ANY_TEXT = st.text(st.sampled_from("ab/.\0\ud800é\n"), max_size=12)


@given(prefix=PREFIXES, path=PATHS)
def test_every_local_path_comes_back_from_its_key(prefix, path):
    assert scope(prefix).path_for(scope(prefix).key_for(path)) == path


@given(key=ANY_TEXT, prefix=st.sampled_from(["", "a/", "b/", "a/b/"]))
def test_every_mapped_key_comes_back_from_its_path(key, prefix):
    path = scope(prefix).path_for(key)
    assert path is None or scope(prefix).key_for(path) == key


@given(key=ANY_TEXT)
def test_a_mapped_key_is_a_path_that_a_root_can_hold(key):
    path = scope("").path_for(key)
    if path is not None:
        assert all(segment not in {"", ".", ".."} for segment in path.split("/"))
        assert "\0" not in path
        path.encode()


EVERYDAY = st.from_regex(r"(a/|b/)?[a-z.]{0,3}/?[a-z\n]{0,3}", fullmatch=True)


@given(keys=st.lists(st.one_of(EVERYDAY, ANY_TEXT), min_size=1, max_size=5), inner=st.booleans())
@pytest.mark.parametrize("prefix", ["", "a/", "a/b/", "./"])
def test_many_keys_at_once_give_the_same_paths_as_one_by_one(prefix, keys, inner):
    one = scope(prefix, inner=[f"{prefix}b/"] if inner else ())
    paths = one.plain_paths(keys)
    assert paths is None or list(paths) == [one.path_for(key) for key in keys]


@given(paths=st.lists(ANY_TEXT, max_size=5), inner=st.booleans())
@pytest.mark.parametrize("prefix", ["", "a/", "p" * 1015 + "/"])
def test_many_paths_are_called_plain_only_if_none_has_a_problem(prefix, paths, inner):
    one = scope(prefix, inner=[f"{prefix}b/"] if inner else ())
    if one.are_plain(paths):
        assert [one.problem_with(path) for path in paths] == [None] * len(paths)


def test_everyday_paths_are_plain():
    assert scope("a/").are_plain(["b/c.txt", "d"])
    assert scope("").are_plain([])


def test_everyday_keys_are_read_at_once():
    assert scope("a/").plain_paths(["a/b/c.txt", "a/d"]) == ["b/c.txt", "d"]
    assert scope("").plain_paths(["a/b/c.txt", "d"]) == ["a/b/c.txt", "d"]


@given(name=PATHS, more=SEGMENT, path=PATHS)
def test_sibling_prefixes_never_meet_even_if_one_name_begins_like_the_other(name, more, path):
    short, long = scope(f"{name}/"), scope(f"{name}{more}/")
    assert long.path_for(short.key_for(path)) is None
    assert short.path_for(long.key_for(path)) is None


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("database/x", id="the key of a sibling whose name only begins alike"),
        pytest.param("other/x", id="the key of another prefix"),
        pytest.param("data", id="the prefix without its slash"),
        pytest.param("data/", id="the prefix's own directory marker"),
        pytest.param("data/a/", id="a directory marker"),
        pytest.param("data//a", id="an empty first segment (an absolute path)"),
        pytest.param("data/a//b", id="an empty inner segment"),
        pytest.param("data/.", id="the root itself"),
        pytest.param("data/../etc/passwd", id="a way out of the root"),
        pytest.param("data/a/../b", id="a way up inside the root"),
        pytest.param("data/a/..", id="a trailing way up"),
        pytest.param("data/a/./b", id="a segment that says here"),
        pytest.param("data/a\0b", id="a NUL in an ASCII name"),
        pytest.param("data/é\0", id="a NUL in another name"),
        pytest.param("data/\udcff", id="a lone surrogate"),
        pytest.param("data/é/", id="a directory marker that is not ASCII"),
    ],
)
def test_a_key_is_not_the_sites(key):
    assert scope("data/").path_for(key) is None


@pytest.mark.parametrize(
    "path", [".hidden", "a/.hidden", "...", "a/...", "..a", "a..", "a\n", ".\n", "é/ü", "a\\b", " "]
)
def test_odd_but_possible_names_are_mapped(path):
    assert scope("data/").path_for("data/" + path) == path


def test_an_inner_site_is_invisible_on_both_sides():
    outer = scope("a/", inner=["a/b/"])
    assert outer.path_for("a/b/x") is None
    assert outer.problem_with("b/x") == "inner_prefix"
    assert outer.path_for("a/bc") == "bc"
    assert outer.problem_with("bc") is None
    assert outer.problem_with("b") is None


def test_prefixes_that_are_not_inside_hide_nothing():
    outer = scope("a/", inner=["a/", "b/", ""])
    assert outer.path_for("a/x") == "x"
    assert outer.problem_with("x") is None


@pytest.mark.parametrize("arguments", [{"prefix": "data"}, {"inner": ["data/x"]}])
def test_a_prefix_without_its_boundary_is_refused(arguments):
    with pytest.raises(ValueError, match="does not end in '/'"):
        scope(**arguments)


def test_an_invalid_regex_is_refused():
    with pytest.raises(re.error):
        scope(exclusions=["("])


@pytest.mark.parametrize(
    ("exclusions", "inclusions", "path", "is_selected"),
    [
        pytest.param([], [], "a", True, id="no filter takes all"),
        pytest.param([], [".*"], "a\nb", True, id="the default inclusion takes all"),
        pytest.param([], [r"\.txt$"], "a.bin", False, id="inclusions are an allow-list"),
        pytest.param([], [r"\.txt$", r"\.md$"], "a.md", True, id="one inclusion is enough"),
        pytest.param([r"^tmp/"], [r"\.txt$"], "tmp/a.txt", False, id="exclusions win"),
        pytest.param([r"x", r"y"], [], "ay", False, id="one exclusion is enough"),
        pytest.param([r"^a"], [], "b/a", True, id="the pattern sees the path relative to the root"),
    ],
)
def test_filters(exclusions, inclusions, path, is_selected):
    site = scope(exclusions=exclusions, inclusions=inclusions)
    assert site.is_selected(path) is is_selected
    assert site.covers(path) is is_selected


@pytest.mark.parametrize(
    ("pattern", "is_pruned"),
    [
        pytest.param(r"^node_modules/", True, id="a directory by name"),
        pytest.param(r"(^|/)node_modules/", True, id="a directory anywhere"),
        pytest.param(r"node_modules", True, id="a bare word"),
        pytest.param(r"node_modules/$", False, id="the end of the text"),
        pytest.param(r"node_modules/\Z", False, id="the very end of the text"),
        pytest.param(r"node_modules/\B", False, id="a boundary"),
        pytest.param(r"node_modules/(?!keep)", False, id="a look ahead"),
        pytest.param(r"(?>/.*p|/)", False, id="an atomic group"),
        pytest.param(r"node_modules/[a-z]*+", False, id="a possessive repeat"),
        pytest.param(r"\.o$", False, id="something else"),
    ],
)
def test_only_provably_empty_directories_are_pruned(pattern, is_pruned):
    assert scope(exclusions=[pattern]).is_pruned("node_modules/") is is_pruned


PATTERNS = st.lists(
    st.sampled_from(
        ["a", "b", "/", ".", "^", "$", r"\Z", r"\b", r"\B", "(?=b)", "(?!b)", "(?<=a)", "(?>a|ab)",
         "[ab]*", "b*+", "(a|/)", "(?:a/)?", "b+?", r"(a)?(?(1)/|b)"]
    ),
    min_size=1,
    max_size=4,
).map("".join)  # fmt: skip


@given(
    pattern=PATTERNS,
    directory=st.text(st.sampled_from("ab/"), max_size=6).map(lambda text: text + "/"),
    below=st.text(st.sampled_from("ab/\n"), min_size=1, max_size=6),
)
def test_nothing_below_a_pruned_directory_is_selected(pattern, directory, below):
    site = scope(exclusions=[pattern])
    assert not (site.is_pruned(directory) and site.is_selected(directory + below))


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("x" * (MAX_KEY_BYTES - 5), None),
        ("x" * (MAX_KEY_BYTES - 4), "key_too_long"),
        ("é" * 509, None),
        ("é" * 510, "key_too_long"),
        ("a\udcff", "undecodable_name"),
        ("é", None),
    ],
)
def test_a_path_that_can_have_no_key_is_a_problem(path, problem):
    site = scope("data/")
    assert site.problem_with(path) == problem
    assert site.covers(path) is (problem is None)
