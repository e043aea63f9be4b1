"""Markdown as lines: what is text, what is code, what is hidden, and where links lead."""

from __future__ import annotations

import pytest

from release_actions.components import lines
from release_actions.components.blocks import LineKind
from release_actions.notes.addresses import AddressKind, GitHubAddress, parse


def kinds(text: str) -> list[str]:
    return [line.kind.value for line in lines.read(text, "notes.md").lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A\n\nb\n* c", ["heading", "blank", "text", "bullet"]),
        ("```sh\n# no heading\n```\n# A", ["code", "code", "code", "heading"]),
        ("~~~\n```\n~~~\na", ["code", "code", "code", "text"]),
        ("````\n```\n````\na", ["code", "code", "code", "text"]),
        ("```\n``` x\n```\na", ["code", "code", "code", "text"]),
        ("``` a`b\na", ["text", "text"]),
        ("> ```\n> x\n> ```\na", ["code", "code", "code", "text"]),
        ("    code\n\na\n    no code", ["code", "blank", "text", "text"]),
        (
            "* a\n\n    no code\n     ```\n     x\n     ```\nb",
            ["bullet", "blank", "text", "code", "code", "code", "text"],
        ),
        ("1. a\n2) b\n+ c", ["bullet", "bullet", "bullet"]),
        ("| a |\n| - |\n| b |\nc\n\nd", ["row", "row", "row", "row", "blank", "text"]),
        ("a | b\nc", ["text", "text"]),
        ("<!-- # A -->\n# B", ["blank", "heading"]),
        ("<!--\n# A\n-->\n# B", ["blank", "blank", "blank", "heading"]),
        ("`<!--`\n# B", ["text", "heading"]),
    ],
)
def test_what_a_line_is(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_lines_keep_their_columns() -> None:
    (line,) = lines.read("a <!-- b --> `c` d", "notes.md").lines
    assert line.text == "a            `c` d"
    assert line.prose == f"a            {lines.FILLER * 3} d"
    assert len(line.raw) == len(line.text) == len(line.prose)


def test_line_breaks_of_every_system_count_once() -> None:
    text = lines.read("a\r\nb\rc\nd", "notes.md")
    assert [(line.number, line.raw) for line in text.lines] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_a_section_is_what_is_below_a_heading() -> None:
    text = lines.read("a\n## B *c*\nd\n### E\nf\n\n---\ng", "notes.md")
    assert [(line.section, line.level) for line in text.lines if line.kind is LineKind.TEXT] == [
        ("", 0),
        ("B c", 2),
        ("E", 3),
        ("", 0),
        ("", 0),
    ]


def test_what_is_never_closed() -> None:
    assert lines.read("a\n```\nb", "notes.md").open_fence == 2
    assert lines.read("a\n<!-- b\nc", "notes.md").open_comment == 2
    closed = lines.read("```\n<!--\n```\n<!-- ``` -->\n", "notes.md")
    assert (closed.open_fence, closed.open_comment) == (0, 0)


def test_comments_and_whether_they_are_alone() -> None:
    found = lines.read("<!-- a -->\nb <!-- c --> <!--d-->\n", "notes.md").comments
    assert [(one.text, one.place.line, one.place.column, one.alone) for one in found] == [
        ("a", 1, 1, True),
        ("c", 2, 3, False),
        ("d", 2, 14, False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](https://b.c/d)", [("a", "https://b.c/d")]),
        ('[a `b` *c*](<https://b.c/d> "title")', [("a b c", "https://b.c/d")]),
        ("[a](https://b.c/d_(e))", [("a", "https://b.c/d_(e)")]),
        ("[![a](b.png)](https://c.d)", [("a", "https://c.d")]),
        ("![a](https://b.c/d.png)", []),
        ("[a][b]\n\n[b]: https://c.d", [("a", "https://c.d")]),
        ("[B][]\n\n[b]: <https://c.d> 'title'", [("B", "https://c.d")]),
        ("[a][b]", []),
        (
            "See https://a.b/c. And (https://d.e/f).",
            [("https://a.b/c", "https://a.b/c"), ("https://d.e/f", "https://d.e/f")],
        ),
        ("<https://a.b/c>", [("https://a.b/c", "https://a.b/c")]),
        ("https://a.b/c_(d)", [("https://a.b/c_(d)", "https://a.b/c_(d)")]),
        ("`[a](https://b.c)` `https://d.e`", []),
        ("```\n[a](https://b.c)\n```", []),
        ("<!-- [a](https://b.c) -->", []),
        ("[a]()", [("a", "")]),
    ],
)
def test_links(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(link.text, link.target) for link in lines.read(text, "notes.md").links] == expected


HUB = "https://github.com/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{HUB}a/b/pull/7", GitHubAddress(AddressKind.PULL, "a/b", 7)),
        (f"{HUB}a/b/pull/7/files#r1", GitHubAddress(AddressKind.PULL, "a/b", 7)),
        (f"{HUB}a/b/issues/7?x=y", GitHubAddress(AddressKind.PULL, "a/b", 7)),
        (f"{HUB}a/b/compare/v1...v2", GitHubAddress(AddressKind.COMPARE, "a/b", base="v1", name="v2")),
        (f"{HUB}a/b/compare/x%2Fv1...x%2Fv2", GitHubAddress(AddressKind.COMPARE, "a/b", base="x/v1", name="x/v2")),
        (f"{HUB}a/b/releases/tag/v1", GitHubAddress(AddressKind.TAG, "a/b", name="v1")),
        (f"{HUB}a/b/releases/download/v1/c.json", GitHubAddress(AddressKind.TAG, "a/b", name="v1")),
        (f"{HUB}a/b/tree/v1/docs", GitHubAddress(AddressKind.TREE, "a/b", name="v1/docs")),
        (f"{HUB}a/b/commit/0123abc", GitHubAddress(AddressKind.COMMIT, "a/b", name="0123abc")),
        (f"{HUB}a/b", GitHubAddress(AddressKind.REPOSITORY, "a/b")),
        (f"{HUB}a/b.git", GitHubAddress(AddressKind.REPOSITORY, "a/b")),
        (f"{HUB}a", GitHubAddress(AddressKind.ACCOUNT, name="a")),
        (f"{HUB}apps/dependabot", GitHubAddress(AddressKind.ACCOUNT, name="dependabot")),
        ("https://www.github.com/a/b", GitHubAddress(AddressKind.REPOSITORY, "a/b")),
        (f"{HUB}orgs/a/packages", None),
        (f"{HUB}a/b/actions", None),
        (f"{HUB}a/b/compare/v1", None),
        (f"{HUB}a/b/pull/x", None),
        ("https://gitlab.com/a/b/pull/7", None),
        ("https://github.com.evil.example/a/b", None),
        ("ftp://github.com/a/b", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_where_an_address_leads(url: str, expected: GitHubAddress | None) -> None:
    assert parse(url) == expected


def test_an_enterprise_server_has_addresses_of_its_own() -> None:
    url = "https://git.acme.example/a/b/pull/7"
    assert parse(url, "https://git.acme.example") == GitHubAddress(AddressKind.PULL, "a/b", 7)
    assert parse("https://github.com/a/b/pull/7", "https://git.acme.example") is None
