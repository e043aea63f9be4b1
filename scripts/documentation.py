"""Build the documentation site: `documentation.py OUTPUT [--rehearsal FOLDER]`, with a rehearsal's report as its demo.

The pages are the Markdown files that people read on GitHub, each under the path that it has there, so that links
between them hold as they are written. A link to any other file becomes one to GitHub. Exits with 1 when a link, of the
pages or of what became of them, goes nowhere: no page is ever left out, and no link is guessed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from lock import find_uv

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from release_actions.git.tree import list_tracked  # noqa: E402  # needs the line above
from release_actions.main import GROUPS  # noqa: E402  # needs the line above

SITE = "site/mkdocs.yml"
LOCK = "requirements/site.lock"
REPOSITORY = "https://github.com/llm-d/release-actions"
HOME = "README.md"
PAGES = (
    HOME,
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "actions/*/README.md",
    "benchmarks/README.md",
)
"""What becomes a page, as patterns of tracked files."""

FIRST = {
    "Move over": ("docs/init.md", "docs/moving.md", "docs/validate.md", "docs/doctor.md", "docs/metadata-action.md"),
    "A release in one call": (
        "docs/ci-release.md",
        "docs/build-image.md",
        "docs/draft-release.md",
        "docs/rehearsal.md",
    ),
}
PROJECT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/releasing.md", "benchmarks/README.md")
DEMO = "demo"
"""Folder of the rehearsal's report in the site."""

LINK = re.compile(r"(?P<open>\]\(|^\[[^]\n]+]:[ ]+)(?P<target>[^)\s]+)", re.MULTILINE)
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


def list_pages(tracked: Iterable[str]) -> tuple[str, ...]:
    """The pages of the site among tracked paths."""
    # `PurePath.match` lets `*` match no slash, but compares from the right; the number of parts settles the rest.
    return tuple(
        path
        for path in tracked
        if any(PurePosixPath(path).match(each) and path.count("/") == each.count("/") for each in PAGES)
    )


def find_targets(text: str) -> frozenset[str]:
    """What the links of a page name, as they are written: those in code are no links."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    children = [child for token in tokens for child in token.children or ()]
    named = (child.attrs.get("href") or child.attrs.get("src") for child in children)
    return frozenset(unquote(str(target)) for target in named if target)


def rewrite_links(page: str, text: str, tracked: frozenset[str], pages: frozenset[str], problems: list[str]) -> str:
    """The text with every link to a file that is no page made one to GitHub. Adds links that name no file."""
    targets = find_targets(text)
    folders = {str(parent) for path in tracked for parent in PurePosixPath(path).parents}

    def replace(match: re.Match[str]) -> str:
        target = match["target"]
        address = urlsplit(unquote(target))
        if unquote(target) not in targets or address.scheme or not address.path:
            return match[0]
        path = os.path.normpath(PurePosixPath(page).parent / address.path)
        if path in pages:
            return match[0]
        if path not in tracked and path not in folders:
            line = text[: match.start()].count("\n") + 1
            problems.append(f"{page}:{line}: The link {target} names no file. Mend the path, or add the file.")
            return match[0]
        kind = "blob" if path in tracked else "tree"
        fragment = f"#{address.fragment}" if address.fragment else ""
        return f"{match['open']}{REPOSITORY}/{kind}/main/{path}{fragment}"

    return LINK.sub(replace, text)


def read_title(text: str) -> str:
    """A page's first heading."""
    match = HEADING.search(text)
    return match[1].replace("`", "") if match else ""


def make_navigation(pages: Mapping[str, str], *, has_demo: bool) -> list[tuple[str, list[str]]]:
    """The parts of the site in their order, each with its pages. Every page is in exactly one."""
    parts = [(title, [page for page in chosen if page in pages]) for title, chosen in FIRST.items()]
    if has_demo:
        parts.append(("A rehearsal to look at", [f"{DEMO}/report.md"]))
    for title, names in GROUPS.items():
        both = [page for name in names for page in (f"actions/{name}/README.md", f"docs/{name}.md")]
        parts.append((title[0].upper() + title[1:], [page for page in both if page in pages]))
    parts.append(("The project", [page for page in PROJECT if page in pages]))
    placed = {HOME, *(page for _, chosen in parts for page in chosen)}
    parts.insert(-1, ("Reference", [page for page in pages if page not in placed]))
    return parts


