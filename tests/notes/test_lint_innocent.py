"""What looks like a defect and need not be one: at most suspicious, and most of it not even that."""

from __future__ import annotations

import pytest
from tests.notes import cleaned

from release_actions.components.finding import Certainty
from release_actions.notes.evidence import NotesEvidence, RetiredImage
from release_actions.notes.lint import lint
from release_actions.notes.lint_rule import LintSubject
from release_actions.notes.reading import read as read_notes
from release_actions.versions.version import parse

OWN = NotesEvidence(
    version=parse("v0.5.0", "v"),
    repository="llm-d/llm-d",
    tags=frozenset({"v0.4.0", "v0.4.1", "v0.5.0"}),
    previous_tag="v0.4.1",
    changes=cleaned.MERGED,
    built=frozenset({"ghcr.io/llm-d/llm-d-cuda"}),
    retired={
        "ghcr.io/llm-d/llm-d-aws": RetiredImage(parse("v0.5.0"), "merged into llm-d-cuda"),
        "ghcr.io/llm-d/llm-d-hpu": RetiredImage(parse("v0.6.0"), "has no users"),
    },
)
HUB = "https://github.com"

SILENT = {
    "a heading about a dependency": "# Notes\n\nText.\n\n## Istio 1.29.0\n\nText.",
    "a heading about where to come from": "# Upgrading from v0.4.1\n\nText.",
    "a heading with both versions": "# v0.4.1 and v0.5.0 side by side\n\nText.",
    "a word for TODO in code": "The linter knows `TODO` and `FIXME`.",
    "a title about TODO comments": f"* Handle TODO: comments by @ada in {HUB}/llm-d/llm-d/pull/401",
    "a placeholder in a command": "```\nexport TAG=<version>\nX=${VERSION}\n```",
    "an underline of a heading": "Heading\n=======\n\nText.",
    "a tag in another style": "[0.4]({})".format(f"{HUB}/a/chart/releases/tag/chart-v0.4.2"),
    "a branch like a version": "[v0.5]({})".format(f"{HUB}/llm-d/llm-d/tree/release-0.5"),
    "a file of a branch": "[guide]({})".format(f"{HUB}/llm-d/llm-d/blob/main/docs/v0.1.0.md"),
    "an address that is cut": f"[{HUB}/llm-d/llm-d/pull/…]({HUB}/llm-d/llm-d/pull/401)",
    "an address without its scheme": "[http://a.example/x](https://a.example/x/)",
    "a comparison with the head": f"[v0.4.1...v0.5.0]({HUB}/llm-d/llm-d/compare/v0.4.1...v0.5.0)",
    "a version and what changed in it": f"[v0.4.1]({HUB}/llm-d/llm-d/compare/v0.4.0...v0.4.1)",
    "a TODO in a block of code": "```python\n# TODO: faster\n```",
    "a table without types": "## Component Summary\n\n| Component | Version | Previous |\n|-|-|-|\n| a/b | v1 | NA |",
    "a row without version": "## Component Summary\n\n| Component | Version |\n|-|-|\n| a/b | NA |\n\nghcr.io/a/b:v1",
    "an array": "Read x[0][1] and `[a][b]`.",
    "a highlight and its line": f"* Fast (#401)\n\n## What's Changed\n\n* Fast by @ada in {HUB}/llm-d/llm-d/pull/401",
    "a revert of something older": f'* Revert "Old" by @ada in {HUB}/llm-d/llm-d/pull/401',
    "a short commit": "* Say it by Alan in commit 0123456789ab",
    "two authors": f"* Add the gateway by @hopper and @grace in {HUB}/llm-d/llm-d/pull/405",
    "notes that list no change": "* @zoe made their first contribution in #999",
    "an empty cell of remarks": "## Component Summary\n\n| Component | Version | Notes |\n|-|-|-|\n| a | v1 | |",
    "a bar in code": "| a | b |\n| - | - |\n| `x \\| y` | z |",
    "a component at a commit": "## Component Summary\n\n| Component | Version | Previous |\n|-|-|-|\n| a | 0a1b | v1 |",
    "another owner's image": "`ghcr.io/istio/pilot:1.29.0`",
    "an image by digest": f"```\ndocker pull ghcr.io/llm-d/llm-d-cuda:latest@sha256:{'0' * 64}\n```",
    "the last release of a retired image": "`ghcr.io/llm-d/llm-d-aws:v0.4.1` is the last of its image.",
    "an image that is retired later": "```\ndocker pull ghcr.io/llm-d/llm-d-hpu:v0.5.0\n```",
    "a flavour of the release": "```\ndocker pull ghcr.io/acme/web:v0.5.0-alpine\n```",
    "a base image of another project": "```\ndocker pull docker.io/nvidia/cuda:12.9.1-devel-ubi9\n```",
    "a name with a version of its own": "Use llm-d-cuda-tools v9.9.9.",
}
SUSPICIOUS = {
    "a sentence about candidates": "The image `ghcr.io/llm-d/llm-d-cuda:v0.5.0-rc.1` is gone.",
    "a sentence about latest": "`ghcr.io/llm-d/llm-d-cuda:latest` moves with this release.",
    "another project's candidate": "```\ndocker pull ghcr.io/istio/pilot:1.29.0-rc.1\n```",
    "an image of a sister repository": "`ghcr.io/llm-d/llm-d-inference-sim:v0.5.0`",
    "TODO in a sentence": "The word TODO is now an error.",
    "a first heading with another version": "# Support for Kubernetes 1.29.0\n\nText.",
    "a branch's name for a pull request": f"[fix/probe]({HUB}/llm-d/llm-d/pull/401)",
    "a number in a sentence": f"[what #7 asked for]({HUB}/llm-d/llm-d/pull/401)",
    "a backport's comparison": f"[changes]({HUB}/istio/istio/compare/1.29.0...1.28.5)",
    "a minor counted from a minor": f"**Full Changelog**: {HUB}/llm-d/llm-d/compare/v0.4.0...v0.5.0",
    "a highlight that names an issue": "* Faster start (#77)",
    "a change that a person picked by hand": f"* Name the tank by @ada in {HUB}/llm-d/llm-d/pull/77",
    "a habit to count from candidates": f"**Full Changelog**: {HUB}/llm-d/llm-d/compare/v0.5.0-rc.2...v0.5.0",
    "rows of variants": "## Component Summary\n\n| Component | Version |\n| - | - |\n| a | `v1` |\n| a | `v2` |",
    "right to left": "\u2067text\u2069",
}


