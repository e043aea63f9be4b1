"""Routes of environments and of the reviews that a run got. A job's token reads them with `actions: read`."""

from __future__ import annotations

from typing import Any

from release_actions.simulator.accounts import Role
from release_actions.simulator.clock import stamp
from release_actions.simulator.environments import Environment, Review
from release_actions.simulator.github.answers import not_accessible, not_found, number
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository

ENVIRONMENT = "deployments/environments#get-an-environment"
REVIEWS = "actions/workflow-runs#get-the-review-history-for-a-workflow-run"


def get_environment(call: Call, owner: str, repo: str, environment_name: str) -> Answer:
    """An environment with its rules. Names compare without case."""
    repository = seen(call, owner, repo, ENVIRONMENT)
    environment = repository.environments.get(environment_name.lower())
    if environment is None:
        raise not_found(ENVIRONMENT)
    return Answer(200, environment_body(call, repository, environment))


def list_reviews(call: Call, owner: str, repo: str, run_id: str) -> Answer:
    """Who approved or rejected a run, and for which environment."""
    repository = seen(call, owner, repo, REVIEWS)
    reviews = repository.reviews.get(number(run_id), [])
    return Answer(200, [review_body(call, repository, review) for review in reviews])


def seen(call: Call, owner: str, repo: str, docs: str) -> Repository:
    """A repository whose actions may be read. Raises `HttpError`."""
    repository = readable(call, owner, repo, docs, "metadata")
    if repository.role(call.token, "actions") < Role.READ:
        raise not_accessible(call, "actions=read", docs)
    return repository


def environment_body(call: Call, repository: Repository, environment: Environment) -> dict[str, Any]:
    """GitHub's `environment`."""
    rules: list[dict[str, Any]] = []
    if environment.wait_minutes:
        rules.append(rule_body(environment, "wait_timer", wait_timer=environment.wait_minutes))
    if environment.reviewers:
        bodies = Bodies(call.world, call.base)
        reviewers = [{"type": "User", "reviewer": bodies.author(login)} for login in environment.reviewers]
        more = {"prevent_self_review": environment.prevents_self_review, "reviewers": reviewers}
        rules.append(rule_body(environment, "required_reviewers", **more))
    return {**short_body(call, repository, environment), "protection_rules": rules, "deployment_branch_policy": None}


def rule_body(environment: Environment, kind: str, **more: Any) -> dict[str, Any]:
    """A rule of an environment."""
    return {"id": environment.id, "node_id": node_id("GateRule", environment.id), "type": kind, **more}


def short_body(call: Call, repository: Repository, environment: Environment) -> dict[str, Any]:
    """An environment without its rules."""
    return {
        "id": environment.id,
        "node_id": node_id("Environment", environment.id),
        "name": environment.name,
        "url": url_of(call, repository, f"environments/{environment.name}"),
        "html_url": f"{WEB}/{repository.full_name}/deployments/activity_log?environments_filter={environment.name}",
        "created_at": stamp(environment.created),
        "updated_at": stamp(environment.created),
    }


def review_body(call: Call, repository: Repository, review: Review) -> dict[str, Any]:
    """GitHub's `environment-approvals`."""
    return {
        "environments": [short_body(call, repository, review.environment)],
        "state": review.state,
        "user": Bodies(call.world, call.base).author(review.reviewer),
        "comment": review.comment,
    }


ROUTES: tuple[Route, ...] = (
    ("GET", "/repos/<owner>/<repo>/environments/<environment_name>", get_environment),
    ("GET", "/repos/<owner>/<repo>/actions/runs/<run_id>/approvals", list_reviews),
)