def write_navigation(parts: Sequence[tuple[str, list[str]]], titles: Mapping[str, str]) -> str:
    """The navigation as YAML, to follow `nav:`."""
    lines = []
    for title, chosen in parts:
        lines.append(f"  - {title}:")
        for page in chosen:
            label = titles.get(page, "The report")
            about = " in full" if page.startswith("docs/") and page.removeprefix("docs/")[:-3] == label else ""
            lines.append(f'      - "{label}{about}": {page}')
    return "\n".join(lines) + "\n"


def stage(root: Path, folder: Path, rehearsal: Path | None) -> list[str]:
    """Write what zensical builds from into a folder. Returns what is wrong with links."""
    tracked = frozenset(list_tracked(root))
    pages = list_pages(sorted(tracked))
    problems: list[str] = []
    titles = {}
    for page in pages:
        text = (root / page).read_text(encoding="utf-8")
        titles[page] = read_title(text)
        target = folder / "pages" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rewrite_links(page, text, tracked, frozenset(pages), problems), encoding="utf-8")
    if rehearsal is not None:
        shutil.copytree(rehearsal, folder / "pages" / DEMO)
    settings = (root / SITE).read_text(encoding="utf-8")
    parts = make_navigation(titles, has_demo=rehearsal is not None)
    (folder / "mkdocs.yml").write_text(settings + write_navigation(parts, titles), encoding="utf-8")
    return problems


def build(folder: Path) -> None:
    """Run zensical, in an environment of its own. Exits with its code when it fails."""
    command = [find_uv(), "run", "--quiet", "--no-project", "--isolated", "--with-requirements", str(ROOT / LOCK)]
    command += ["zensical", "build", "--strict", "--config-file", str(folder / "mkdocs.yml")]
    ended = subprocess.run(command, check=False, env={**os.environ, "NO_COLOR": "1"})  # noqa: S603  # our own arguments
    if ended.returncode:
        sys.exit(ended.returncode)


class _Page(HTMLParser):
    """The links and the names of a built page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names.update(filter(None, (given.get("id"), given.get("name") if tag == "a" else None)))
        link = given.get("href") if tag in {"a", "link"} else given.get("src")
        if link:
            self.links.append(link)


def check_built(built: Path) -> Iterator[str]:
    """What is wrong with the links inside a built site: files and headings that are not there."""
    built = built.resolve()
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(built.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            address = urlsplit(link)
            # 404.html is shown under any address, so its links begin at the site's.
            if address.scheme or address.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            target = target / "index.html" if target.is_dir() else target
            if not (target.is_file() and target.is_relative_to(built)):
                yield f"{path.relative_to(built)}: The link {link} leads to no file of the site."
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].names:
                yield f"{path.relative_to(built)}: The link {link} leads to no heading of that page."


def main(argv: Sequence[str] | None = None) -> int:
    """Build the site. 1 when a link goes nowhere."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("output", type=Path, help="folder for the site; it is replaced")
    parser.add_argument("--rehearsal", type=Path, help="folder that a rehearsal wrote: report.md and what it links to")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="site-") as name:
        folder = Path(name).resolve()
        problems = stage(ROOT, folder, given.rehearsal)
        if not problems:
            build(folder)
            problems = list(check_built(folder / "built"))
        if problems:
            print("\n".join(problems), file=sys.stderr)
            return 1
        shutil.rmtree(given.output, ignore_errors=True)
        shutil.copytree(folder / "built", given.output)
    print(f"{sum(1 for _ in given.output.rglob('*.html'))} pages in {given.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
