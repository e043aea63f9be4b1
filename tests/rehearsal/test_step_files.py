from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.rehearsal.step_files import FileFormatError, read_pairs, read_paths, split_lines, text_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a=1\n", [("a", "1")]),
        ("a=1", [("a", "1")]),
        ("\n\na=1\n\nb=2\n", [("a", "1"), ("b", "2")]),
        ("a=\n", [("a", "")]),
        ("a=b=c\n", [("a", "b=c")]),
        ("a=x<<EOF\n", [("a", "x<<EOF")]),
        (" a = b \n", [(" a ", " b ")]),
        ("a=1\r\n", [("a", "1\r")]),
        ("a<<EOF\none\ntwo\nEOF\n", [("a", "one\ntwo")]),
        ("a<<EOF\none\n\nEOF\n", [("a", "one\n")]),
        ("a<<EOF\nEOF\n", [("a", "")]),
        ("a<<EOF\n\nEOF\n", [("a", "")]),
        ("a<<EOF\none\nEOF", [("a", "one")]),
        ("a<<EOF\none\n EOF\nEOF\nb=2\n", [("a", "one\n EOF"), ("b", "2")]),
        ("a<<=\nx=y\n=\n", [("a", "x=y")]),
        ("a<<E=F\nx\nE=F\n", [("a", "x")]),
        ("a<<EOF\nb=2\nEOF\nc=3\n", [("a", "b=2"), ("c", "3")]),
        ("a=1\na=2\n", [("a", "1"), ("a", "2")]),
    ],
)
def test_pairs(text: str, found: list[tuple[str, str]]) -> None:
    assert list(read_pairs(text)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("words\n", "Invalid format 'words'"),
        ("=1\n", "Invalid format '=1'. Name must not be empty"),
        ("<<EOF\nx\nEOF\n", "Name must not be empty and delimiter must not be empty"),
        ("a<<\nx\n", "Name must not be empty and delimiter must not be empty"),
        ("a<<EOF\nx\n", "Matching delimiter not found 'EOF'"),
        ("a<<EOF\nxEOF", "EOF marker missing new line"),
        ("a<<EOF\nx\nEOF \n", "Matching delimiter not found 'EOF'"),
        ("a<<EOF", "Matching delimiter not found 'EOF'"),
    ],
)
def test_what_the_runner_refuses(text: str, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        list(read_pairs(text))
    assert message in str(caught.value)


def test_what_came_before_a_mistake_counts() -> None:
    found = read_pairs("a=1\nwrong\nb=2\n")
    assert next(found) == ("a", "1")
    with pytest.raises(FileFormatError):
        next(found)


def test_paths_leave_out_empty_lines() -> None:
    assert read_paths("/a b\n\n/c\r\n") == ["/a b", "/c"]


@pytest.mark.parametrize(
    ("text", "found"), [("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\rb\r\n\nc", ["a", "b", "", "c"])]
)
def test_lines_end_at_carriage_returns_too(text: str, found: list[str]) -> None:
    assert split_lines(text) == found


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_bytes(b"\xef\xbb\xbfa=1\n")
    assert list(read_pairs(text_of(file))) == [("a", "1")]
    assert text_of(tmp_path / "missing") == ""
