"""Notes read back: the forms that GitHub generates, the forms that people write, and what is neither."""

from __future__ import annotations

from typing import Any

import pytest

from release_actions.notes import reading

PULL = "https://github.com/a/b/pull/7"


def read(text: str) -> reading.PublishedNotes:
    return reading.read(text, "notes.md")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"* Fix it by @ada in {PULL}", ("Fix it", "ada", 7, "a/b", "")),
        (f"- Fix it by @ada in {PULL}", ("Fix it", "ada", 7, "a/b", "")),
        (f"* Walk by the sea in May by @ada in {PULL}", ("Walk by the sea in May", "ada", 7, "a/b", "")),
        (f"* Fix it by @renovate[bot] in {PULL}", ("Fix it", "renovate[bot]", 7, "a/b", "")),
        (f"* Fix it by @renovate\\[bot\\] in {PULL}", ("Fix it", "renovate[bot]", 7, "a/b", "")),
        (f"* Fix it by [@ada](https://github.com/ada) in [#7]({PULL})", ("Fix it", "ada", 7, "a/b", "")),
        (f"* Fix it by @ada and @bob in {PULL}", ("Fix it", "ada", 7, "a/b", "")),
        ("* Fix it by @ada in #7", ("Fix it", "ada", 7, "", "")),
        ("* Fix it by @ada in c/d#7", ("Fix it", "ada", 7, "c/d", "")),
        ("* Fix it by Ada L. in commit 0123abc", ("Fix it", "", 0, "", "0123abc")),
        ("* Fix it by @ada in https://github.com/a/b/commit/0123abc", ("Fix it", "ada", 0, "a/b", "0123abc")),
        ("* Fix it (#7)", ("Fix it", "", 7, "", "")),
        (f"* Fix it ([#7]({PULL}))", ("Fix it", "", 7, "a/b", "")),
    ],
)
def test_lines_that_list_a_change(line: str, expected: tuple[Any, ...]) -> None:
    (change,) = read(line).changes
    assert (change.title, change.login, change.number, change.repository, change.sha) == expected
    assert change.place.line == 1


@pytest.mark.parametrize(
    "line",
    [
        "* A thing of beauty",
        "* Made by @ada in Berlin",
        "* Made by hand in 2026",
        "* See #7",
        f"See by @ada in {PULL}",
        f"`* Fix it by @ada in {PULL}`",
        f"```\n* Fix it by @ada in {PULL}\n```",
        f"<!-- * Fix it by @ada in {PULL} -->",
        f"* @ada made their first contribution in {PULL}",
        "* Fix it by @ada in " + "x" * 3_000 + "#7",
    ],
)
def test_lines_that_list_no_change(line: str) -> None:
    assert read(line).changes == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"* @ada made their first contribution in {PULL}", ("ada", 7)),
        ("- [@ada](https://github.com/ada) made her first contribution in #7", ("ada", 7)),
        ("* @dependabot[bot] made their first contribution", ("dependabot[bot]", 0)),
    ],
)
def test_lines_that_welcome(line: str, expected: tuple[str, int]) -> None:
    (one,) = read(line).contributors
    assert (one.login, one.number) == expected


@pytest.mark.parametrize(
    ("line", "base"),
    [
        ("**Full Changelog**: https://github.com/a/b/compare/v1...v2", "v1"),
        ("Full changelog: [v1...v2](https://github.com/a/b/compare/v1...v2)", "v1"),
        ("* **Full Change Log** https://github.com/a/b/compare/v1...v2", "v1"),
        ("**Full Changelog**: https://github.com/a/b/commits/v2", ""),
        ("**Full Changelog**: https://a.example/CHANGES", ""),
    ],
)
def test_the_link_to_the_full_changelog(line: str, base: str) -> None:
    (one,) = read(line).changelogs
    assert (one.address.base if one.address else "") == base


def test_a_heading_or_code_is_no_link_to_the_full_changelog() -> None:
    assert read("## Full Changelog\n`Full Changelog https://github.com/a/b/compare/v1...v2`").changelogs == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`ghcr.io/a/b:v1`", [("ghcr.io/a/b", "v1", False)]),
        ("Pull ghcr.io/a/b/c:v1.", [("ghcr.io/a/b/c", "v1", False)]),
        ("```\ndocker pull ghcr.io/a/b\n```", [("ghcr.io/a/b", "", True)]),
        ("```\nimage: quay.io/a/b:v1 # x\n```", [("quay.io/a/b", "v1", True)]),
        ("```\nimage:\n  repository: ghcr.io/a/b\n  tag: v1\n```", [("ghcr.io/a/b", "v1", True)]),
        ('```\nimage:\n  tag: "v1"\n  repository: ghcr.io/a/b\n```', [("ghcr.io/a/b", "v1", True)]),
        ("```\n- name: ghcr.io/a/b\n  newTag: v1\n```", [("ghcr.io/a/b", "v1", True)]),
        ("```\nimage:\n  repository: ghcr.io/a/b\nother:\n    tag: v1\n```", [("ghcr.io/a/b", "", True)]),
        (
            "us-docker.pkg.dev/p/r/i:v1 and x.dkr.ecr.eu.amazonaws.com/a:v1",
            [("us-docker.pkg.dev/p/r/i", "v1", False), ("x.dkr.ecr.eu.amazonaws.com/a", "v1", False)],
        ),
        ("https://ghcr.io/a/b and github.com/a/b:v1 and nota.ghcr.io/a", []),
        ("<!-- ghcr.io/a/b:v1 -->", []),
    ],
)
def test_images(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(image.name, image.tag, image.code) for image in read(text).images] == expected


