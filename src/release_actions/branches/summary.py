"""A branch for people: tables of what is on it, what is missing and what trunk took back, and a graph of both lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from release_actions.branches.auditing import Audited
from release_actions.branches.findings import BranchFinding
from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.reverts import RevertState, TrunkRevert
from release_actions.branches.trying import find_hints
from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.versions.history import Level

ROWS_SHOWN = 150
"""Commits in a table. GitHub cuts a job summary at 1 MiB (GitHub docs, "Workflow commands")."""

DIFFERENCES_SHOWN = 20
TAKEN = frozenset({RevertState.MISSING, RevertState.RELANDED, RevertState.DONE})

GRAPH_COMMITS = 24
"""Commits in the graph: with more of them nobody can read it."""


def describe_result(findings: Iterable[BranchFinding], explained: tuple[Explained, ...]) -> str:
    """The audit in one sentence."""
    levels = Counter(finding.level for finding in findings)
    parts = [
        f"{counted(levels[level], word)}"
        for level, word in ((Level.ERROR, "error"), (Level.WARN, "warning"), (Level.INFO, "note"))
        if levels[level]
    ]
    commits = counted(len([item for item in explained if item.origin is not Origin.MERGE]), "commit")
    return f"{commits} explained: {', '.join(parts)}." if parts else f"{commits} explained, all as they should be."


def write_summary(audited: Audited, proposed: Iterable[str] = ()) -> str:
    """The job summary, one table a question. `proposed`: what became of a proposal, in sentences."""
    parts = [f"## {markdown.plain(audited.branch)}", describe_result(audited.findings, audited.explained)]
    parts += [markdown.plain(sentence) for sentence in (*audited.unknown, *proposed)]
    if audited.findings:
        rows = [
            [markdown.code(finding.rule), finding.level.value, markdown.plain(finding.message), _hint(finding.hint)]
            for finding in audited.findings[:ROWS_SHOWN]
        ]
        parts += ["### Findings", markdown.table(["Rule", "Level", "What", "What to do"], rows)]
    parts += ["### What is on the branch", _write_commits(audited.explained)]
    parts += _write_differences(audited.explained)
    parts += _write_missing(audited)
    parts += _write_taken(audited)
    graph = write_graph(audited.branch, audited.history, audited.explained, audited.reverts)
    return "\n\n".join(parts) + f"\n\n```mermaid\n{graph}\n```\n"


def _write_missing(audited: Audited) -> list[str]:
    hints = find_hints(audited.repairs)
    rows = [
        [
            f"#{pick.promise.number}",
            markdown.plain(pick.promise.title),
            _hint(hints.get(pick.commit.sha, "") if pick.commit is not None else "not merged"),
        ]
        for pick in audited.missing[:ROWS_SHOWN]
    ]
    table = markdown.table(["Number", "Title", "Command"], rows)
    return ["### What was promised and is missing", table] if rows else []


def _write_taken(audited: Audited) -> list[str]:
    hints = find_hints(audited.repairs)
    rows = [
        [
            markdown.plain(item.target.subject if item.target is not None else ""),
            markdown.plain(item.revert.subject),
            item.state.value,
            _hint(hints.get(item.revert.sha, "")),
        ]
        for item in audited.reverts
        if item.state in TAKEN
    ]
    table = markdown.table(["Change", "Revert", "State", "Command"], rows[:ROWS_SHOWN])
    return ["### What trunk reverted", table] if rows else []


def _write_differences(explained: tuple[Explained, ...]) -> list[str]:
    """How the patches of picks differ from trunk's, folded."""
    different = [item for item in explained if item.difference]
    return [
        markdown.details(f"{item.commit.sha[:12]} differs from {item.counterparts[0][:12]}", _fence(item.difference))
        for item in different[:DIFFERENCES_SHOWN]
    ]


def _fence(text: str) -> str:
    """Text from outside as a block that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}diff\n{text.rstrip()}\n{fence}"


def _hint(text: str) -> str:
    return markdown.code(text) if text.startswith("git ") else markdown.plain(text)


def _write_commits(explained: tuple[Explained, ...]) -> str:
    rows = [
        [
            markdown.code(item.commit.sha[:12]),
            markdown.plain(item.commit.subject),
            item.origin.value,
            " ".join(markdown.code(sha[:12]) for sha in item.counterparts) or "none",
            item.category.value,
        ]
        for item in explained[:ROWS_SHOWN]
        if item.origin is not Origin.MERGE
    ]
    more = len(explained) - ROWS_SHOWN
    rest = f"\n\n{more} more are in the report." if more > 0 else ""
    return markdown.table(["Commit", "Subject", "Origin", "Trunk", "Category"], rows) + rest


def write_graph(
    branch: str, history: BranchHistory, explained: tuple[Explained, ...], reverts: tuple[TrunkRevert, ...]
) -> str:
    """A mermaid graph of trunk and branch, with the commits that picks and reverts are about and no others."""
    named = {sha for item in explained for sha in item.counterparts}
    named |= {item.revert.sha for item in reverts if item.state in {RevertState.MISSING, RevertState.RELANDED}}
    trunk = [commit for commit in history.trunk if commit.sha in named][-GRAPH_COMMITS:]
    shown = [item for item in explained if item.origin is not Origin.MERGE][-GRAPH_COMMITS:]
    name = re.sub(r"[^A-Za-z0-9._/-]", "-", branch)
    lines = ["gitGraph", f'  commit id: "{history.base[:7]}"', f'  branch "{name}" order: 1', "  checkout main"]
    lines += [f'  commit id: "{commit.sha[:7]}"' for commit in trunk]
    lines.append(f'  checkout "{name}"')
    known = {commit.sha for commit in trunk}
    for item in shown:
        source = next((sha[:7] for sha in item.counterparts if sha in known), "")
        tag = f' tag: "{item.origin.value}{f" of {source}" if source else ""}"'
        kind = " type: HIGHLIGHT" if item.origin in {Origin.UNKNOWN, Origin.BEFORE_TRUNK} else ""
        lines.append(f'  commit id: "{item.commit.sha[:7]}"{kind}{tag}')
    return "\n".join(lines)
