"""Reads a lock that an identified run wrote: whoever can write a file can write a lock.

A run is identified by a job of this very run, which gives the digest of what it wrote, or by its id: then it has to be
a run of this repository on the candidate's tag and the release's commit, so that its workflow is the release's own.
"""

from __future__ import annotations

from pathlib import Path

from release_actions.errors import ActionError, ExitCode, InputError, PolicyError
from release_actions.github.archives import UnreadableArchive, unpack_json
from release_actions.github.workflow_runs import Artifact, WorkflowRun, Workflows
from release_actions.promotion.candidate import Lock, find_locked_candidate, parse_lock
from release_actions.runner.envelope import digest_of
from release_actions.versions.version import Version

LARGEST_BYTES = 16 * 1024 * 1024
SUCCESS = "success"


class UnreadableLockError(ActionError):
    """A run has a lock, and what it says cannot be found out."""

    exit_code = ExitCode.UNKNOWN


def read_lock_file(path: Path, name: str, digest: str) -> Lock:
    """A lock in a file, whose digest a job of this run gave. `name` is the file's, for errors.

    Raises `PolicyError` where nobody gave it or it is another one, and `InputError` for a file that is no lock.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The lock {name} could not be read: {error}."
        raise InputError(message, hint="Give the path of a file that verify-images wrote.") from error
    lock = parse_lock(text, name)
    if not digest:
        message = f"Nothing says which run wrote {name}, so it may be anyone's."
        hint = (
            "Set lock-digest to the output lock-digest of verify-images, handed on as a job's output, or lock-run to "
            "the id of the candidate's run."
        )
        raise PolicyError(message, hint=hint)
    actual = digest_of(content)
    if actual != digest:
        message = f"{name} is {actual}, and lock-digest is {digest[:80]}."
        raise PolicyError(
            message, hint="The file is not what the job wrote. Fetch it again, and find out who changed it."
        )
    return lock


def fetch_lock(workflows: Workflows, number: int, artifact: str, commit: str, final: Version) -> Lock:
    """The lock that a run kept as an artifact.

    Raises `PolicyError` for a run that is not the candidate's own, and `ActionError` where it cannot be read.
    """
    run = workflows.run(number)
    refuse_foreign_run(run, workflows.repository, commit)
    listed = [each for each in workflows.artifacts(run.id) if each.name == artifact]
    where = f"The artifact {artifact} of {run.url}"
    if len(listed) != 1 or listed[0].expired:
        why = "has expired" if listed and listed[0].expired else f"is there {len(listed)} times"
        message = f"{where} {why}."
        raise PolicyError(message, hint="Run the candidate again, or promote it by its tag.")
    lock = parse_lock(read_artifact(workflows, listed[0], where), f"the artifact {artifact}")
    candidate = find_locked_candidate(lock, final)
    if run.head_branch != candidate.tag:
        message = f"{run.url} is a run of {run.head_branch or 'nothing'}, and its lock is about {candidate.tag}."
        raise PolicyError(message, hint="Give the id of the candidate's own run.")
    return lock


def refuse_foreign_run(run: WorkflowRun, repository: str, commit: str) -> None:
    """Raise `PolicyError` unless a run executed the workflow file of a commit of this repository, to a good end."""
    reasons = (
        (
            not run.is_from_file_of(repository),
            f"is not one of {repository} itself, started by its {run.event or 'event'}",
        ),
        (run.head_sha != commit, f"is of the commit {run.head_sha}, and the release is on {commit}"),
        (not run.is_completed or run.conclusion != SUCCESS, f"ended with {run.conclusion or run.status}"),
    )
    why = next((words for applies, words in reasons if applies), "")
    if why:
        message = f"The run {run.url} {why}."
        raise PolicyError(message, hint="Give the id of the run that built the candidate.")


def read_artifact(workflows: Workflows, artifact: Artifact, where: str) -> str:
    """The text of an artifact's one file. Raises `UnreadableLockError`."""
    hint = "Run this again, or promote the candidate by its tag."
    archive = workflows.archive(artifact)
    if artifact.digest and digest_of(archive) != artifact.digest:
        message = f"{where} is {digest_of(archive)}, and GitHub says {artifact.digest}."
        raise UnreadableLockError(message, hint=hint)
    try:
        return unpack_json(archive, LARGEST_BYTES).decode("utf-8")
    except (UnreadableArchive, UnicodeDecodeError) as error:
        message = f"{where} could not be read: {error}."
        raise UnreadableLockError(message, hint=hint) from None
