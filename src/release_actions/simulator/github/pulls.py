"""Routes of pull requests and milestones, to read. They are made by the seed or by `World`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from release_actions.simulator.clock import stamp
from release_actions.simulator.github.answers import invalid, not_found, number, paged_list
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import url_of
from release_actions.simulator.github.lookup import readable
from release_actions.simulator.github.repositories import ROOT, commit_body
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Milestone, Pull, Repository

LIST = "pulls/pulls#list-pull-requests"
GET = "pulls/pulls#get-a-pull-request"
COMMITS = "pulls/pulls#list-commits-on-a-pull-request"
FILES = "pulls/pulls#list-pull-requests-files"
OF_COMMIT = "commits/commits#list-pull-requests-associated-with-a-commit"
MILESTONES = "issues/milestones#list-milestones"
MILESTONE = "issues/milestones#get-a-milestone"

SORTS: dict[str, Callable[[Pull], Any]] = {
    "created": lambda pull: (pull.created, pull.number),
    "updated": lambda pull: (pull.updated, pull.number),
    "popularity": lambda pull: pull.number,
    "long-running": lambda pull: (pull.created, pull.number),
}
STATES = frozenset({"open", "closed", "all"})


def list_pulls(call: Call, owner: str, repo: str) -> Answer:
    """Pull requests by state, base and head; newest first unless asked otherwise."""
    repository = readable(call, owner, repo, LIST, "pull-requests")
    state, sort = call.arg("state", "open"), call.arg("sort", "created")
    if state not in STATES or sort not in SORTS:
        raise invalid(LIST, "PullRequest", "state" if state not in STATES else "sort", "invalid")
    base, head = call.arg("base"), call.arg("head")
    pulls = [
        pull
        for pull in repository.pulls.values()
        if state in {"all", pull.state} and base in {"", pull.base} and head in {"", head_label(repository, pull)}
    ]
    falling = call.arg("direction", "desc" if sort == "created" else "asc") == "desc"
    pulls.sort(key=SORTS[sort], reverse=falling)
    return paged_list(call, pulls, lambda pull: simple_body(call, repository, pull))


def get_pull(call: Call, owner: str, repo: str, pull_number: str) -> Answer:
    """One pull request."""
    repository = readable(call, owner, repo, GET, "pull-requests")
    return Answer(200, full_body(call, repository, one(repository, pull_number, GET)))


def pull_commits(call: Call, owner: str, repo: str, pull_number: str) -> Answer:
    """The commits a pull request brought, oldest first."""
    repository = readable(call, owner, repo, COMMITS, "pull-requests")
    pull = one(repository, pull_number, COMMITS)
    commits = [repository.git.commits[sha] for sha in pull.commits]
    return paged_list(call, commits, lambda commit: commit_body(call, repository, commit))


def pull_files(call: Call, owner: str, repo: str, pull_number: str) -> Answer:
    """The files a pull request changes. `old => new` is a renamed one."""
    repository = readable(call, owner, repo, FILES, "pull-requests")
    pull = one(repository, pull_number, FILES)
    names = pull.files or [*dict.fromkeys(name for sha in pull.commits for name in repository.git.commits[sha].files)]
    return paged_list(call, names, lambda name: file_body(call, repository, pull, name))


def file_body(call: Call, repository: Repository, pull: Pull, name: str) -> dict[str, Any]:
    """GitHub's `diff-entry`."""
    before, renamed, after = name.partition(" => ")
    path = after if renamed else before
    sha = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    contents = url_of(call, repository, f"contents/{path}?ref={pull.head_sha}")
    entry = {
        "sha": sha,
        "filename": path,
        "status": "renamed" if renamed else "modified",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{WEB}/{repository.full_name}/blob/{pull.head_sha}/{path}",
        "raw_url": f"{WEB}/{repository.full_name}/raw/{pull.head_sha}/{path}",
        "contents_url": contents,
    }
    return {**entry, "previous_filename": before} if renamed else entry


def pulls_of_commit(call: Call, owner: str, repo: str, commit_sha: str) -> Answer:
    """The pull requests that brought a commit, or whose merge it is."""
    repository = readable(call, owner, repo, OF_COMMIT, "pull-requests")
    commit = repository.git.resolve(commit_sha)
    if commit is None:
        raise not_found(OF_COMMIT)
    pulls = [pull for pull in repository.pulls.values() if commit.sha in {pull.merge_commit, *pull.commits}]
    return paged_list(call, pulls, lambda pull: simple_body(call, repository, pull))


def list_milestones(call: Call, owner: str, repo: str) -> Answer:
    """Milestones by state, those due first in front, those without a date at the end."""
    repository = readable(call, owner, repo, MILESTONES, "issues")
    state = call.arg("state", "open")
    milestones = [milestone for milestone in repository.milestones.values() if state in {"all", milestone.state}]
    milestones.sort(key=lambda milestone: (milestone.due is None, milestone.due or milestone.created, milestone.number))
    if call.arg("direction", "asc") == "desc":
        milestones.reverse()
    return paged_list(call, milestones, lambda milestone: milestone_body(call, repository, milestone))


