"""Mode restore: bring back what an undo file names, and resolve every tag that it had.

It must never move a tag that names something else by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

from release_actions import markdown
from release_actions.cleanup import mending, proof
from release_actions.cleanup.package import Result
from release_actions.cleanup.store import Store, title
from release_actions.cleanup.undo import Entry
from release_actions.errors import ActionError, ExitCode
from release_actions.report import Finding, Level, Report
from release_actions.selection import Version
from release_actions.workflow import Workflow

LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""The time of a version whose times nobody asks for."""


def versions_of(entries: Iterable[Entry]) -> list[Version]:
    """The versions that entries of an undo file say were deleted."""
    return [Version(e.id, e.digest, e.tags, LONG_AGO, LONG_AGO) for e in entries if not e.stays]


def lost_tags(store: Store, wanted: Mapping[str, str]) -> list[str]:
    """Put tags that are gone on their digests again. Sentences about those that are not whole now.

    Raises `ActionError` when that cannot be found out.
    """
    now = store.digests(wanted)
    away = [tag for tag in sorted(wanted) if now[tag] != wanted[tag]]
    problems = {tag: mending.put_back(store, tag, wanted[tag]) for tag in away}
    whole = {tag: wanted[tag] for tag in wanted if not problems.get(tag)}
    return [*filter(None, problems.values()), *proof.unresolved(store, whole)]


def bring_back(
    results: Sequence[Result], entries: Mapping[str, Sequence[Entry]], undo_file: str, log: Workflow
) -> Report:
    """Restore what an undo file names, parts first, and resolve every tag that it had."""
    findings: list[Finding] = []
    lines: list[str] = []
    rows: list[list[str]] = []
    unknown = failed = False
    total = 0
    for result in results:
        store, outcome, path = result.store, result.outcome, result.task.path
        found = entries[path]
        versions = versions_of(found)
        with log.group(f"Restore {path}"):
            missing = mending.bring_back(store, versions, outcome)
            total += len(outcome.restored)
            wanted = {tag: e.digest for e in found for tag in e.tags}
            lost: list[str] = []
            try:
                lost = lost_tags(store, wanted)
            except ActionError as error:
                unknown = True
                findings += [Finding(Level.ERROR, problem, "restore") for problem in error.problems]
        for item in missing:
            message = f"{path}: {title(item.version)} could not be restored. {item.message}"
            findings.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="restore"))
        findings += [Finding.of(Level.ERROR, f"{path}: {sentence}", rule="restore") for sentence in lost]
        failed = failed or bool(missing or lost)
        lines.append(f"{path}: {len(outcome.restored)} of {len(versions)} versions are there again.")
        rows.append([markdown.code(path), str(len(versions)), str(len(outcome.restored)), str(len(wanted) - len(lost))])
    return Report(
        outputs={
            "deleted": 0,
            "untagged": 0,
            "freed-bytes": 0,
            "refused": [],
            "undo": {},
            "undo-file": undo_file,
            "restored": total,
        },
        summary="## GHCR clean-up: restore\n\n"
        + markdown.table(["Package", "In the undo file", "There again", "Tags that resolve"], rows),
        lines=tuple(lines),
        findings=tuple(findings),
        exit_code=ExitCode.UNKNOWN if unknown else ExitCode.REFUSED if failed else ExitCode.PASS,
    )
