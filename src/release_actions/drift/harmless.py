"""Whether a version that is not the release's misleads readers at most: it shows something, or it has to move. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from release_actions.drift.classes import Judged, VersionClass
from release_actions.drift.reference import Form, Text
from release_actions.drift.tracked_files import EXAMPLE

MOVING = frozenset({VersionClass.FLOATING, VersionClass.DEV_TAG})
UNRELEASED = frozenset({*MOVING, VersionClass.BRANCH})
MARKDOWN = (".md", ".mdx")

HEADING = re.compile(r"(?P<level>#{1,6})[ \t]+(?P<words>.*)")
FENCE = re.compile(r"[ \t]*(?:```|~~~)")
ABOUT_TRUNK = re.compile(r"(?i)\b(?:development|nightly|master|unreleased|snapshot|from[ -]source|main[ -]branch)\b")
"""What a heading says whose part is about what is not released: there a reference has to move."""

SHOWN = re.compile(r"(?i)\be\.g\.|\bfor (?:example|instance)\b|\bexample:")
"""What people write before something that they only show."""


def is_harmless(item: Judged, text: Text, kustomized: Collection[str]) -> bool:
    """Whether nobody gets a wrong version by it. `kustomized`: names of images that kustomizations replace."""
    reference = item.reference
    path = reference.place.file
    if reference.commented or EXAMPLE.search(path):
        return True
    if path.endswith(MARKDOWN):
        line = reference.place.line - 1
        if SHOWN.search(text.lines[line][: reference.place.column]):
            return True
        if item.verdict in UNRELEASED and any(map(ABOUT_TRUNK.search, list_headings(text, line))):
            return True
    # The tag in a base manifest is replaced by the kustomizations of the same image.
    is_base = reference.form is Form.IMAGE and path.endswith((".yaml", ".yml")) and reference.name.text in kustomized
    # A workflow that pushes latest or a nightly build names what it publishes.
    return item.verdict in MOVING and (is_base or path.startswith(".github/"))


def list_headings(text: Text, line: int) -> list[str]:
    """The headings that a line of Markdown is under, the outermost first. A `#` in a block of code is a comment."""
    headings: list[tuple[int, str]] = []
    in_code = False
    for written in text.lines[:line]:
        if FENCE.match(written):
            in_code = not in_code
        heading = None if in_code else HEADING.match(written)
        if heading:
            level = len(heading["level"])
            headings = [above for above in headings if above[0] < level] + [(level, heading["words"])]
    return [words for _, words in headings]
