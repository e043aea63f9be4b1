"""Nothing from outside becomes markup, and a summary always fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from release_actions.runner import markdown


def test_a_hostile_title_stays_one_cell() -> None:
    title = "x | y\n| z | `code` <img src=x> [a](b) @user"
    row = markdown.table(["a", "b"], [[markdown.plain(title), markdown.code(title)]]).splitlines()
    assert len(row) == 3
    assert row[2] == (
        "| x \\| y \\| z \\| \\`code\\` \\<img src=x\\> \\[a\\](b) \\@user "
        "| ``x \\| y \\| z \\| `code` <img src=x> [a](b) @user`` |"
    )


@given(st.text(max_size=60))
def test_a_code_span_is_closed_by_its_own_fence(text: str) -> None:
    span = markdown.code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)].strip(" ") or not text.strip("`")
    assert "\n" not in span


def test_what_github_makes_of_bare_words_is_defused() -> None:
    assert markdown.plain("see https://x.example, www.x.example, :tada:, #12, @user") == (
        "see https\\://x.example, www\\.x.example, :tada:, \\#12, \\@user".replace(":tada:", "\\:tada:")
    )
    assert markdown.plain("- item") == "\\- item"
    assert markdown.plain("v0.5.0-rc.1: a candidate (new)") == "v0.5.0-rc.1: a candidate (new)"


def test_direction_marks_are_removed() -> None:
    assert markdown.plain("v1\u202e.2") == "v1 .2"


def test_an_empty_cell_keeps_its_column() -> None:
    assert markdown.table(["a", "b"], [["", "x"]]).splitlines()[2] == "|   | x |"


def test_no_codes_is_a_word() -> None:
    assert markdown.codes([]) == "none"
    assert markdown.codes(["v1", "v2"]) == "`v1`, `v2`"


def test_a_small_summary_is_left_alone() -> None:
    assert markdown.cut("# Title\n") == "# Title\n"


def test_a_large_summary_is_cut_at_a_line_with_a_note() -> None:
    text = "| é | row |\n" * 200_000
    cut = markdown.cut(text)
    assert len(cut.encode()) <= markdown.SUMMARY_LIMIT
    assert len(cut.encode()) > markdown.SUMMARY_LIMIT - 400
    assert cut.endswith("The log has the rest.\n")
    assert set(cut.removesuffix(markdown.CUT_NOTE).splitlines()) == {"| é | row |"}


def test_a_cut_closes_what_was_open() -> None:
    text = "<details><summary>all</summary>\n\n```\n" + "line\n" * 1000
    cut = markdown.cut(text, 2000)
    assert len(cut.encode()) <= 2000
    assert cut.removesuffix(markdown.CUT_NOTE).endswith("line\n```\n\n</details>\n")
