"""Lets a workflow measure: checks what can be known beforehand, starts it, waits, and fetches the results.

GitHub says which run it started. Where it does not, as older servers, the run is found by a key of its own, which the
workflow has to show in its name. What the token may do is said before
anything is started, as far as GitHub tells. Nothing is started twice.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import shutil
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path, PurePosixPath

from release_actions.errors import ActionError, InputError, PolicyError, RemoteError
from release_actions.github.workflow_runs import Artifact, Rights, WorkflowRun, Workflows

INTEGRATION = "ghs_"
"""How tokens of a job and of an App begin."""

POLL_SECONDS = 20.0
LONGEST_POLL_SECONDS = 60.0
PROGRESS_SECONDS = 300.0
FIND_SECONDS = 180.0
"""How long a run may take to show up in the list of runs."""

MOST_UNPACKED = 4 * 1024**3
"""Bytes of one artifact's files. More is no benchmark's result."""


@dataclass(frozen=True)
class Pace:
    """How time passes: a test has its own."""

    sleep: Callable[[float], object] = time.sleep
    now: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Measurement:
    """What is to be started. `key`: the text that tells this run from all others. `own`: the repository of this run."""

    file: str
    ref: str
    inputs: Mapping[str, str]
    key_input: str
    key: str
    time_limit: timedelta
    own: str = ""
    pace: Pace = field(default_factory=Pace)


def fill_inputs(lines: Sequence[str], values: Mapping[str, str]) -> dict[str, str]:
    """Inputs of a workflow from lines `name=value`, with `{commit}` and other names of `values` filled in.

    Raises `InputError` for a line without `=`, and for a placeholder whose value is not known.
    """
    filled: dict[str, str] = {}
    for line in lines:
        name, equals, text = line.partition("=")
        if not equals or not name.strip():
            message = f"Input 'workflow-inputs' has the line {line[:80]!a}, which is not name=value."
            raise InputError(message, hint="Write for example commit={commit}.")
        for placeholder, value in values.items():
            if f"{{{placeholder}}}" in text and not value:
                message = f"Input 'workflow-inputs' uses {{{placeholder}}}, which is not known in this run."
                raise InputError(message, hint=f"Set the input {placeholder}, or write the value itself.")
            text = text.replace(f"{{{placeholder}}}", value)
        filled[name.strip()] = text.strip()
    return filled


def check_rights(workflows: Workflows, measurement: Measurement, token: str, log: Callable[[str], object]) -> None:
    """Say what is known of the token before anything is started. Raises `PolicyError` when it cannot work."""
    repository = workflows.repository
    is_other = repository.lower() != measurement.own.lower()
    rights = workflows.read_rights()
    if rights is None:
        message = f"{repository} does not exist, or the token may not see it."
        raise PolicyError(message, hint=OTHER_REPOSITORY if is_other else "Check the input workflow-repository.")
    reason = refusal_of(rights)
    if reason:
        message = f"The token cannot start {measurement.file} of {repository}: {reason}."
        raise PolicyError(message, hint=OTHER_REPOSITORY if is_other else OWN_REPOSITORY)
    if is_other and token.startswith(INTEGRATION):
        log(f"Whether the token may start workflows of {repository} is not known beforehand. {OTHER_REPOSITORY}")
    workflow = workflows.find(measurement.file)
    if workflow is None:
        message = f"The default branch of {repository} has no workflow {measurement.file}."
        raise InputError(message, hint="Name its file, for example benchmark.yml. GitHub starts only what is there.")
    if workflow.state != "active":
        message = f"The workflow {measurement.file} of {repository} is {workflow.state.replace('_', ' ')}."
        raise PolicyError(message, hint="Enable it on the page of the repository's actions.")


OTHER_REPOSITORY = (
    "For another repository the GITHUB_TOKEN of a job is never enough: pass a fine-grained token or an App's token "
    "with actions: write there."
)
OWN_REPOSITORY = "Give the job the permission actions: write."


def refusal_of(rights: Rights) -> str:
    """Why a token cannot start a workflow; empty when nothing is known against it."""
    if rights.scopes is not None and not rights.scopes & {"repo", "public_repo"}:
        return "it is a classic token without the scope repo"
    if rights.scopes is not None and rights.can_push is False:
        return "its owner may not write there"
    return ""


def measure(workflows: Workflows, measurement: Measurement, log: Callable[[str], object]) -> WorkflowRun:
    """Start the workflow and wait for its end. Raises `ActionError` when it fails or takes too long."""
    before = {run.id for run in workflows.newest_runs(measurement.file)}
    inputs = {**measurement.inputs, measurement.key_input: measurement.key}
    number = start(workflows, measurement, inputs)
    run = find_run(workflows, measurement, before) if number is None else workflows.run(number)
    log(f"The benchmark runs at {run.url}.")
    run = wait_for(workflows, run, measurement, log)
    if run.conclusion != "success":
        message = f"The benchmark workflow ended with {run.conclusion or 'no conclusion'}: {run.url}."
        raise ActionError(message, hint="Read its log. Nothing is judged from a run that did not succeed.")
    return run


def start(workflows: Workflows, measurement: Measurement, inputs: Mapping[str, str]) -> int | None:
    """Start the workflow; the run's id where GitHub says it. Raises `InputError` for what GitHub does not take."""
    try:
        return workflows.start(measurement.file, measurement.ref, inputs)
    except RemoteError as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        hint = (
            f"The workflow on {measurement.ref} must be started by workflow_dispatch and have the inputs "
            f"{', '.join(inputs)}."
        )
        raise InputError(error.problems[0].message, hint=hint) from error


