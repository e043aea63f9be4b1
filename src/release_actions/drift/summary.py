"""Words of an audit for people: the lines of the log and the job summary, sorted by component."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from release_actions.drift.audit import Audit, DriftFinding, Unchanged
from release_actions.drift.catalogue import Catalogue
from release_actions.drift.classes import VersionClass
from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.versions.history import Level

ROWS_SHOWN = 200
"""Findings in the summary. GitHub cuts a job summary at 1 MiB (GitHub docs, "Workflow commands")."""

LEVEL_ORDER = {Level.ERROR: 0, Level.WARN: 1, Level.INFO: 2}


def describe_result(audit: Audit) -> str:
    """The audit in one sentence."""
    levels = Counter(finding.level for finding in audit.reported)
    checked = counted(len(audit.judged), "version")
    if not audit.reported:
        return f"{checked} checked, all as the release needs them."
    parts = [
        f"{counted(levels[level], word)}"
        for level, word in ((Level.ERROR, "error"), (Level.WARN, "warning"), (Level.INFO, "note"))
        if levels[level]
    ]
    excepted = len(audit.findings) - len(audit.reported)
    rest = f", {excepted} excepted" if excepted else ""
    return f"{checked} checked: {', '.join(parts)}{rest}."


def write_summary(audit: Audit, catalogue: Catalogue) -> str:
    """The job summary: components with what is wanted and found, the findings, and what people have to change."""
    parts = ["## Versions in files", describe_result(audit), _write_components(audit, catalogue)]
    if audit.findings:
        parts.append(_write_findings(audit.findings))
    if audit.unchanged:
        parts += ["### Not changed by the patch", _write_unchanged(audit.unchanged)]
    return "\n\n".join(parts) + "\n"


def write_proposal(audit: Audit, catalogue: Catalogue, tag: str) -> str:
    """The text of the pull request that brings files to a release."""
    count = len({(change.path, change.start) for change in audit.replacements})
    parts = [
        f"Every version in files that is not that of {tag} and can be changed for sure: {counted(count, 'place')}."
    ]
    parts.append(_write_components(audit, catalogue))
    if audit.unchanged:
        parts += ["### Left to people", _write_unchanged(audit.unchanged)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _write_unchanged(unchanged: Sequence[Unchanged]) -> str:
    """What the patch does not change."""
    rows = [
        [markdown.code(str(item.place)), markdown.code(item.token or "no tag"), markdown.plain(item.why)]
        for item in unchanged[:ROWS_SHOWN]
    ]
    return markdown.table(["Place", "Version", "Why"], rows)


def _write_components(audit: Audit, catalogue: Catalogue) -> str:
    """A row for each component that files name."""
    rows = []
    for component, wanted in catalogue.wanted.items():
        own = [item for item in audit.judged if item.reference.name.component == component]
        if not own:
            continue
        tokens = Counter(item.reference.token for item in own if item.verdict is not VersionClass.UNKNOWN)
        shown = ", ".join(f"{markdown.code(token or 'no tag')} {count} times" for token, count in tokens.most_common(6))
        rows.append(
            [
                markdown.plain(wanted.title),
                markdown.code(wanted.version) if wanted.version else markdown.plain(wanted.why),
                shown or "only templates and branches",
                str(sum(1 for item in own if item.verdict not in {VersionClass.OK, VersionClass.UNKNOWN})),
            ]
        )
    return markdown.table(["Component", "Wanted", "In files", "Different"], rows) if rows else ""


def _write_findings(findings: Iterable[DriftFinding]) -> str:
    ordered = sorted(findings, key=lambda finding: (bool(finding.excepted), LEVEL_ORDER[finding.level]))
    rows = [
        [
            markdown.code(str(finding.place)),
            markdown.code(finding.rule),
            "excepted" if finding.excepted else finding.level.value,
            markdown.plain(f"{finding.message} {finding.excepted or finding.hint}"),
        ]
        for finding in ordered[:ROWS_SHOWN]
    ]
    more = f"\n\n{len(ordered) - ROWS_SHOWN} more are in the report." if len(ordered) > ROWS_SHOWN else ""
    return markdown.table(["Place", "Rule", "Level", "What"], rows) + more
