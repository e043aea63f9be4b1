"""Routes of workflows, their runs and artifacts: start one by hand, see it run, fetch what it left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from release_actions.simulator import storage
from release_actions.simulator.actions import RunArtifact, Workflow, WorkflowRun
from release_actions.simulator.clock import stamp
from release_actions.simulator.git import Commit
from release_actions.simulator.github.answers import http_error, not_found, number, paged, sent
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.oci import digest_of
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository

GET = "actions/workflows#get-a-workflow"
START = "actions/workflows#create-a-workflow-dispatch-event"
RUNS = "actions/workflow-runs#list-workflow-runs-for-a-workflow"
RUN = "actions/workflow-runs#get-a-workflow-run"
ARTIFACTS = "actions/artifacts#list-workflow-run-artifacts"
ARCHIVE = "actions/artifacts#download-an-artifact"
LIFE = timedelta(days=90)
"""How long an artifact is kept."""


def get_workflow(call: Call, owner: str, repo: str, workflow_id: str) -> Answer:
    """A workflow by its id or its file's name."""
    repository = readable(call, owner, repo, GET, "actions")
    return Answer(200, workflow_body(call, repository, find_workflow(repository, workflow_id, GET)))


def start_workflow(call: Call, owner: str, repo: str, workflow_id: str) -> Answer:
    """Start a run. It begins on the newest commit of the branch or tag."""
    repository = writable(call, owner, repo, START, "actions")
    workflow = find_workflow(repository, workflow_id, START)
    body = sent(call)
    if workflow.inputs is None:
        raise http_error(422, "Workflow does not have 'workflow_dispatch' trigger", START)
    if workflow.state != "active":
        raise http_error(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", START)
    ref = str(body.get("ref", ""))
    commit = repository.git.resolve(ref)
    if commit is None:
        raise http_error(422, f"No ref found for: {ref}", START)
    inputs = {str(name): str(value) for name, value in (body.get("inputs") or {}).items()}
    strangers = sorted(set(inputs) - set(workflow.inputs))
    if strangers:
        raise http_error(422, f"Unexpected inputs provided: {strangers}".replace("'", '"'), START)
    run = begin(call, repository, workflow, commit, ref, inputs)
    if not (body.get("return_run_details") and workflow.has_details):
        return Answer(204, None)
    url = url_of(call, repository, f"actions/runs/{run.id}")
    return Answer(200, {"workflow_run_id": run.id, "run_url": url, "html_url": web_of(repository, run)})


def begin(
    call: Call, repository: Repository, workflow: Workflow, commit: Commit, ref: str, inputs: dict[str, str]
) -> WorkflowRun:
    """A new run with what it will leave behind."""
    world = call.world
    actor = (call.token.login if call.token else "") or "github-actions[bot]"
    run = WorkflowRun(
        world.next_id("run"), len(repository.runs) + 1, workflow, ref, commit.sha, actor, inputs, world.now()
    )
    for name, archive in workflow.artifacts.items():
        digest = digest_of(archive)
        world.blobs.setdefault(digest, archive)
        artifact = RunArtifact(world.next_id("artifact"), name, digest, len(archive))
        run.artifacts[artifact.id] = artifact
    repository.runs[run.id] = run
    return run


def list_runs(call: Call, owner: str, repo: str, workflow_id: str) -> Answer:
    """Runs of a workflow, newest first."""
    repository = readable(call, owner, repo, RUNS, "actions")
    workflow = find_workflow(repository, workflow_id, RUNS)
    runs = [run for run in repository.runs.values() if run.workflow is workflow]
    has: dict[str, Callable[[WorkflowRun], str]] = {
        "event": lambda run: run.event,
        "branch": lambda run: run.ref.removeprefix("refs/heads/"),
        "head_sha": lambda run: run.sha,
        "status": lambda run: run.status_at(call.world.now())[0],
    }
    for name, value_of in has.items():
        wanted = call.arg(name)
        runs = [run for run in runs if wanted in {"", value_of(run)}]
    runs.sort(key=lambda run: run.id, reverse=True)
    answer = paged(
        call, len(runs), lambda start, count: runs[start : start + count], lambda run: run_body(call, repository, run)
    )
    return Answer(200, {"total_count": len(runs), "workflow_runs": answer.body}, answer.headers)


def get_run(call: Call, owner: str, repo: str, run_id: str) -> Answer:
    """One run."""
    repository = readable(call, owner, repo, RUN, "actions")
    return Answer(200, run_body(call, repository, find_run(repository, run_id, RUN)))


def list_artifacts(call: Call, owner: str, repo: str, run_id: str) -> Answer:
    """Artifacts of a run. There are none before it ends."""
    repository = readable(call, owner, repo, ARTIFACTS, "actions")
    run = find_run(repository, run_id, ARTIFACTS)
    artifacts = list(run.artifacts.values()) if run.completed <= call.world.now() else []
    answer = paged(
        call,
        len(artifacts),
        lambda start, count: artifacts[start : start + count],
        lambda artifact: artifact_body(call, repository, run, artifact),
    )
    return Answer(200, {"total_count": len(artifacts), "artifacts": answer.body}, answer.headers)


def get_archive(call: Call, owner: str, repo: str, artifact_id: str, archive_format: str) -> Answer:
    """Where the archive of an artifact is to be had. Needs a token, of a public repository too."""
    repository = readable(call, owner, repo, ARCHIVE, "actions")
    if call.token is None:
        raise http_error(401, "Requires authentication", ARCHIVE)
    wanted = number(artifact_id)
    for run in repository.runs.values():
        artifact = run.artifacts.get(wanted)
        if artifact and archive_format == "zip":
            if artifact.is_expired:
                raise http_error(410, "Artifact has expired", ARCHIVE)
            return Answer(302, None, {"Location": storage.address(call.world, call.urls["storage"], artifact.digest)})
    raise not_found(ARCHIVE)


def find_workflow(repository: Repository, name: str, docs: str) -> Workflow:
    """A workflow by its id or its file's name. Raises `HttpError`."""
    for workflow in repository.workflows.values():
        if name in {workflow.file, str(workflow.id)}:
            return workflow
    raise not_found(docs)


def find_run(repository: Repository, run_id: str, docs: str) -> WorkflowRun:
    """A run by its id. Raises `HttpError`."""
    run = repository.runs.get(number(run_id))
    if run is None:
        raise not_found(docs)
    return run


def web_of(repository: Repository, run: WorkflowRun) -> str:
    """The page of a run."""
    return f"{WEB}/{repository.full_name}/actions/runs/{run.id}"


def workflow_body(call: Call, repository: Repository, workflow: Workflow) -> dict[str, Any]:
    """GitHub's `workflow`."""
    web = f"{WEB}/{repository.full_name}"
    return {
        "id": workflow.id,
        "node_id": node_id("Workflow", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": stamp(workflow.created),
        "updated_at": stamp(workflow.created),
        "url": url_of(call, repository, f"actions/workflows/{workflow.id}"),
        "html_url": f"{web}/blob/{repository.default_branch}/{workflow.path}",
        "badge_url": f"{web}/workflows/{workflow.name}/badge.svg",
    }


def run_body(call: Call, repository: Repository, run: WorkflowRun) -> dict[str, Any]:
    """GitHub's `workflow-run`."""
    bodies = Bodies(call.world, call.base)
    status, conclusion = run.status_at(call.world.now())
    url = url_of(call, repository, f"actions/runs/{run.id}")
    minimal = bodies.minimal_repository(repository)
    account = call.world.account(run.actor)
    actor = {"actor": bodies.simple_user(account), "triggering_actor": bodies.simple_user(account)} if account else {}
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": node_id("WorkflowRun", run.id),
        "head_branch": run.ref.removeprefix("refs/heads/"),
        "head_sha": run.sha,
        "path": run.workflow.path,
        "display_title": run.title,
        "run_number": run.number,
        "run_attempt": 1,
        "event": run.event,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": run.workflow.id,
        "url": url,
        "html_url": web_of(repository, run),
        "pull_requests": [],
        "created_at": stamp(run.created),
        "updated_at": stamp(min(call.world.now(), run.completed)),
        "run_started_at": stamp(run.created),
        **actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": url_of(call, repository, f"check-suites/{run.id}"),
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "workflow_url": url_of(call, repository, f"actions/workflows/{run.workflow.id}"),
        "head_commit": simple_commit(repository.git.commits[run.sha]),
        "repository": minimal,
        "head_repository": bodies.minimal_repository(call.world.repositories[run.fork]) if run.fork else minimal,
    }


def simple_commit(commit: Commit) -> dict[str, Any]:
    """GitHub's `simple-commit`."""
    person = {"name": commit.author, "email": commit.email}
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": stamp(commit.date),
        "author": person,
        "committer": person,
    }


