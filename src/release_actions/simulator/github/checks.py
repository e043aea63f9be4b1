"""Routes of what programs say of a commit, and of the rules that ask for it."""

from __future__ import annotations

from typing import Any

from release_actions.simulator.clock import stamp
from release_actions.simulator.git import Commit
from release_actions.simulator.github.answers import http_error, page_of, paged_list
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Check, Repository

RUNS = "checks/runs#list-check-runs-for-a-git-reference"
STATUS = "commits/statuses#get-the-combined-status-for-a-specific-reference"
RULES = "repos/rules#get-rules-for-a-branch"
STATES = {"": "pending", "success": "success", "failure": "failure", "error": "error"}
RULESET = 7


def list_check_runs(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """The check runs of a commit."""
    repository = readable(call, owner, repo, RUNS, "checks")
    commit = commit_of(repository, ref, RUNS)
    runs = [check for check in repository.checks.get(commit.sha, []) if not check.is_status]
    page, size = page_of(call)
    part = runs[(page - 1) * size : page * size]
    shown = [run_body(call, repository, commit, run) for run in part]
    return Answer(200, {"total_count": len(runs), "check_runs": shown})


def get_status(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """The statuses of a commit, and the worst of them."""
    repository = readable(call, owner, repo, STATUS, "statuses")
    commit = commit_of(repository, ref, STATUS)
    statuses = [check for check in repository.checks.get(commit.sha, []) if check.is_status]
    states = {STATES[check.conclusion] for check in statuses}
    worst = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    url = url_of(call, repository, f"commits/{commit.sha}")
    body = {
        "state": worst,
        "sha": commit.sha,
        "total_count": len(statuses),
        "statuses": [status_body(call, repository, commit, check) for check in statuses],
        "repository": Bodies(call.world, call.base).minimal_repository(repository),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(200, body)


def list_rules(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """The rules that hold for a branch, whether it is there or not."""
    repository = readable(call, owner, repo, RULES, "metadata")
    required = repository.required_checks if branch == repository.default_branch else ()
    rules = []
    if required:
        parameters = {
            "required_status_checks": [{"context": name} for name in required],
            "strict_required_status_checks_policy": False,
        }
        source = {"ruleset_source_type": "Repository", "ruleset_source": repository.full_name, "ruleset_id": RULESET}
        rules.append({"type": "required_status_checks", "parameters": parameters, **source})
    return paged_list(call, rules, lambda rule: rule)


def commit_of(repository: Repository, ref: str, docs: str) -> Commit:
    """The commit that a ref names. Raises `HttpError`."""
    commit = repository.git.resolve(ref)
    if commit is None:
        raise http_error(422, f"No commit found for SHA: {ref}", docs)
    return commit


def run_body(call: Call, repository: Repository, commit: Commit, run: Check) -> dict[str, Any]:
    """GitHub's `check-run`."""
    return {
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": commit.sha,
        "external_id": "",
        "name": run.name,
        "url": url_of(call, repository, f"check-runs/{run.id}"),
        "html_url": f"{WEB}/{repository.full_name}/runs/{run.id}",
        "details_url": f"{WEB}/{repository.full_name}/runs/{run.id}",
        "status": "completed" if run.conclusion else "in_progress",
        "conclusion": run.conclusion or None,
        "started_at": stamp(run.started),
        "completed_at": stamp(run.started) if run.conclusion else None,
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": url_of(call, repository, f"check-runs/{run.id}/annotations"),
        },
        "check_suite": {"id": run.id},
        "app": None,
        "pull_requests": [],
    }


def status_body(call: Call, repository: Repository, commit: Commit, status: Check) -> dict[str, Any]:
    """GitHub's `simple-commit-status`."""
    return {
        "url": url_of(call, repository, f"statuses/{commit.sha}"),
        "avatar_url": None,
        "id": status.id,
        "node_id": node_id("StatusContext", status.id),
        "state": STATES[status.conclusion],
        "description": None,
        "target_url": None,
        "context": status.name,
        "created_at": stamp(status.started),
        "updated_at": stamp(status.started),
    }


ROOT = "/repos/<owner>/<repo>"

ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/commits/<path:ref>/check-runs", list_check_runs),
    ("GET", f"{ROOT}/commits/<path:ref>/status", get_status),
    ("GET", f"{ROOT}/rules/branches/<path:branch>", list_rules),
)
