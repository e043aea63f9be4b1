"""The documentation site: what becomes a page, and that a link that goes nowhere is found."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import documentation

TRACKED = frozenset({"README.md", "docs/one.md", "docs/two.md", "examples/release.yaml", "docs/completion/x.bash"})
PAGES = frozenset({"README.md", "docs/one.md", "docs/two.md"})


def rewrite(text: str, page: str = "docs/one.md") -> tuple[str, list[str]]:
    problems: list[str] = []
    return documentation.rewrite_links(page, text, TRACKED, PAGES, problems), problems


@pytest.mark.parametrize(
    "text",
    [
        "[Two](two.md#part)",
        "[home](../README.md)",
        "[below](#part)",
        "[elsewhere](https://example.org/x)",
        "`[code](gone.md)`",
        "```\n[code](gone.md)\n```",
        "[two]\n\n[two]: two.md",
    ],
)
def test_a_link_to_a_page_or_elsewhere_stays_as_it_is_written(text: str) -> None:
    assert rewrite(text) == (text, [])


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[example](../examples/release.yaml#L3)", "blob/main/examples/release.yaml#L3"),
        ("[completions](completion)", "tree/main/docs/completion"),
        ("[it]\n\n[it]: ../examples/release.yaml", "blob/main/examples/release.yaml"),
    ],
)
def test_a_link_to_another_file_leads_to_github(text: str, target: str) -> None:
    rewritten, problems = rewrite(text)

    assert problems == []
    assert f"{documentation.REPOSITORY}/{target}" in rewritten


@pytest.mark.parametrize("target", ["gone.md", "../gone/README.md", "../../outside.md", "completion/gone.bash"])
def test_a_link_to_no_file_is_reported_with_its_line(target: str) -> None:
    _, problems = rewrite(f"# One\n\nSee [it]({target}).\n")

    assert problems == [f"docs/one.md:3: The link {target} names no file. Mend the path, or add the file."]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site is built from, of this repository and of a rehearsal's report."""
    report, folder = tmp_path_factory.mktemp("report"), tmp_path_factory.mktemp("staged")
    (report / "report.md").write_text("# Rehearsal\n", encoding="utf-8")
    assert documentation.stage(documentation.ROOT, folder, report) == []
    return folder


def test_every_page_of_this_repository_is_in_the_navigation_once(staged: Path) -> None:
    navigation = yaml.safe_load((staged / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = [page for part in navigation for entry in part.values() for page in list_paths(entry)]
    written = [path.relative_to(staged / "pages").as_posix() for path in (staged / "pages").rglob("*.md")]

    assert sorted(listed) == sorted(written)
    assert {"README.md", "docs/ghcr-cleanup.md", "actions/ghcr-cleanup/README.md", "demo/report.md"} <= set(written)


def list_paths(entry: str | list[dict[str, str]]) -> list[str]:
    return [entry] if isinstance(entry, str) else [page for each in entry for page in each.values()]


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("two/", None),
        ("two/#part", None),
        ("#own", None),
        ("https://example.org/gone", None),
        ("gone/", "one.html: The link gone/ leads to no file of the site."),
        ("../outside.html", "one.html: The link ../outside.html leads to no file of the site."),
        ("two/#gone", "one.html: The link two/#gone leads to no heading of that page."),
        ("#gone", "one.html: The link #gone leads to no heading of that page."),
    ],
)
def test_a_built_link_is_followed_to_its_heading(tmp_path: Path, link: str, problem: str | None) -> None:
    built = tmp_path / "built"
    (built / "two").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("", encoding="utf-8")
    (built / "one.html").write_text(f'<h1 id="own">One</h1><a href="{link}">it</a>', encoding="utf-8")
    (built / "two" / "index.html").write_text('<h2 id="part">Part</h2>', encoding="utf-8")

    assert list(documentation.check_built(built)) == ([problem] if problem else [])
