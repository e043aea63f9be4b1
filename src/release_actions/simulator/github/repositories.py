"""Routes of a repository and its history: tags, branches, commits, compare."""

from __future__ import annotations

from typing import Any

from release_actions.simulator.accounts import Role
from release_actions.simulator.git import Commit
from release_actions.simulator.github.answers import http_error, links, not_found, number, page_of, paged_list
from release_actions.simulator.github.bodies import WEB, Bodies, node_id
from release_actions.simulator.github.git import UNSIGNED, parent_body, person, url_of
from release_actions.simulator.github.lookup import readable
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository

REPOSITORY = "repos/repos#get-a-repository"
TAGS = "repos/repos#list-repository-tags"
BRANCHES = "branches/branches#list-branches"
BRANCH = "branches/branches#get-a-branch"
COMMITS = "commits/commits#list-commits"
COMMIT = "commits/commits#get-a-commit"
COMPARE = "commits/commits#compare-two-commits"

COMPARED = 250
"""Commits of a comparison that is not asked for page by page."""


def get_repository(call: Call, owner: str, repo: str) -> Answer:
    """The repository."""
    repository = readable(call, owner, repo, REPOSITORY, "metadata")
    body = Bodies(call.world, call.base).full_repository(repository)
    if call.token is not None and call.token.login:
        role = repository.role(call.token)
        body["permissions"] = {
            "admin": role >= Role.ADMIN,
            "maintain": role >= Role.ADMIN,
            "push": role >= Role.WRITE,
            "triage": role >= Role.WRITE,
            "pull": role >= Role.READ,
        }
    return Answer(200, body)


def list_tags(call: Call, owner: str, repo: str) -> Answer:
    """Tags by name, the last first: GitHub sorts them as texts here, not as versions."""
    repository = readable(call, owner, repo, TAGS)
    names = sorted(
        (ref.removeprefix("refs/tags/") for ref in repository.git.refs if ref.startswith("refs/tags/")), reverse=True
    )
    return paged_list(call, names, lambda name: tag_body(call, repository, name))


def list_branches(call: Call, owner: str, repo: str) -> Answer:
    """Branches by name."""
    repository = readable(call, owner, repo, BRANCHES)
    names = sorted(ref.removeprefix("refs/heads/") for ref in repository.git.refs if ref.startswith("refs/heads/"))

    def show(name: str) -> dict[str, Any]:
        sha = repository.git.refs[f"refs/heads/{name}"].sha
        commit = {"sha": sha, "url": url_of(call, repository, f"commits/{sha}")}
        return {"name": name, "commit": commit, "protected": False}

    return paged_list(call, names, show)


