"""Which tracked files are read for versions."""

from __future__ import annotations

import pytest

from release_actions.drift.tracked_files import Selection

MADE_BY_TOOLS = [
    "web/node_modules/a/package.yaml",
    "go/vendor/modules.txt",
    "third_party/chart.yaml",
    "uv.lock",
    "web/package-lock.json",
    "go.sum",
    "services/api/go.sum",
    "docs/picture.svg",
    "docs/page.html",
    "guides/try.ipynb",
]
ABOUT_THE_PAST = [
    "CHANGELOG.md",
    "docs/changelog/v1.md",
    "changelogs/v1.md",
    "RELEASE_NOTES.md",
    "docs/release-notes/v1.md",
    "releasenotes/v1.md",
    "release_notes/v1.md",
]


@pytest.mark.parametrize("path", [*MADE_BY_TOOLS, *ABOUT_THE_PAST])
def test_what_tools_write_and_what_is_about_the_past_is_not_read(path: str) -> None:
    assert not Selection().includes(path)


@pytest.mark.parametrize("path", ["README.md", "charts/values.yaml", "go.mod", "docs/vendor.md"])
def test_everything_else_is_read(path: str) -> None:
    assert Selection().includes(path)


def test_globs_narrow_what_is_read() -> None:
    selection = Selection(scan=("docs/**",), exclude=("docs/old/**",))

    assert [selection.includes(path) for path in ("docs/a.md", "docs/old/a.md", "README.md")] == [True, False, False]
