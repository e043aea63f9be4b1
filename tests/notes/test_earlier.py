"""What the notes of earlier releases say, and which of them a release contains."""

from __future__ import annotations

import dataclasses

import pytest
from tests.notes import cleaned

from release_actions.components.finding import Certainty
from release_actions.github.releases import Release
from release_actions.notes.earlier import EarlierNotes, is_contained, read_earlier_notes
from release_actions.notes.lint import lint
from release_actions.versions.version import parse

WEB = "https://github.com/acme/app"


def read(version: str, **bodies: str) -> EarlierNotes:
    releases = [Release(number, tag.replace("_", "."), body=body) for number, (tag, body) in enumerate(bodies.items())]
    return read_earlier_notes(releases, parse(version, "v"), "acme/app", "https://github.com")


@pytest.mark.parametrize(
    ("earlier", "version", "contained"),
    [
        ("v1.3.0", "v1.3.2", True),
        ("v1.3.1", "v1.3.2", True),
        ("v1.2.0", "v1.3.2", True),
        ("v0.9.0", "v1.0.0", True),
        ("v1.2.9", "v1.3.2", False),
        ("v1.2.9", "v1.3.0", False),
    ],
)
def test_a_release_contains_its_own_line_and_the_first_of_those_before(
    earlier: str, version: str, *, contained: bool
) -> None:
    assert is_contained(parse(earlier, "v"), parse(version, "v")) is contained


def test_what_a_candidate_said_its_release_may_say_again() -> None:
    said = f"* Try it by @ada in {WEB}/pull/5\n\n* @ada made their first contribution in {WEB}/pull/5\n"
    release = Release(1, "v1.3.0-rc.1", body=said)

    earlier = read_earlier_notes([release], parse("v1.3.0"), "acme/app", "https://github.com")

    assert (earlier.listed, earlier.announced) == ({}, {})


def test_what_earlier_notes_list_is_known_by_the_newest_release_that_lists_it() -> None:
    earlier = read(
        "v1.3.2",
        v1_2_9=f"* Picked by @ada in {WEB}/pull/7\n",
        v1_3_0=f"* Twice by @ada in {WEB}/pull/5\n* Others by @ada in https://github.com/acme/web/pull/9\n",
        v1_3_1=f"* Twice by @ada in {WEB}/pull/5\n",
        v1_4_0=f"* Later by @ada in {WEB}/pull/8\n",
    )

    assert earlier.listed == {5: "v1.3.1"}


@pytest.mark.parametrize(
    ("compared", "certainty"),
    [
        ("compare/v0.4.2...v0.5.0", Certainty.CERTAIN),
        ("compare/v0.4.0-rc.1...v0.5.0", Certainty.SUSPICIOUS),
    ],
)
def test_a_change_is_certainly_outside_only_of_the_comparison_that_the_notes_link_to(
    compared: str, certainty: Certainty
) -> None:
    evidence = dataclasses.replace(cleaned.evidence(), listed={301: "v0.4.0"})
    notes = cleaned.LLM_D.replace("/pull/401", "/pull/301").replace("compare/v0.4.2...v0.5.0", compared)

    assert {hit.certainty for hit in lint(notes, "n.md", evidence) if hit.rule == "change-outside"} == {certainty}
