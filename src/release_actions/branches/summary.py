"""A branch for people: tables of what is on it, what is missing and what trunk took back, and a graph of both lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from release_actions.branches.findings import BranchFinding
from release_actions.branches.missing import MissingPick
from release_actions.branches.model import BranchHistory, Explained, Origin
from release_actions.branches.reverts import RevertState, TrunkRevert
from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.versions.history import Level

ROWS_SHOWN = 150
"""Commits in a table. GitHub cuts a job summary at 1 MiB (GitHub docs, "Workflow commands")."""

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


def write_summary(
    branch: str,
    history: BranchHistory,
    explained: tuple[Explained, ...],
    missing: tuple[MissingPick, ...],
    reverts: tuple[TrunkRevert, ...],
    findings: tuple[BranchFinding, ...],
) -> str:
    """The job summary, one table a question."""
    parts = [f"## {markdown.plain(branch)}", describe_result(findings, explained)]
    if findings:
        rows = [
            [markdown.code(finding.rule), finding.level.value, markdown.plain(finding.message), _hint(finding.hint)]
            for finding in findings[:ROWS_SHOWN]
        ]
        parts += ["### Findings", markdown.table(["Rule", "Level", "What", "What to do"], rows)]
    parts += ["### What is on the branch", _write_commits(explained)]
    if missing:
        rows = [
            [f"#{pick.promise.number}", markdown.plain(pick.promise.title), _hint(pick.command)] for pick in missing
        ]
        parts += ["### What was promised and is missing", markdown.table(["Number", "Title", "Command"], rows)]
    taken = [
        reverted
        for reverted in reverts
        if reverted.state in {RevertState.MISSING, RevertState.RELANDED, RevertState.DONE}
    ]
    if taken:
        rows = [
            [
                markdown.plain(reverted.target.subject if reverted.target else ""),
                markdown.plain(reverted.revert.subject),
                reverted.state.value,
                _hint(reverted.command),
            ]
            for reverted in taken[:ROWS_SHOWN]
        ]
        parts += ["### What trunk reverted", markdown.table(["Change", "Revert", "State", "Command"], rows)]
    parts += ["```mermaid", write_graph(branch, history, explained, reverts), "```"]
    return "\n\n".join(parts[:-3]) + "\n\n" + "\n".join(parts[-3:]) + "\n"


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
