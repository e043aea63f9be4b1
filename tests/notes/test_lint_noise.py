"""Lint is quiet on notes as they are published, takes any text, and is not slow on any."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.notes import cleaned, published

from release_actions.components import table
from release_actions.components.finding import Certainty
from release_actions.notes.evidence import NotesEvidence
from release_actions.notes.lint import lint
from release_actions.versions.version import parse

TAGS = {"sections": "v0.4.0", "lists": "v0.5.1", "handmade": "3.0.0"}
BEFORE = {"sections": "v0.3.1", "lists": "v0.5.0", "handmade": "2.9.0"}


@pytest.mark.parametrize("shape", published.ALL)
def test_notes_as_they_are_published_have_no_finding(shape: str) -> None:
    text = published.ALL[shape]
    tag = TAGS[shape]
    known = NotesEvidence(
        version=parse(tag, "v" if tag.startswith("v") else ""),
        repository="acme/gear" if shape == "handmade" else "llm-d/llm-d",
        previous_tag=BEFORE[shape],
    )
    for evidence in (NotesEvidence(), known):
        assert [f"{one.place} {one.rule} {one.message}" for one in lint(text, "notes.md", evidence)] == []


PIECES = st.sampled_from(
    [
        *"#*`|[]()<>@:-~\\ \n\t\r\"'&!=",
        "```",
        "<!--",
        "-->",
        "TODO",
        "v1.2.3",
        "v1.2.3-rc.1",
        "https://github.com/a/b/pull/1",
        "https://github.com/a/b/compare/v1...v2",
        "ghcr.io/a/b:latest",
        "oci://ghcr.io/a/b",
        "| Component | Version |\n| --- | --- |\n",
        "* x by @a in ",
        " made their first contribution in ",
        "**Full Changelog**: ",
        "## Component Summary\n",
        "release-notes-lint: ignore placeholder",
        "é\u202e\u2028\x00",
    ]
)


@given(st.lists(PIECES, max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_judged_and_every_place_is_in_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    count = len(cleaned_lines(text))
    for evidence in (NotesEvidence(), cleaned.evidence()):
        for finding in lint(text, "notes.md", evidence):
            assert finding.place is not None
            assert finding.place.file == "notes.md"
            assert 1 <= finding.place.line <= count, finding


def cleaned_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


LONG = {
    "brackets": "[" * 20_000,
    "backticks": "`" * 20_000,
    "pieces of code": "`a" * 20_000,
    "pipes": "|" * 20_000,
    "authors": "* x" + " by a" * 4_000,
    "wheres": "* x" + " by @a in b" * 2_000,
    "a name of an image": "ghcr.io/a" + "-a" * 20_000,
    "stars": "**a" * 20_000,
    "numbers": "v1" + ".1" * 20_000,
    "a heading of marks": "# " + "-" * 20_000,
    "a heading of versions": "# " + "v1.1.1 " * 3_000,
    "comments": "<!--" * 20_000,
    "an address": "https://github.com/a/b/" + "a/" * 20_000,
    "dots": "[a](https://github.com/a/b/compare/" + "." * 20_000 + ")",
    "a host": "a." * 20_000 + "x/y",
    "a key": "```\nrepository: " + "a." * 20_000 + "\n```",
    "quotes": '* Revert "' + '"' * 20_000 + " by @a in #1",
    "welcomes": "* @a " + "made " * 20_000,
    "a type": "## Component Summary\n| Component | Version | Type |\n|---|---|---|\n| a | v1 | "
    + "(New" * 20_000
    + " |",
    "templates": "{{" * 20_000,
    "tasks": "* [ ] " * 10_000,
    "many changes": "".join(
        f"* Change {n} by @a{n % 9} in https://github.com/a/b/pull/{n + 1}\n" for n in range(1_500)
    ),
    "many images": "".join(f"`ghcr.io/a/b{n}:v1`\n" for n in range(2_000)),
    "many rows": "## Component Summary\n\n| Component | Version |\n|---|---|\n"
    + "".join(f"| a/b{n} | `v1.0.{n}` |\n" for n in range(800)),
}


@pytest.fixture
def limit() -> Iterator[None]:
    """A pattern that backtracks would take minutes for one of these lines."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        message = "too slow"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("limit")
@pytest.mark.parametrize("kind", LONG)
def test_a_long_line_of_anything_is_judged(kind: str) -> None:
    text = LONG[kind]
    assert lint(text, "notes.md", cleaned.evidence()) is not None
    assert lint(f"{text}\n\nTODO\n", "notes.md", NotesEvidence())[-1].rule in {
        "placeholder",
        "fence-open",
        "comment-open",
    }


GENERATED = table.write(cleaned.made(), "LLM-D Component Summary", "Infrastructure Changes")
ROWS = [row for one in table.read(GENERATED, file="notes.md") for row in one.rows]


@given(
    row=st.sampled_from(ROWS),
    version=st.from_regex(
        r"v?[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2}){0,2}(-?rc\.?[0-9]|\.post[0-9]|-dev)?", fullmatch=True
    )
    | st.text("abcv.-0123456789", min_size=1, max_size=12)
    | st.just(""),
)
@settings(deadline=None)
def test_any_edit_of_a_version_of_a_generated_table_is_found(row: table.TableRow, version: str) -> None:
    if version == row.version.version:
        return
    old = f"| {row.title} | `{row.version.version}` |"
    assert GENERATED.count(old) == 1
    text = GENERATED.replace(old, f"| {row.title} | `{version}` |" if version else f"| {row.title} | |")
    for evidence in (cleaned.evidence(), NotesEvidence(version=parse("v0.5.0", "v"), manifest=cleaned.made())):
        here = [one for one in lint(text, "notes.md", evidence) if one.place and one.place.line == row.place.line]
        assert any(one.rule == "version-differs" and one.certainty is Certainty.CERTAIN for one in here)


def test_a_generated_table_has_no_finding() -> None:
    known = dataclasses.replace(cleaned.evidence(), changes=None)
    text = GENERATED + "\nThe component llm-d/llm-d-inference-sim was removed.\n"
    assert lint(text, "notes.md", known) == ()


PROSE_ROWS = [row for one in table.read(cleaned.LLM_D, file="notes.md") for row in one.rows]


@given(row=st.sampled_from(PROSE_ROWS), patch=st.integers(min_value=1, max_value=40))
@settings(deadline=None, max_examples=50)
def test_any_edit_of_a_previous_version_is_found_without_components_json(row: table.TableRow, patch: int) -> None:
    """By what the previous release published."""
    said = row.previous.version
    if not said:
        return
    head, _, last = said.rpartition(".")
    text = cleaned.LLM_D.replace(f"`{said}` |", f"`{head}.{int(last) + patch}` |", 1)
    found = lint(text, "notes.md", dataclasses.replace(cleaned.evidence(), manifest=None))
    assert any(one.rule == "previous-not-published" for one in found)


def test_the_limit_of_a_body_is_githubs() -> None:
    text = "a" * 125_000
    assert lint(text, "notes.md", NotesEvidence()) == ()
    (finding,) = lint(text + "a", "notes.md", NotesEvidence())
    assert (finding.rule, finding.certainty) == ("too-long", Certainty.CERTAIN)
    (finding,) = lint(text[1:] + "\U0001f680", "notes.md", NotesEvidence())
    assert (finding.rule, finding.certainty) == ("too-long", Certainty.SUSPICIOUS)