def test_an_image_by_digest_has_one() -> None:
    (image,) = read(f"ghcr.io/a/b:v1@sha256:{'0' * 64}").images
    assert (image.tag, image.digest) == ("v1", f"@sha256:{'0' * 64}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```\nhelm pull oci://ghcr.io/a/c --version 1.2.3\n```", ("ghcr.io/a/c", "1.2.3")),
        (
            "```\nhelm install x oci://ghcr.io/a/c \\\n  --set a=b \\\n  --version=v1.2.3\n```",
            ("ghcr.io/a/c", "v1.2.3"),
        ),
        ("`oci://ghcr.io/a/c:1.2.3`", ("ghcr.io/a/c", "1.2.3")),
        ("```\nhelm pull oci://ghcr.io/a/c\nother --version 9\n```", ("ghcr.io/a/c", "")),
    ],
)
def test_charts(text: str, expected: tuple[str, str]) -> None:
    (chart,) = read(text).charts
    assert (chart.name, chart.version) == expected
    assert read(text).images == ()


def test_the_summary_is_found_by_its_usual_name_or_by_the_one_that_is_given() -> None:
    table = "| Component | Version |\n| - | - |\n| a | v1 |\n"
    text = f"## Others\n{table}\n## 🧩 Component Summary\n{table}\n## What we ship\n{table}"
    usual = read(text).summary
    assert usual is not None
    assert usual.heading == "🧩 Component Summary"
    named = reading.read(text, "notes.md", heading="Others").summary
    assert named is not None
    assert named.heading == "Others"
    assert len(read(text).rows) == 3


def test_a_table_in_code_or_a_comment_is_none() -> None:
    table = "| Component | Version |\n| - | - |\n| a | v1 |\n"
    assert read(f"```\n{table}```\n<!--\n{table}-->\n").tables == ()


@pytest.mark.parametrize(
    ("line", "title", "login", "number"),
    [
        (
            "- Fixed it ([#7](https://github.com/a/b/pull/7), [@ada](https://github.com/ada)) [SIG Node]",
            "Fixed it",
            "ada",
            7,
        ),
        ("- Fixed it (#7, @ada)", "Fixed it", "ada", 7),
        (
            "- **[acme]** Fix it ([#7](https://github.com/a/b/pull/7) by [ada](https://github.com/ada))",
            "**[acme]** Fix it",
            "ada",
            7,
        ),
        ("* Add it. PR [#7](https://github.com/a/b/pull/7) by [@ada](https://github.com/ada).", "Add it.", "ada", 7),
        (
            "* **api:** add it ([#7](https://github.com/a/b/issues/7)) ([0123abc](https://github.com/a/b/commit/012)), "
            "closes [#5](x)",
            "**api:** add it",
            "",
            7,
        ),
        ("- Fix it [#7]", "Fix it", "", 7),
        ("- Fix it (#7)", "Fix it", "", 7),
    ],
)
def test_change_lines_are_read_as_tools_and_projects_write_them(line: str, title: str, login: str, number: int) -> None:
    (change,) = reading.read(f"## Changes\n\n{line}\n", "notes.md").changes

    assert (change.title, change.login, change.number) == (title, login, number)


@pytest.mark.parametrize("head", ["Image | Tag", "Container Image | Image Tag", "Docker image | Platform | Tag"])
def test_an_image_whose_tag_is_in_a_column_of_its_own_is_read_with_it(head: str) -> None:
    middle = "linux/amd64 | " if "Platform" in head else ""
    width = head.count("|") + 1
    rows = f"| `ghcr.io/acme/web` | {middle}`v1.2.0` |\n| other | {middle}x |\n"
    text = f"## Images\n\n| {head} |\n|{' - |' * width}\n{rows}"

    notes = reading.read(text, "n.md")

    assert [(image.name, image.tag, image.code) for image in notes.images] == [("ghcr.io/acme/web", "v1.2.0", False)]
    assert [(row.title, row.version.version) for row in notes.rows[:1]] == [("ghcr.io/acme/web", "v1.2.0")]
