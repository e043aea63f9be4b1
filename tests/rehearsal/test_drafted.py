"""The judge of the draft that a release ends with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from release_actions.rehearsal.drafted import Draft, Expected, check_notes
from release_actions.rehearsal.invariants import Invariant

PULL = "https://github.com/acme/app/pull"
BODY = f"""\
## What's Changed

* Fix by @ada in {PULL}/1

## New Contributors

* @ada made their first contribution in {PULL}/1

**Full Changelog**: https://github.com/acme/app/compare/v1.0.0...v1.1.0
"""
MADE = {"release": "v1.1.0", "components": [{"name": "acme/app", "version": "v1.1.0", "previous": "v1.0.0"}]}


def draft(body: str = BODY, made: object = MADE) -> Draft:
    return Draft(draft=True, prerelease=False, body=body, files={"components.json": json.dumps(made).encode()})


EXPECTED = Expected("v1.1.0", "v1.0.0", (f"{PULL}/1",), (f"{PULL}/2",), ("acme/app",))


def told(*found: Draft, expected: Expected = EXPECTED) -> list[str]:
    violations = list(check_notes("acme/app", found, expected))
    assert all(one.invariant is Invariant.NOTES_WRONG and one.subject == "release v1.1.0" for one in violations)
    return [one.message for one in violations]


def test_a_right_draft_is_right() -> None:
    assert told(draft()) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda one: replace(one, draft=False), "it is published, and only a person may do that"),
        (lambda one: replace(one, prerelease=True), "it is marked as a pre-release"),
        (lambda one: replace(one, files={}), "it has no components.json"),
        (lambda _: draft(BODY.replace("* Fix", "Fix")), f"the notes list {PULL}/1 0 times"),
        (lambda _: draft(f"* Fix by @ada in {PULL}/1\n{BODY}"), f"the notes list {PULL}/1 2 times"),
        (
            lambda _: draft(f"* Gone by @ada in {PULL}/2\n{BODY}"),
            f"the notes list {PULL}/2, which is not in the release",
        ),
        (
            lambda _: draft(BODY.replace("v1.0.0...", "v0.9.0...")),
            "the notes do not end with a link to v1.0.0...v1.1.0",
        ),
        (lambda _: draft(made={**MADE, "release": "v1.0.0"}), "components.json is of v1.0.0"),
        (
            lambda _: draft(made={**MADE, "components": []}),
            "components.json has None for acme/app, not ('v1.1.0', 'v1.0.0')",
        ),
    ],
)
def test_what_is_wrong_is_told(spoil: Callable[[Draft], Draft], words: str) -> None:
    assert told(spoil(draft())) == [words]


def test_no_draft_and_two_drafts() -> None:
    assert told() == ["there are 0 releases of the tag, not one draft"]
    assert told(draft(), draft()) == ["there are 2 releases of the tag, not one draft"]


def test_a_first_release_links_to_its_commits() -> None:
    first = replace(EXPECTED, previous="")
    made = {"release": "v1.1.0", "components": [{"name": "acme/app", "version": "v1.1.0"}]}
    body = BODY.replace("compare/v1.0.0...v1.1.0", "commits/v1.1.0")
    assert told(draft(body, made), expected=first) == []
    assert told(draft(made=made), expected=first) == ["the notes do not end with a link to commits/v1.1.0"]
