"""Makes a pull request and an issue of an audit: the repairs that apply, with the words of their commits. Pure but git.

What was not promised is never proposed: a pick that needs others first is listed with its commands. What touches files
of workflows is listed too, as the token of a job may not change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from release_actions.branches.auditing import Audited
from release_actions.branches.trying import Fit, Repair, Step, try_steps
from release_actions.changes.model import HistoryCommit
from release_actions.git.history import CommitRecord
from release_actions.git.trial import Trial
from release_actions.proposals.model import WORKFLOWS as WORKFLOW_FILES
from release_actions.proposals.model import FileChange, IssueProposal, ProposedCommit, PullProposal, Signature
from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.versions.history import Level

ISSUE_LABEL = "release-branch"
ROWS = 100
NO_CHECKS = "If this was opened with a job's own token, GitHub may start no checks: close it and open it again."


def propose_repairs(audited: Audited, folder: Path, key: str, records: Mapping[str, CommitRecord]) -> PullProposal:
    """The repairs that apply as a proposal, without commits where there are none.

    `records`: commit -> as git has it. Raises `ActionError` where git cannot try them.
    """
    chosen = [repair for repair in audited.repairs if is_proposed(repair, audited)]
    commits: list[ProposedCommit] = []
    done: list[Repair] = []
    if chosen:
        with Trial(folder) as trial:
            # Without those that are left out a later one may not apply: what is proposed is tried by itself.
            steps = [repair.step for repair in chosen]
            for repair in try_steps(trial, steps, audited.history, audited.explained, audited.reverts):
                if repair.fit is Fit.APPLIES and not repair.needed:
                    commits.append(_make_commit(trial, repair, records))
                    done.append(repair)
    title = f"[{audited.branch}] Bring {counted(len(done), 'change')} that trunk has"
    body = write_body(audited, done)
    return PullProposal(key, audited.branch, audited.head, title, body, tuple(commits))


def is_proposed(repair: Repair, audited: Audited) -> bool:
    """Whether a repair may be proposed by a job."""
    files = audited.history.files.get(repair.step.commit.sha, frozenset())
    touches_workflows = any(path.startswith(WORKFLOW_FILES) for path in files)
    return repair.fit is Fit.APPLIES and not repair.needed and not touches_workflows


def _make_commit(trial: Trial, repair: Repair, records: Mapping[str, CommitRecord]) -> ProposedCommit:
    changes = trial.list_changes(repair.before, repair.after)
    files = tuple(FileChange(change.path, change.content, change.mode, change.submodule) for change in changes)
    step, commit = repair.step, repair.step.commit
    if step.reverts:
        return ProposedCommit(write_revert(step), files)
    record = records[commit.sha]
    author = Signature(record.name, record.email, datetime.fromtimestamp(record.time, timezone.utc))
    message = f"{record.message.rstrip()}\n\n(cherry picked from commit {commit.sha})\n"
    return ProposedCommit(message, files, author)


def write_revert(step: Step) -> str:
    """The message of a revert on the branch."""
    subject = f'Revert "{step.commit.subject}"'
    return f"{subject}\n\nThis reverts commit {step.commit.sha}.\n\nTrunk reverted it with {step.about.sha}.\n"


def write_body(audited: Audited, done: Iterable[Repair]) -> str:
    """The text of the pull request."""
    proposed = {repair.step.about.sha for repair in done}
    rows = [[_name(repair.step.about), "revert" if repair.step.reverts else "pick"] for repair in done]
    parts = [
        f"Trunk at {audited.as_of} has changes that {markdown.code(audited.branch)} should have.",
        markdown.table(["Trunk", "Here"], rows[:ROWS]),
    ]
    others = [repair for repair in audited.repairs if repair.step.about.sha not in proposed]
    if others:
        rows = [[_name(repair.step.about), _hint(repair)] for repair in others]
        parts += ["These are left to a person:", markdown.table(["Trunk", "What to do"], rows[:ROWS])]
    parts.append(NO_CHECKS)
    return "\n\n".join(parts)


def describe_issue(audited: Audited, key: str) -> IssueProposal:
    """The issue that is open as long as the branch has errors or warnings."""
    wrong = [finding for finding in audited.findings if finding.level in {Level.ERROR, Level.WARN}]
    title = f"{audited.branch}: {counted(len(wrong), 'finding')} of branch-audit"
    as_of = f"Compared with {audited.as_of} of trunk. A branch that is clean today may not be tomorrow."
    if not wrong:
        return IssueProposal(key, title, f"The branch is clean.\n\n{as_of}", ISSUE_LABEL, is_clean=True)
    rows = [
        [
            markdown.code(finding.rule),
            finding.level.value,
            markdown.plain(finding.message),
            markdown.plain(finding.hint),
        ]
        for finding in wrong[:ROWS]
    ]
    table = markdown.table(["Rule", "Level", "What", "What to do"], rows)
    more = f"\n\n{len(wrong) - ROWS} more are in the report." if len(wrong) > ROWS else ""
    return IssueProposal(key, title, f"{as_of}\n\n{table}{more}", ISSUE_LABEL)


def _name(commit: HistoryCommit) -> str:
    return f"{commit.sha} {markdown.plain(commit.subject)}"


def _hint(repair: Repair) -> str:
    return markdown.codes(repair.commands) if repair.commands else markdown.plain(repair.hint)
