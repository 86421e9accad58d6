"""RESULTS.md: a partial run renews its own sections and leaves the others alone."""

from __future__ import annotations

from bench.report import Row, Section, Table, merged

ORDER = ["first", "second", "third"]


def test_a_renewed_section_takes_the_place_of_the_old_one():
    page = merged("", {"second": "old two", "first": "old one"}, ORDER)
    page = merged(page, {"second": "new two"}, ORDER)
    assert "old one" in page
    assert "new two" in page
    assert "old two" not in page


def test_sections_stand_in_the_order_of_the_cases():
    page = merged(merged("", {"third": "c"}, ORDER), {"first": "a"}, ORDER)
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["## first", "## third"]


def test_a_case_that_is_no_more_loses_its_section():
    page = merged("", {"third": "text of it"}, ORDER)
    assert "text of it" not in merged(page, {"first": "a"}, ["first"])


def test_merging_nothing_changes_nothing():
    page = merged("", {"first": "a\n\n| b |", "second": "c"}, ORDER)
    assert merged(page, {}, ORDER) == page


def test_a_section_says_of_each_row_whether_its_target_is_met():
    rows = [Row("speed", "2 x", ">= 1 x", True), Row("RSS", "9", "<= 1", False), Row("time", "3 s")]
    text = Section("t", rows, [Table(["program", "s"], [["ours", "1"]])], ["a note"]).text("today")
    assert "| speed | 2 x | >= 1 x | met |" in text
    assert "| RSS | 9 | <= 1 | **missed** |" in text
    assert "| time | 3 s |  |  |" in text
    assert "| ours | 1 |" in text
    assert text.index("today") < text.index("a note") < text.index("| ours")


def test_the_page_begins_with_every_row_that_has_a_target():
    rows = [Row("speed", "2 x", ">= 1 x", True), Row("RSS", "9", "<= 1", False), Row("time", "3 s")]
    page = merged("", {"second": Section("second", rows).text("today")}, ORDER)
    in_short = page.partition("## ")[0]
    assert "| second | speed | 2 x | >= 1 x | met |" in in_short
    assert "| second | RSS | 9 | <= 1 | **missed** |" in in_short
    assert "time" not in in_short.partition("| case |")[2]
