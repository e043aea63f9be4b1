"""What must hold of the draft that a release ends with, judged from GitHub's own records.

As the other invariants it shares no code with what it judges: it knows what was merged and built because the rehearsal
did that, and reads the draft as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.rehearsal.invariants import Invariant, Violation

COMPONENTS = "components.json"


@dataclass(frozen=True)
class Draft:
    """A release on GitHub. `files`: name -> content."""

    draft: bool
    prerelease: bool
    body: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Expected:
    """What a release is of: its tag, the full release before (empty for none), and what is in it.

    `listed` and `unlisted` are addresses of pull requests that notes have to name, and must not. `images` are the names
    of the images that the release publishes.
    """

    tag: str
    previous: str
    listed: tuple[str, ...]
    unlisted: tuple[str, ...]
    images: tuple[str, ...]


def check_notes(repository: str, drafts: tuple[Draft, ...], expected: Expected) -> Iterator[Violation]:
    """What is wrong with the draft of a release. `drafts`: the releases of its tag."""
    for message in _check_release(drafts, expected):
        yield Violation(Invariant.NOTES_WRONG, repository, f"release {expected.tag}", message)


def _check_release(drafts: tuple[Draft, ...], expected: Expected) -> Iterator[str]:
    if len(drafts) != 1:
        yield f"there are {len(drafts)} releases of the tag, not one draft"
        return
    (draft,) = drafts
    if not draft.draft:
        yield "it is published, and only a person may do that"
    if draft.prerelease:
        yield "it is marked as a pre-release"
    yield from _check_body(draft.body, expected)
    if COMPONENTS in draft.files:
        yield from _check_components(draft.files[COMPONENTS], expected)
    else:
        yield f"it has no {COMPONENTS}"


def _check_body(body: str, expected: Expected) -> Iterator[str]:
    lines = [line for line in body.splitlines() if line.startswith("* ") and "first contribution" not in line]
    for address in expected.listed:
        count = sum(line.endswith(f" in {address}") for line in lines)
        if count != 1:
            yield f"the notes list {address} {count} times"
    for address in expected.unlisted:
        if any(line.endswith(f" in {address}") for line in lines):
            yield f"the notes list {address}, which is not in the release"
    base = f"{expected.previous}...{expected.tag}" if expected.previous else f"commits/{expected.tag}"
    if base not in body.rpartition("**Full Changelog**: ")[2]:
        yield f"the notes do not end with a link to {base}"


def _check_components(content: bytes, expected: Expected) -> Iterator[str]:
    made = json.loads(content)
    if made["release"] != expected.tag:
        yield f"{COMPONENTS} is of {made['release']}"
    versions = {entry["name"]: (entry["version"], entry.get("previous", "")) for entry in made["components"]}
    for image in expected.images:
        wanted = (expected.tag, expected.previous)
        if versions.get(image) != wanted:
            yield f"{COMPONENTS} has {versions.get(image)} for {image}, not {wanted}"