def find_run(workflows: Workflows, measurement: Measurement, before: set[int]) -> WorkflowRun:
    """The run that shows the key. Raises `ActionError` when none does for `FIND_SECONDS`."""
    pace = measurement.pace
    deadline = pace.now() + FIND_SECONDS
    strangers: tuple[WorkflowRun, ...] = ()
    # Ends at the deadline, which the sleep moves towards.
    while True:
        runs = workflows.newest_runs(measurement.file)
        for run in runs:
            if measurement.key in run.title:
                return run
        strangers = tuple(run for run in runs if run.id not in before)
        if pace.now() >= deadline:
            break
        pace.sleep(POLL_SECONDS / 4)
    started = f" Runs that began since: {', '.join(run.url for run in strangers)}." if strangers else ""
    message = f"{measurement.file} was started, and no run of it shows {measurement.key}.{started}"
    name = f"run-name: Benchmark ${{{{ inputs.{measurement.key_input} }}}}"
    hint = f"Give the workflow an input {measurement.key_input} and show it in its name: {name}"
    raise ActionError(message, hint=hint)


def wait_for(
    workflows: Workflows, run: WorkflowRun, measurement: Measurement, log: Callable[[str], object]
) -> WorkflowRun:
    """The run once it is completed. Raises `ActionError` at the time limit; the run goes on."""
    pace = measurement.pace
    began = spoken = pace.now()
    limit = measurement.time_limit.total_seconds()
    poll = POLL_SECONDS
    # Ends with the run, or at the limit.
    while not run.is_completed:
        waited = pace.now() - began
        if waited >= limit:
            message = f"The benchmark is still {run.status} after {minutes(waited)}: {run.url}."
            hint = "Raise time-limit, or fetch its artifacts later and name them as candidate. It was not cancelled."
            raise ActionError(message, hint=hint)
        pace.sleep(min(poll, max(limit - waited, 1.0)))
        poll = min(poll * 1.5, LONGEST_POLL_SECONDS)
        previous, run = run.status, workflows.run(run.id)
        if run.status != previous or pace.now() - spoken >= PROGRESS_SECONDS:
            log(f"The benchmark is {run.status} after {minutes(pace.now() - began)}.")
            spoken = pace.now()
    return run


def minutes(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds / 60:.0f} min"


def require_empty(folder: Path, name: str) -> None:
    """Raise `InputError` for a folder that holds files: they would be taken for results of the new run."""
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        message = f"{name} is there and not empty, so older results would be taken for new ones. Nothing was started."
        raise InputError(message, hint="Remove it, or name another folder with the input results.")


def fetch_results(workflows: Workflows, run: WorkflowRun, patterns: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Unpack the artifacts of a run whose names match, each in a folder of its name. Their names.

    Raises `ActionError` when none matches or one has expired.
    """
    artifacts = workflows.artifacts(run.id)
    wanted = [item for item in artifacts if any(fnmatch.fnmatchcase(item.name, pattern) for pattern in patterns)]
    if not wanted:
        names = ", ".join(item.name for item in artifacts) or "none"
        message = f"The benchmark run has no artifact of {', '.join(patterns)}: {run.url}."
        raise ActionError(message, hint=f"Its artifacts are: {names}.")
    for artifact in wanted:
        if artifact.expired:
            message = f"The artifact {artifact.name} has expired: {run.url}."
            raise ActionError(message, hint="Run the benchmark again.")
        unpack(checked_archive(workflows, artifact), artifact.name, folder_of(artifact, folder))
    return tuple(artifact.name for artifact in wanted)


def folder_of(artifact: Artifact, folder: Path) -> Path:
    """The folder of an artifact. Raises `ActionError` for a name that leads elsewhere."""
    name = artifact.name
    if name in {"", ".", ".."} or set(name) & set("/\\:\0"):
        message = f"The benchmark run has an artifact named {name!a}, which would be written elsewhere."
        raise ActionError(message, hint="Do not use this artifact.")
    return folder / name


def checked_archive(workflows: Workflows, artifact: Artifact) -> bytes:
    """An archive that is what GitHub has the digest of."""
    archive = workflows.archive(artifact)
    digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
    if artifact.digest and artifact.digest != digest:
        message = f"The artifact {artifact.name} is not what GitHub has the digest of."
        raise ActionError(message, hint="Run it again. If the message is the same, do not trust the results.")
    return archive


def unpack(archive: bytes, name: str, folder: Path) -> None:
    """Unpack an archive below a folder. Raises `ActionError` for one that would write elsewhere, or is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            members = [member for member in packed.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                message = f"The artifact {name} holds more than {MOST_UNPACKED >> 30} GB."
                raise ActionError(message, hint="Upload only the result files.")
            for member in members:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts or ":" in member.filename:
                    message = f"The artifact {name} holds {member.filename!a}, which would be written elsewhere."
                    raise ActionError(message, hint="Do not use this artifact.")
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        message = f"The artifact {name} is not a ZIP archive."
        raise ActionError(message, hint="Run again.") from error