def get_branch(call: Call, owner: str, repo: str, branch: str) -> Answer:
    """One branch with its newest commit."""
    repository = readable(call, owner, repo, BRANCH)
    target = repository.git.refs.get(f"refs/heads/{branch}")
    if target is None:
        raise http_error(404, "Branch not found", BRANCH)
    url = url_of(call, repository, f"branches/{branch}")
    body = {
        "name": branch,
        "commit": commit_body(call, repository, repository.git.peel(target)),
        "_links": {"self": url, "html": f"{WEB}/{repository.full_name}/tree/{branch}"},
        "protected": False,
        "protection": {
            "enabled": False,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{url}/protection",
    }
    return Answer(200, body)


def list_commits(call: Call, owner: str, repo: str) -> Answer:
    """History of `sha` (a branch, a tag or an id; the default branch without it), newest first."""
    repository = readable(call, owner, repo, COMMITS)
    start = repository.git.resolve(call.arg("sha") or repository.default_branch)
    if start is None:
        raise not_found(COMMITS)
    return paged_list(call, list(repository.git.history(start.sha)), lambda one: commit_body(call, repository, one))


def get_commit(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """The commit that a branch, a tag or an id names."""
    repository = readable(call, owner, repo, COMMIT)
    commit = repository.git.resolve(ref)
    if commit is None:
        raise http_error(422, f"No commit found for SHA: {ref}", COMMIT)
    body = commit_body(call, repository, commit)
    body["stats"] = {"total": len(commit.files), "additions": len(commit.files), "deletions": 0}
    body["files"] = [file_body(call, repository, commit, name) for name in commit.files]
    return Answer(200, body)


def compare(call: Call, owner: str, repo: str, basehead: str) -> Answer:
    """What `head` has that `base` has not, oldest first; files on the first page only."""
    repository = readable(call, owner, repo, COMPARE)
    git = repository.git
    before, _, after = basehead.partition("...")
    base, head = git.resolve(before), git.resolve(after)
    if base is None or head is None:
        raise not_found(COMPARE)
    merge_base = git.merge_base(base.sha, head.sha)
    if merge_base is None:
        raise http_error(404, f"No common ancestor between {before} and {after}.", COMPARE)
    ahead, behind = git.between(base.sha, head.sha), git.between(head.sha, base.sha)
    asked = number(call.arg("page")) or number(call.arg("per_page"))
    page, size = page_of(call) if asked else (1, COMPARED)
    part = ahead[(page - 1) * size : page * size]
    files = {name: commit for commit in ahead for name in commit.files} if page == 1 else {}
    url = url_of(call, repository, f"compare/{basehead}")
    web = f"{WEB}/{repository.full_name}/compare"
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    body = {
        "url": url,
        "html_url": f"{web}/{basehead}",
        "permalink_url": f"{web}/{owner}:{base.sha[:7]}...{owner}:{head.sha[:7]}",
        "diff_url": f"{web}/{basehead}.diff",
        "patch_url": f"{web}/{basehead}.patch",
        "base_commit": commit_body(call, repository, base),
        "merge_base_commit": commit_body(call, repository, merge_base),
        "status": status[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_body(call, repository, commit) for commit in part],
        "files": [file_body(call, repository, commit, name) for name, commit in files.items()],
    }
    answer = Answer(200, body)
    link = links(call, page, size, len(ahead))
    if link:
        answer.headers["Link"] = link
    return answer


def tag_body(call: Call, repository: Repository, name: str) -> dict[str, Any]:
    """GitHub's `tag`, always with the commit behind it."""
    commit = repository.git.peel(repository.git.refs[f"refs/tags/{name}"])
    return {
        "name": name,
        "zipball_url": url_of(call, repository, f"zipball/refs/tags/{name}"),
        "tarball_url": url_of(call, repository, f"tarball/refs/tags/{name}"),
        "commit": {"sha": commit.sha, "url": url_of(call, repository, f"commits/{commit.sha}")},
        "node_id": node_id("Ref", f"{repository.id}:refs/tags/{name}"),
    }


def commit_body(call: Call, repository: Repository, commit: Commit) -> dict[str, Any]:
    """GitHub's `commit`."""
    url = url_of(call, repository, f"commits/{commit.sha}")
    author = Bodies(call.world, call.base).user_by_login(commit.login)
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", f"{repository.id}:{commit.sha}"),
        "commit": {
            "author": person(commit),
            "committer": person(commit),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": url_of(call, repository, f"git/trees/{commit.tree}")},
            "url": url_of(call, repository, f"git/commits/{commit.sha}"),
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "url": url,
        "html_url": f"{WEB}/{repository.full_name}/commit/{commit.sha}",
        "comments_url": f"{url}/comments",
        "author": author,
        "committer": author,
        "parents": [parent_body(call, repository, sha, "commits") for sha in commit.parents],
    }


def file_body(call: Call, repository: Repository, commit: Commit, name: str) -> dict[str, Any]:
    """GitHub's `diff-entry` for a path a commit touched. Contents are not simulated: one line added each.

    `old => new` is a renamed one.
    """
    web = f"{WEB}/{repository.full_name}"
    before, renamed, after = name.partition(" => ")
    name = after if renamed else before
    moved = {"previous_filename": before} if renamed else {}
    return {
        "sha": None,
        "filename": name,
        **moved,
        "status": "renamed" if renamed else "modified",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{web}/blob/{commit.sha}/{name}",
        "raw_url": f"{web}/raw/{commit.sha}/{name}",
        "contents_url": url_of(call, repository, f"contents/{name}?ref={commit.sha}"),
    }


ROOT = "/repos/<owner>/<repo>"

ROUTES: tuple[Route, ...] = (
    ("GET", ROOT, get_repository),
    ("GET", f"{ROOT}/tags", list_tags),
    ("GET", f"{ROOT}/branches", list_branches),
    ("GET", f"{ROOT}/branches/<path:branch>", get_branch),
    ("GET", f"{ROOT}/commits", list_commits),
    ("GET", f"{ROOT}/commits/<path:ref>", get_commit),
    ("GET", f"{ROOT}/compare/<path:basehead>", compare),
)