@pytest.mark.parametrize("kind", SILENT)
def test_nothing_is_told(kind: str) -> None:
    assert [(one.rule, one.message) for one in lint(SILENT[kind], "notes.md", OWN)] == []


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_no_more_than_a_suspicion_is_told(kind: str) -> None:
    found = lint(SUSPICIOUS[kind], "notes.md", OWN)
    assert [one.certainty for one in found] == [Certainty.SUSPICIOUS] * len(found) != []


def test_a_candidate_may_count_from_a_candidate() -> None:
    text = f"**Full Changelog**: {HUB}/llm-d/llm-d/compare/v0.5.0-rc.1...v0.5.0-rc.2\n\n"
    text += "`ghcr.io/llm-d/llm-d-cuda:v0.5.0-rc.2`"
    known = NotesEvidence(
        version=parse("v0.5.0-rc.2", "v"), repository="llm-d/llm-d", previous_tag="v0.4.1", built=OWN.built
    )
    assert lint(text, "notes.md", known) == ()


(GONE,) = (line for line in cleaned.LLM_D.split("\n") if line.startswith("The component llm-d/llm-d-inference-sim"))
(FULL,) = (line for line in cleaned.LLM_D.split("\n") if line.startswith("**Full Changelog**"))

BESIDE = {
    "a change that names another version": ("* Add the gateway by", "* Pin llm-d-cuda v0.1.0 by"),
    "a command that names another version": ("## Install\n", "## Install\n\n```\nllm-d-cuda v0.1.0\n```\n"),
    "the previous version in a sentence": ("The fifth release", "Since llm-d-cuda v0.4.2 the fifth release"),
    "marks of a conflict in code": ("## Install\n", "## Install\n\n```\n<<<<<<< HEAD\n```\n"),
    "another word for gone": ("was removed: it has", "is deprecated and has"),
    "an author with the mark of an app": ("by @dependabot[bot] in", "by @dependabot in"),
    "a link to the release itself": ("releases/tag/v0.4.2", "releases/tag/v0.5.0"),
    "a link to a branch": ("tree/v0.5.0/guides", "tree/main/guides"),
    "a comparison with a branch": ("compare/v0.5.1...v0.6.0", "compare/v0.5.1...main"),
    "a changelog by another name": ("**Full Changelog**: ", "Everything: "),
    "the same changelog twice": (FULL, f"{FULL}\n\n{FULL}"),
    "a component that the components file says was removed": (GONE, "Read on."),
    "notes after a rule": ("## Install\n", "---\n\n## Install\n"),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_nothing_is_told_of_clean_notes_with(kind: str) -> None:
    old, new = BESIDE[kind]
    assert old in cleaned.LLM_D
    text = cleaned.LLM_D.replace(old, new)
    found = lint(text, "notes.md", cleaned.evidence())
    allowed = {"link-compare"} if kind == "a comparison with a branch" else set()
    assert [one.message for one in found if one.rule not in allowed] == []


def test_clean_notes_agree_with_components_json_also_without_the_components_file() -> None:
    rules = {"row-missing", "row-unknown", "version-differs", "previous-differs", "type-differs"}

    found = lint(cleaned.LLM_D, "notes.md", cleaned.evidence(document=None))

    assert [one.message for one in found if one.rule in rules] == []


def test_notes_without_a_table_are_no_table_that_dropped_rows() -> None:
    assert lint("Text.\n", "notes.md", cleaned.evidence(manifest=None)) == ()


def test_two_highlights_may_be_called_the_same() -> None:
    assert lint("* Bump it (#401)\n\n## More\n\n* Bump it (#402)\n", "notes.md", OWN) == ()


def test_a_candidate_may_count_from_any_full_release() -> None:
    text = f"**Full Changelog**: {HUB}/llm-d/llm-d/compare/v0.4.0...v0.5.0-rc.2\n"
    known = NotesEvidence(version=parse("v0.5.0-rc.2", "v"), repository="llm-d/llm-d", previous_tag="v0.4.1")
    assert lint(text, "notes.md", known) == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("...v0.6.0", "...v0.6.1", "ends with v0.6.1, and the table has the version v0.6.0"),
        ("/v0.5.1...", "/v0.5.0...", "begins with v0.5.0, and the table has the previous version v0.5.1"),
    ],
)
def test_which_side_of_a_comparison_is_wrong(old: str, new: str, words: str) -> None:
    text = cleaned.LLM_D.replace(f"{old}", new, 1).replace("[v0.5.1 → v0.6.0]", "[Changes]")
    found = [one for one in lint(text, "notes.md", cleaned.evidence()) if one.rule == "version-elsewhere"]
    assert [words in one.message for one in found] == [True]


