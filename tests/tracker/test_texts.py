"""Task lists and headings of issues."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from release_actions.people.remarks import Command, Verb, list_commands
from release_actions.tracker.headings import find_missing_sections, list_sections
from release_actions.tracker.model import Item, Ref
from release_actions.tracker.proposals import list_proposals
from release_actions.tracker.requirements import Status, judge_criteria
from release_actions.tracker.tasks import list_tasks

OWN = Ref("llm-d/llm-d", 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- [ ] LoRA #12", (False, Ref("llm-d/llm-d", 12))),
        ("* [x] #12 and #13", (True, Ref("llm-d/llm-d", 12))),
        ("  1. [X] llm-d/router#3", (True, Ref("llm-d/router", 3))),
        ("- [ ] https://github.com/llm-d/router/issues/3", (False, Ref("llm-d/router", 3))),
        ("- [ ] [LoRA](https://github.example.org/a/b/pull/4#issuecomment-1)", (False, Ref("a/b", 4))),
        ("- [ ] PR#12 no issue", (False, None)),
        ("- [ ] nothing", (False, None)),
    ],
)
def test_a_task_names_the_first_issue_of_its_line(line: str, expected: tuple[bool, Ref | None]) -> None:
    (task,) = list_tasks(f"\n{line}\n", OWN)

    assert ((task.is_ticked, task.ref), task.line) == (expected, 2)


@pytest.mark.parametrize("body", ["- [] #1", "- #1", "[ ] #1", "```\n- [ ] #1\n```", "<!-- \n- [ ] #1\n-->", "- [ ]"])
def test_what_is_no_task_is_none(body: str) -> None:
    assert list(list_tasks(body, OWN)) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("### Acceptance Criteria\n\nIt works.", Status.MET),
        ("## Definition of done\n- [ ] docs", Status.MET),
        ("**Acceptance criteria:** it works", Status.MET),
        ("### Acceptance criteria\n```\nmake test\n```", Status.MET),
        ("### Acceptance Criteria\n\n_No response_\n\n### Other\ntext", Status.MISSING),
        ("### Acceptance criteria\n<!-- write here -->\n", Status.MISSING),
        ("We need acceptance criteria.", Status.MISSING),
        ("```\n# Acceptance criteria\nyes\n```", Status.MISSING),
        ("", Status.MISSING),
    ],
)
def test_criteria_are_a_heading_with_something_under_it(body: str, status: Status) -> None:
    item = Item(OWN, "t", "https://example.org", "ada", datetime(2026, 1, 1, tzinfo=timezone.utc), body)

    assert judge_criteria(item).status is status


def test_a_section_ends_at_the_next_heading_of_its_level() -> None:
    sections = list(list_sections("# A\n## B\ntext\n# C\n"))

    assert [(section.heading, section.has_content) for section in sections] == [("A", True), ("B", True), ("C", False)]
    assert find_missing_sections("# Summary\nx\n# Risks\n", ("summary", "Risks", "Plan")) == ("Risks", "Plan")


def test_a_proposal_is_named_by_path_or_address() -> None:
    body = "See docs/proposals/a.md, [b](https://github.com/x/y/blob/main/proposals/b.md) and ../proposals/c.md"
    item = Item(OWN, "t", "", "ada", datetime(2026, 1, 1, tzinfo=timezone.utc), body)

    assert list_proposals(item, ["proposals/*.md", "docs/proposals/*.md"]) == ("docs/proposals/a.md", "proposals/b.md")


@pytest.mark.parametrize(
    "text",
    ["# " + "#" * 60_000 + "x", "/lgtm" + " " * 60_000 + "x", "- [ ] " + " " * 60_000, "." * 60_000, "a" * 60_000],
)
def test_a_long_line_does_not_cost_the_square_of_its_length(text: str) -> None:
    item = Item(OWN, "t", "", "ada", datetime(2026, 1, 1, tzinfo=timezone.utc), text)

    assert list_proposals(item, ["proposals/*.md"]) == ()
    assert list(list_tasks(f"- [ ] {text}", OWN))[1:] == []
    assert list(list_commands(text)) in ([], [Command(Verb.LGTM)])
    assert len(list(list_sections(text))) <= 1
