"""What protect-latest says of snapshots: what was recorded, what was put back, and what only a deletion would undo.

Decides nothing but the words and the exit code: 0 when all was done, 1 for what could not be put back, 3 when something
could not be read or not be finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from release_actions.errors import ExitCode
from release_actions.floating.outcome import PackageResult
from release_actions.floating.package_state import PackageState
from release_actions.floating.report import make_moved_row, make_outputs
from release_actions.floating.snapshot import Difference, Snapshot
from release_actions.floating.summary import describe, shorten_digest
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Report, counted

NO_DIFFERENCE = Difference((), (), (), PackageState(), ())


def report_snapshot(results: Sequence[PackageResult], recorded: Snapshot | None, path: str) -> Report:
    """What was recorded, or which packages could not be read: then nothing was."""
    failed = [result for result in results if result.error]
    findings = tuple(
        Finding(Level.ERROR, problem, rule="snapshot")
        for result in failed
        for problem in (result.error.problems if result.error else ())
    )
    if recorded is None:
        line = f"No snapshot was written: {counted(len(failed), 'image')} could not be read."
    else:
        tags = sum(len(tags_of_package) for tags_of_package in recorded.packages.values())
        line = (
            f"{path} holds {counted(tags, 'tag')} of {counted(len(results), 'image')}. Its digest is {recorded.digest}."
        )
    rows = [
        [markdown.code(name), markdown.code(tag), shorten_digest(manifest.digest)]
        for name, tags_of_package in sorted((recorded.packages if recorded else {}).items())
        for tag, manifest in sorted(tags_of_package.items())
    ]
    return Report(
        outputs=make_outputs(
            {
                "snapshot-digest": recorded.digest if recorded else None,
                "failed": [result.package.label for result in failed],
            }
        ),
        summary=f"## Snapshot\n\n{markdown.plain(line)}\n\n{markdown.table(['Package', 'Tag', 'Digest'], rows)}\n",
        lines=(line,),
        findings=findings,
        exit_code=ExitCode.UNKNOWN if failed else ExitCode.PASS,
    )


def report_restore(results: Sequence[PackageResult], recorded: Snapshot, without: Sequence[str]) -> Report:
    """What was put back, what could not be, and what only a deletion would take back."""
    failed = [result.package.label for result in results if result.error]
    differences = [result.difference for result in results if result.difference]
    not_restored = sum(len(each.refused) + len(each.since) + len(each.newer) for each in differences)
    line = _describe_restore(results, recorded, not_restored, len(failed))
    rows = [row for result in results for row in _make_rows(result)]
    findings = [finding for result in results for finding in _list_findings(result)]
    for name in without:
        message = f"{name} is not in the snapshot and was not checked."
        hint = "Take the next snapshot of all images."
        findings.append(Finding.of(Level.WARNING, message, hint=hint, rule="restore"))
    return Report(
        outputs=make_outputs(
            {
                "drift": any(each.changes or each.refused or each.since or each.newer for each in differences),
                "moved": [make_moved_row(result.package, change) for result in results for change in result.moved],
                "failed": list(failed),
                "snapshot-digest": recorded.digest,
            }
        ),
        summary=f"## Restored floating tags\n\n{markdown.plain(line)}\n\n"
        f"{markdown.table(['Package', 'Tag', 'Result'], rows)}\n",
        lines=(line,),
        findings=tuple(findings),
        exit_code=ExitCode.UNKNOWN if failed else ExitCode.REFUSED if not_restored or without else ExitCode.PASS,
    )


def _describe_restore(results: Sequence[PackageResult], recorded: Snapshot, not_restored: int, failed: int) -> str:
    newer = sum(len(result.difference.newer) for result in results if result.difference)
    if newer:
        what = f"{counted(newer, 'tag')} would go back behind a release that was published after {recorded.taken}"
        return f"Nothing was restored: {what}."
    back = sum(len(result.moved) for result in results)
    line = f"{counted(len(results), 'image')}, {counted(back, 'tag')} put back as of {recorded.taken}"
    line += f", {not_restored} not" if not_restored else ""
    return line + (f", {counted(failed, 'image')} failed" if failed else "") + "."


def _make_rows(result: PackageResult) -> Iterable[list[str]]:
    """A row for each tag of one package."""
    name = markdown.code(result.package.label)
    if result.error:
        yield [name, "", markdown.plain(describe(result))]
    for change in result.moved:
        said = "put back" if not result.error else "put back, not confirmed"
        what = f"**{said}**: {shorten_digest(change.before)} → {shorten_digest(change.after)}"
        yield [name, markdown.code(change.tag), what]
    difference = result.difference or NO_DIFFERENCE
    for text in (*difference.newer, *difference.refused):
        yield [name, "", markdown.plain(text)]
    for tag in difference.since:
        yield [name, markdown.code(tag), "newer than the snapshot, not changed"]


def _list_findings(result: PackageResult) -> Iterable[Finding]:
    """What a person should see of one package."""
    name = result.package.label
    for problem in result.error.problems if result.error else ():
        yield Finding(Level.ERROR, problem, rule="restore")
    for change in result.moved:
        yield Finding.of(Level.NOTICE, f"{name}: {change.tag} was put back on {change.after}.", rule="restore")
    difference = result.difference or NO_DIFFERENCE
    for text in difference.newer:
        hint = "Take a new snapshot, or set force to true to move the tags back anyway."
        yield Finding.of(Level.ERROR, text, hint=hint, rule="restore")
    for text in difference.refused:
        hint = "Restore the deleted package versions on GitHub, or publish the image again."
        yield Finding.of(Level.ERROR, text, hint=hint, rule="restore")
    for tag in difference.since:
        message = f"{name}: {tag} did not exist when the snapshot was taken. It is kept: a restore deletes nothing."
        hint = "If you do not need it, delete that package version by hand."
        yield Finding.of(Level.WARNING, message, hint=hint, rule="restore")