def get_milestone(call: Call, owner: str, repo: str, milestone_number: str) -> Answer:
    """One milestone."""
    repository = readable(call, owner, repo, MILESTONE, "issues")
    milestone = repository.milestones.get(number(milestone_number))
    if milestone is None:
        raise not_found(MILESTONE)
    return Answer(200, milestone_body(call, repository, milestone))


def one(repository: Repository, pull_number: str, docs: str) -> Pull:
    """A pull request by the number in a route. Raises `HttpError`."""
    pull = repository.pulls.get(number(pull_number))
    if pull is None:
        raise not_found(docs)
    return pull


def head_label(repository: Repository, pull: Pull) -> str:
    """`owner:branch` of where a pull request comes from."""
    return f"{pull.head_owner or repository.owner.login}:{pull.head}"


def simple_body(call: Call, repository: Repository, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request-simple`."""
    bodies = Bodies(call.world, call.base)
    url = url_of(call, repository, f"pulls/{pull.number}")
    issue = url_of(call, repository, f"issues/{pull.number}")
    web = f"{WEB}/{repository.full_name}/pull/{pull.number}"
    statuses = url_of(call, repository, f"statuses/{pull.head_sha}")
    review_comment = url_of(call, repository, "pulls/comments{/number}")
    milestone = repository.milestones.get(pull.milestone)
    addresses = {
        "self": url,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": review_comment,
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    return {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": bodies.author(pull.author),
        "body": pull.body or None,
        "created_at": stamp(pull.created),
        "updated_at": stamp(pull.updated),
        "closed_at": stamp(pull.closed) if pull.closed else None,
        "merged_at": stamp(pull.merged) if pull.merged else None,
        "merge_commit_sha": pull.merge_commit or None,
        "assignee": bodies.author(pull.assignees[0]) if pull.assignees else None,
        "assignees": [bodies.author(login) for login in pull.assignees],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label_body(call, repository, name) for name in pull.labels],
        "milestone": milestone_body(call, repository, milestone) if milestone else None,
        "draft": pull.draft,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": review_comment,
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
        "head": side(bodies, repository, pull.head_owner, pull.head, pull.head_sha),
        "base": side(bodies, repository, "", pull.base, pull.base_sha),
        "_links": {name: {"href": address} for name, address in addresses.items()},
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
    }


def full_body(call: Call, repository: Repository, pull: Pull) -> dict[str, Any]:
    """GitHub's `pull-request`."""
    files = {name for sha in pull.commits for name in repository.git.commits[sha].files}
    return {
        **simple_body(call, repository, pull),
        "merged": pull.merged is not None,
        "mergeable": None if pull.merged else True,
        "rebaseable": None if pull.merged else True,
        "mergeable_state": "unknown" if pull.merged else "clean",
        "merged_by": Bodies(call.world, call.base).author(pull.merged_by) if pull.merged_by else None,
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(pull.commits),
        "additions": len(files),
        "deletions": 0,
        "changed_files": len(files),
    }


def side(bodies: Bodies, repository: Repository, owner: str, ref: str, sha: str) -> dict[str, Any]:
    """One side of a pull request. A fork is not simulated: its repository is shown as the base's."""
    login = owner or repository.owner.login
    return {
        "label": f"{login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": bodies.author(login),
        "repo": bodies.repository(repository),
    }


def label_body(call: Call, repository: Repository, name: str) -> dict[str, Any]:
    """GitHub's label, with a color of the repository's list or grey."""
    number_of = 1 + (sorted(repository.labels).index(name) if name in repository.labels else len(repository.labels))
    return {
        "id": repository.id * 1000 + number_of,
        "node_id": node_id("Label", f"{repository.id}:{name}"),
        "url": url_of(call, repository, f"labels/{name}"),
        "name": name,
        "description": "",
        "color": repository.labels.get(name, "ededed"),
        "default": False,
    }


def milestone_body(call: Call, repository: Repository, milestone: Milestone) -> dict[str, Any]:
    """GitHub's `milestone`. Its issues are its pull requests."""
    url = url_of(call, repository, f"milestones/{milestone.number}")
    members = [pull for pull in repository.pulls.values() if pull.milestone == milestone.number]
    return {
        "url": url,
        "html_url": f"{WEB}/{repository.full_name}/milestone/{milestone.number}",
        "labels_url": f"{url}/labels",
        "id": milestone.id,
        "node_id": node_id("Milestone", milestone.id),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description or None,
        "creator": Bodies(call.world, call.base).author(milestone.creator),
        "open_issues": sum(pull.state == "open" for pull in members),
        "closed_issues": sum(pull.state == "closed" for pull in members),
        "state": milestone.state,
        "created_at": stamp(milestone.created),
        "updated_at": stamp(milestone.updated),
        "due_on": stamp(milestone.due) if milestone.due else None,
        "closed_at": stamp(milestone.closed) if milestone.closed else None,
    }


ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/pulls", list_pulls),
    ("GET", f"{ROOT}/pulls/<pull_number>", get_pull),
    ("GET", f"{ROOT}/pulls/<pull_number>/commits", pull_commits),
    ("GET", f"{ROOT}/pulls/<pull_number>/files", pull_files),
    ("GET", f"{ROOT}/commits/<commit_sha>/pulls", pulls_of_commit),
    ("GET", f"{ROOT}/milestones", list_milestones),
    ("GET", f"{ROOT}/milestones/<milestone_number>", get_milestone),
)
