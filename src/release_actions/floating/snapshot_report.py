"""What protect-latest says of snapshots: what was recorded, what was put back, and what only a deletion would undo.

Decides nothing but the words and the exit code: 0 when all was done, 1 for what could not be put back, 3 when something
could not be read or not be finished.
"""

from __future__ import annotations

from collections.abc import Sequence

from release_actions.errors import ExitCode
from release_actions.floating.report import Result, count, moved_row, outputs, sentence, short
from release_actions.floating.snapshot import Snapshot
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Report


def snapshot_report(results: Sequence[Result], recorded: Snapshot | None, path: str) -> Report:
    """What was recorded, or which packages could not be read: then nothing was."""
    failed = [result for result in results if result.error]
    findings = tuple(
        Finding(Level.ERROR, problem, rule="snapshot")
        for result in failed
        for problem in (result.error.problems if result.error else ())
    )
    if recorded is None:
        line = f"No snapshot was written: {count(len(failed), 'image')} could not be read."
    else:
        tags = sum(len(found) for found in recorded.packages.values())
        line = f"{path} holds {count(tags, 'tag')} of {count(len(results), 'image')}. Its digest is {recorded.digest}."
    rows = [
        [markdown.code(name), markdown.code(tag), short(manifest.digest)]
        for name, found in sorted((recorded.packages if recorded else {}).items())
        for tag, manifest in sorted(found.items())
    ]
    return Report(
        outputs=outputs(
            {
                "snapshot-digest": recorded.digest if recorded else None,
                "failed": [result.package.reference for result in failed],
            }
        ),
        summary=f"## Snapshot\n\n{markdown.plain(line)}\n\n{markdown.table(['Package', 'Tag', 'Digest'], rows)}\n",
        lines=(line,),
        findings=findings,
        exit_code=ExitCode.UNKNOWN if failed else ExitCode.PASS,
    )


def restore_report(results: Sequence[Result], recorded: Snapshot, without: Sequence[str]) -> Report:
    """What was put back, what could not be, and what only a deletion would take back."""
    findings: list[Finding] = []
    rows = []
    for result in results:
        name = result.package.reference
        if result.error:
            findings += [Finding(Level.ERROR, problem, rule="restore") for problem in result.error.problems]
            rows.append([markdown.code(name), "", markdown.plain(sentence(result))])
        for change in result.moved:
            said = "put back" if not result.error else "put back, not confirmed"
            what = f"**{said}**: {short(change.before)} → {short(change.after)}"
            rows.append([markdown.code(name), markdown.code(change.tag), what])
            message = f"{name}: {change.tag} was put back on {change.after}."
            findings.append(Finding.of(Level.NOTICE, message, rule="restore"))
        if result.difference:
            for text in result.difference.refused:
                rows.append([markdown.code(name), "", markdown.plain(text)])
                hint = "Restore the deleted package versions on GitHub, or publish the image again."
                findings.append(Finding.of(Level.ERROR, text, hint=hint, rule="restore"))
            for tag in result.difference.since:
                rows.append([markdown.code(name), markdown.code(tag), "newer than the snapshot, left alone"])
                message = f"{name}: {tag} did not exist when the snapshot was taken. It stays: nothing is deleted here."
                hint = "Delete that package version by hand if it must go."
                findings.append(Finding.of(Level.WARNING, message, hint=hint, rule="restore"))
    for name in without:
        message = f"{name} is not in the snapshot and was not looked at."
        findings.append(
            Finding.of(Level.WARNING, message, hint="Take the next snapshot of all images.", rule="restore")
        )
    failed = [result.package.reference for result in results if result.error]
    back = sum(len(result.moved) for result in results)
    left = sum(len(d.refused) + len(d.since) for d in (result.difference for result in results) if d)
    line = f"{count(len(results), 'image')}, {count(back, 'tag')} put back as of {recorded.taken}"
    line += (f", {left} not" if left else "") + (f", {count(len(failed), 'image')} failed" if failed else "") + "."
    drift = any(d.changes or d.refused or d.since for d in (result.difference for result in results) if d)
    wrong = ExitCode.REFUSED if left or without else ExitCode.PASS
    return Report(
        outputs=outputs(
            {
                "drift": drift,
                "moved": [moved_row(result.package, change) for result in results for change in result.moved],
                "failed": list(failed),
                "snapshot-digest": recorded.digest,
            }
        ),
        summary=f"## Restored floating tags\n\n{markdown.plain(line)}\n\n"
        f"{markdown.table(['Package', 'Tag', 'Result'], rows)}\n",
        lines=(line,),
        findings=tuple(findings),
        exit_code=ExitCode.UNKNOWN if failed else wrong,
    )
