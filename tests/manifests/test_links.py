"""Every relative link of every page leads to a file that is there, and to a heading in it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<address>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ANCHOR = re.compile(r"<a (?:id|name)=\"(?P<name>[^\"]+)\"")


def list_pages() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


def list_anchors(page: Path) -> Iterator[str]:
    """The anchors of a page, as GitHub makes them from its headings."""
    text = page.read_text(encoding="utf-8")
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
    yield from ANCHOR.findall(text)


def find_broken_links(page: Path) -> Iterator[str]:
    for match in LINK.finditer(CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = match["address"].partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in set(list_anchors(target))):
            yield match["address"]


@pytest.mark.parametrize("page", list_pages())
def test_relative_links_lead_somewhere(page: str) -> None:
    assert list(find_broken_links(ROOT / page)) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "# One heading\n[a](#one-heading) [b](#two) [c](other.md) `[d](in-code.md)` [e](https://example.org)\n"
    page.write_text(text, encoding="utf-8")

    assert list(find_broken_links(page)) == ["#two", "other.md"]
