"""The Markdown reader against markdown-it-py, which follows CommonMark: what each line is, and where links lead."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from release_actions.components import lines
from release_actions.components.blocks import Block, BlockReader, LineKind

ORACLE = MarkdownIt("commonmark").enable("table")
ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("actions/*/README.md")])

PIECES = st.sampled_from(
    [
        "text",
        "* item",
        "- item",
        "  - below",
        "1. one",
        "2. two",
        "10) ten",
        "   on",
        "      deep",
        "# H",
        "## H ##",
        "####### no heading",
        "#no heading",
        "***",
        "===",
        "```",
        "```sh",
        "~~~",
        "> quote",
        "> * both",
        "<!-- note -->",
        "<!--",
        "-->",
        "<details>",
        "</details>",
        "<b>x</b>",
        "- ",
        "*",
        "\tx",
        "- \tx",
        "+ # H",
        "-     code",
        "- > q",
        "",
        "",
        "| a | b |\n| - | - |",
        "| c | d |",
        "[x]: https://a.b",
        "\\# text",
    ]
)


def expected_kinds(text: str) -> dict[int, str]:
    """Line -> what the oracle takes it for; text where nothing is said. A list item is named by its first line."""
    kinds: dict[int, str] = {}
    for token in ORACLE.parse(text):
        name = {
            "fence": "code",
            "code_block": "code",
            "html_block": "html",
            "heading_open": "heading",
            "tr_open": "row",
        }
        if token.map and token.type in name:
            kinds |= dict.fromkeys(range(*token.map), name[token.type])
    for token in ORACLE.parse(text):
        if token.map and token.type == "list_item_open":
            kinds.setdefault(token.map[0], "bullet")
    return kinds


def kind_of(block: Block) -> str:
    """What the reader takes a line for, in the oracle's words."""
    return "heading" if block.is_underline else block.kind.value


def differences(text: str) -> list[tuple[int, str, str]]:
    """Lines that are not the same for both."""
    kinds, blocks = expected_kinds(text), BlockReader(text.split("\n")).blocks
    found = []
    for number, (block, line) in enumerate(zip(blocks, text.split("\n"), strict=True)):
        want, got = kinds.get(number, "text"), kind_of(block)
        # The oracle has no name for the row below a table's head; an item may be code or HTML at the same time.
        delimiter = got == "row" and want == "text" and blocks[number - 1].kind is LineKind.ROW
        both = got == "bullet" and number in kinds
        if line.strip() and got != want and not delimiter and not both:
            found.append((number + 1, want, got))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_lines_of_a_page_are_what_the_oracle_says(page: Path) -> None:
    assert differences(page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_where_the_oracle_says(page: Path) -> None:
    text = page.read_text()
    inline = [child for token in ORACLE.parse(text) if token.type == "inline" for child in token.children or ()]
    wanted = Counter(str(child.attrs["href"]) for child in inline if child.type == "link_open")

    links = Counter(link.target for link in lines.read(text, page.name).links if not link.bare)

    assert links == wanted


@settings(max_examples=1_000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8))
def test_random_lines_are_what_the_oracle_says(pieces: list[str]) -> None:
    text = "\n".join(pieces)

    assert differences(text) == [], text
