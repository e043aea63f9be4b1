"""The task lists of a tracking issue. Pure.

    - [x] Faster scheduler #12
    - [ ] A guide for LoRA llm-d/llm-d-router#34

A line is about the first issue it names, by number, by `owner/name#12` or by address. Lines in fences and comments are
no tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from release_actions.people.remarks import blank_hidden
from release_actions.tracker.model import Ref, TrackedLine

TASK = re.compile(r"^[ \t>]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[([ xX])\][ \t]+(.*\S)[ \t]*$")
NAMED = re.compile(
    r"https?://[^\s/]+/(?P<owner>[A-Za-z0-9-]+)/(?P<name>[A-Za-z0-9._-]+)/(?:issues|pull)/(?P<in_url>[0-9]{1,9})\b"
    r"|(?<![\w/])(?:(?P<full>[A-Za-z0-9-]+/[A-Za-z0-9._-]+)|(?P<short>[A-Za-z0-9._-]*))#(?P<number>[0-9]{1,9})\b"
)


def list_tasks(body: str, tracker: Ref) -> Iterator[TrackedLine]:
    """The tasks of a text, with the number of their line from 1."""
    for number, line in enumerate(blank_hidden(body).split("\n"), 1):
        match = TASK.match(line)
        if match:
            refs = [*list_refs(match[2], tracker.repository)]
            yield TrackedLine(tracker, match[2], match[1] in "xX", refs[0] if refs else None, number)


def list_refs(text: str, repository: str) -> Iterator[Ref]:
    """The issues and pull requests that a text names, in their order. `repository`: where `#12` is."""
    for match in NAMED.finditer(text):
        if match["in_url"]:
            yield Ref(f"{match['owner']}/{match['name']}", int(match["in_url"]))
        elif match["full"]:
            yield Ref(match["full"], int(match["number"]))
        elif not match["short"]:
            yield Ref(repository, int(match["number"]))
