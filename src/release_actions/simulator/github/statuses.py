"""Statuses of commits, to set."""

from __future__ import annotations

from release_actions.simulator.accounts import Role
from release_actions.simulator.clock import stamp
from release_actions.simulator.discussion import CommitStatus
from release_actions.simulator.github.answers import invalid, not_accessible, not_found, sent
from release_actions.simulator.github.bodies import Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable
from release_actions.simulator.github.repositories import ROOT
from release_actions.simulator.origin import Answer, Call, Route

CREATE = "commits/statuses#create-a-commit-status"
STATES = frozenset({"error", "failure", "pending", "success"})


def create_status(call: Call, owner: str, repo: str, sha: str) -> Answer:
    """Set a status on a commit."""
    repository = readable(call, owner, repo, CREATE, "statuses")
    if repository.role(call.token, "statuses") < Role.WRITE:
        raise not_accessible(call, repository.full_name, CREATE) if call.token else not_found(CREATE)
    body = sent(call)
    if body.get("state") not in STATES:
        raise invalid(CREATE, "Status", "state", "invalid")
    made = CommitStatus(
        call.world.next_id("status"),
        sha,
        str(body["state"]),
        str(body.get("context") or "default"),
        str(body.get("description") or ""),
        str(body.get("target_url") or ""),
        call.world.now(),
    )
    repository.statuses.append(made)
    creator = Bodies(call.world, call.base).author(call.token.login or "github-actions[bot]") if call.token else None
    return Answer(
        201,
        {
            "url": url_of(call, repository, f"statuses/{sha}"),
            "avatar_url": creator["avatar_url"] if creator else None,
            "id": made.id,
            "node_id": node_id("StatusContext", made.id),
            "state": made.state,
            "description": made.description or None,
            "target_url": made.target or None,
            "context": made.context,
            "created_at": stamp(made.created),
            "updated_at": stamp(made.created),
            "creator": creator,
        },
    )


ROUTES: tuple[Route, ...] = (("POST", f"{ROOT}/statuses/<sha>", create_status),)