def test_what_the_repository_is_called_can_be_seen_from_the_list() -> None:
    lines = [
        f"* Fix it by @ada in {HUB}/a/b/pull/1",
        f'* Revert "Fix it" by @ada in {HUB}/a/b/pull/2',
        "* Fix it by @ada in #1",
    ]
    found = lint("\n".join(lines), "notes.md", NotesEvidence())
    assert [(one.rule, one.place.line if one.place else 0) for one in found] == [
        ("change-reverted", 2),
        ("change-twice", 3),
    ]


def test_the_repository_is_the_one_that_most_links_name() -> None:
    lines = [f"* Fix it by @ada in {HUB}/a/b/pull/1", "* Two by @ada in #2", "* Three by @ada in #3"]

    assert LintSubject(read_notes("\n".join(lines), "notes.md"), NotesEvidence()).repository == "a/b"


@pytest.mark.parametrize(("kind", "rules"), [("Helm Chart", ["image-differs"]), ("Image", [])])
def test_without_a_components_file_only_a_chart_is_a_charts_row(kind: str, rules: list[str]) -> None:
    table = f"## Component Summary\n\n| Component | Version | Type |\n|-|-|-|\n| acme/engine | `v1.0.0` | {kind} |\n"
    text = f"{table}\n```sh\nhelm install x oci://ghcr.io/acme/charts/engine --version 1.1.0\n```\n"

    assert [one.rule for one in lint(text, "notes.md", NotesEvidence())] == rules


def test_several_lines_of_one_pull_request_are_no_duplicates() -> None:
    lines = [f"* Add a flag by @ada in {HUB}/a/b/pull/1", f"* Document the flag by @ada in {HUB}/a/b/pull/1"]

    assert lint("\n".join(lines), "notes.md", NotesEvidence()) == ()


def test_an_author_that_only_a_checkout_knows_is_never_a_certain_finding() -> None:
    known = NotesEvidence(repository="a/b", changes=(cleaned.merged("Fix it", "ada", 1),), from_git=True)

    found = lint(f"* Fix it by @eve in {HUB}/a/b/pull/1\n", "notes.md", known)

    assert [(one.rule, one.certainty) for one in found] == [("change-author", Certainty.SUSPICIOUS)]


def test_a_pick_by_a_program_may_be_credited_either_way() -> None:
    picked = cleaned.merged("Fix it (backport #1)", "mergify[bot]", 2, bot=True)
    credited = cleaned.merged("Fix it", "ada", 1)
    known = NotesEvidence(
        version=parse("v0.5.0", "v"), repository="a/b", previous_tag="v0.4.0", changes=(picked, credited)
    )

    for who, number in (("mergify[bot]", 2), ("ada", 1)):
        assert lint(f"* Fix it by @{who} in {HUB}/a/b/pull/{number}\n", "notes.md", known) == ()