def artifact_body(call: Call, repository: Repository, run: WorkflowRun, artifact: RunArtifact) -> dict[str, Any]:
    """GitHub's `artifact`."""
    url = url_of(call, repository, f"actions/artifacts/{artifact.id}")
    return {
        "id": artifact.id,
        "node_id": node_id("Artifact", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": artifact.is_expired,
        "digest": artifact.digest,
        "created_at": stamp(run.completed),
        "updated_at": stamp(run.completed),
        "expires_at": stamp(run.completed + LIFE),
        "workflow_run": {
            "id": run.id,
            "repository_id": repository.id,
            "head_repository_id": repository.id,
            "head_branch": run.ref,
            "head_sha": run.sha,
        },
    }


ROOT = "/repos/<owner>/<repo>/actions"

ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/workflows/<workflow_id>", get_workflow),
    ("POST", f"{ROOT}/workflows/<workflow_id>/dispatches", start_workflow),
    ("GET", f"{ROOT}/workflows/<workflow_id>/runs", list_runs),
    ("GET", f"{ROOT}/runs/<run_id>", get_run),
    ("GET", f"{ROOT}/runs/<run_id>/artifacts", list_artifacts),
    ("GET", f"{ROOT}/artifacts/<artifact_id>/<archive_format>", get_archive),
)
