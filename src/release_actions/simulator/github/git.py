"""Routes of the git database: refs, annotated tags, bare commits.

GitHub answers 422 where a ref that must change is not there or is there already, and 404 only to a read.
"""

from __future__ import annotations

import re
from typing import Any

from release_actions.simulator.clock import stamp
from release_actions.simulator.git import AnnotatedTag, Commit, Target
from release_actions.simulator.github.answers import http_error, not_found, sent
from release_actions.simulator.github.bodies import WEB, node_id
from release_actions.simulator.github.lookup import readable, writable
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository
from release_actions.simulator.rules import Act

REFS = "git/refs"
GET = f"{REFS}#get-a-reference"
MATCHING = f"{REFS}#list-matching-references"
CREATE = f"{REFS}#create-a-reference"
UPDATE = f"{REFS}#update-a-reference"
DELETE = f"{REFS}#delete-a-reference"
TAG = "git/tags#get-a-tag"
CREATE_TAG = "git/tags#create-a-tag-object"
COMMIT = "git/commits#get-a-commit-object"

UNSIGNED: dict[str, Any] = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}

SIGNED: dict[str, Any] = {
    "verified": True,
    "reason": "valid",
    "signature": "-----BEGIN PGP SIGNATURE-----\n(simulated)\n-----END PGP SIGNATURE-----",
    "payload": "(simulated)",
    "verified_at": None,
}

WELL_FORMED = re.compile(
    r"refs/(heads|tags)/(?!.*(\.\.|@\{|//|\.lock(/|$)|/\.))[^\x00-\x20\x7f~^:?*\[\\/.][^\x00-\x20\x7f~^:?*\[\\]*"
)
"""Names git takes (git-check-ref-format), as far as a release meets them."""


def get_ref(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """One ref by its whole name after `refs/`."""
    repository = readable(call, owner, repo, GET)
    target = repository.git.refs.get(f"refs/{ref}")
    if target is None:
        raise not_found(GET)
    return Answer(200, ref_body(call, repository, f"refs/{ref}", target))


def matching_refs(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """Refs whose name after `refs/` starts so, by name: all at once, this list has no pages (google/go-github#1567)."""
    repository = readable(call, owner, repo, MATCHING)
    matching = sorted((name, target) for name, target in repository.git.refs.items() if name.startswith(f"refs/{ref}"))
    return Answer(200, [ref_body(call, repository, name, target) for name, target in matching])


def create_ref(call: Call, owner: str, repo: str) -> Answer:
    """A new ref to an object that is there."""
    repository = writable(call, owner, repo, CREATE)
    body = sent(call)
    ref, sha = str(body.get("ref", "")), str(body.get("sha", ""))
    if not WELL_FORMED.fullmatch(ref):
        raise http_error(422, "Reference name is not well formed", CREATE)
    target = repository.git.find(sha)
    if target is None:
        raise http_error(422, "Object does not exist", CREATE)
    if ref in repository.git.refs:
        raise http_error(422, "Reference already exists", CREATE)
    check_change_allowed(repository, ref, "creation", CREATE)
    repository.git.refs[ref] = target
    shown = ref_body(call, repository, ref, target)
    return Answer(201, shown, {"Location": shown["url"]})


def update_ref(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """Move a ref: forward only, unless `force`."""
    repository = writable(call, owner, repo, UPDATE)
    body = sent(call)
    git, name = repository.git, f"refs/{ref}"
    target = git.find(str(body.get("sha", "")))
    if name not in git.refs:
        raise http_error(422, "Reference does not exist", UPDATE)
    if target is None:
        raise http_error(422, "Object does not exist", UPDATE)
    if body.get("force") is not True and not git.contains(git.peel(target).sha, git.peel(git.refs[name]).sha):
        raise http_error(422, "Update is not a fast forward", UPDATE)
    check_change_allowed(repository, name, "update", UPDATE)
    git.refs[name] = target
    repository.follow_branch(name)
    return Answer(200, ref_body(call, repository, name, target))


def delete_ref(call: Call, owner: str, repo: str, ref: str) -> Answer:
    """Remove a ref; its objects stay."""
    repository = writable(call, owner, repo, DELETE)
    name = f"refs/{ref}"
    if name not in repository.git.refs:
        raise http_error(422, "Reference does not exist", DELETE)
    check_change_allowed(repository, name, "deletion", DELETE)
    del repository.git.refs[name]
    repository.follow_branch(name)
    return Answer(204)


def get_tag(call: Call, owner: str, repo: str, tag_sha: str) -> Answer:
    """An annotated tag's object. A lightweight tag has none."""
    repository = readable(call, owner, repo, TAG)
    tag = repository.git.tags.get(tag_sha)
    if tag is None:
        raise not_found(TAG)
    return Answer(200, tag_body(call, repository, tag))


def create_tag(call: Call, owner: str, repo: str) -> Answer:
    """An annotated tag's object; a ref to it is another request."""
    repository = writable(call, owner, repo, CREATE_TAG)
    body = sent(call)
    target = repository.git.find(str(body.get("object", "")))
    if target is None or target.type != body.get("type") or not body.get("tag"):
        raise http_error(422, "Object does not exist or is of another type", CREATE_TAG)
    tag = repository.git.annotate(str(body["tag"]), target, str(body.get("message", "")), call.world.now())
    return Answer(201, tag_body(call, repository, tag))


def get_commit(call: Call, owner: str, repo: str, commit_sha: str) -> Answer:
    """A commit's object by its whole id."""
    repository = readable(call, owner, repo, COMMIT)
    commit = repository.git.commits.get(commit_sha)
    if commit is None:
        raise not_found(COMMIT)
    return Answer(200, git_commit_body(call, repository, commit))


def check_change_allowed(repository: Repository, ref: str, act: Act, docs: str) -> None:
    """Raise `HttpError` when a rule of the repository forbids a change of a ref."""
    refused = repository.protected_tags.find_violation(ref, act)
    refused = refused or next(filter(None, (rules.find_violation(ref, act) for rules in repository.branch_rules)), "")
    if refused:
        raise http_error(422, refused, docs)


def url_of(call: Call, repository: Repository, rest: str) -> str:
    """An address under a repository."""
    return f"{call.base}/repos/{repository.full_name}/{rest}"


def ref_body(call: Call, repository: Repository, ref: str, target: Target) -> dict[str, Any]:
    """GitHub's `git-ref`."""
    kind = "commits" if target.type == "commit" else "tags"
    return {
        "ref": ref,
        "node_id": node_id("Ref", f"{repository.id}:{ref}"),
        "url": url_of(call, repository, f"git/{ref}"),
        "object": {
            "sha": target.sha,
            "type": target.type,
            "url": url_of(call, repository, f"git/{kind}/{target.sha}"),
        },
    }


def tag_body(call: Call, repository: Repository, tag: AnnotatedTag) -> dict[str, Any]:
    """GitHub's `git-tag`."""
    kind = "commits" if tag.target.type == "commit" else "tags"
    return {
        "node_id": node_id("Tag", f"{repository.id}:{tag.sha}"),
        "tag": tag.name,
        "sha": tag.sha,
        "url": url_of(call, repository, f"git/tags/{tag.sha}"),
        "message": tag.message,
        "tagger": {"name": tag.tagger, "email": tag.email, "date": stamp(tag.date)},
        "object": {
            "sha": tag.target.sha,
            "type": tag.target.type,
            "url": url_of(call, repository, f"git/{kind}/{tag.target.sha}"),
        },
        "verification": SIGNED | {"verified_at": stamp(tag.date)} if tag.verified else UNSIGNED,
    }


def git_commit_body(call: Call, repository: Repository, commit: Commit) -> dict[str, Any]:
    """GitHub's `git-commit`."""
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", f"{repository.id}:{commit.sha}"),
        "url": url_of(call, repository, f"git/commits/{commit.sha}"),
        "html_url": f"{WEB}/{repository.full_name}/commit/{commit.sha}",
        "author": person(commit),
        "committer": person(commit),
        "tree": {"sha": commit.tree, "url": url_of(call, repository, f"git/trees/{commit.tree}")},
        "message": commit.message,
        "parents": [parent_body(call, repository, sha, "git/commits") for sha in commit.parents],
        "verification": UNSIGNED,
    }


def parent_body(call: Call, repository: Repository, sha: str, where: str) -> dict[str, Any]:
    """A parent as commits name it."""
    web = f"{WEB}/{repository.full_name}/commit/{sha}"
    return {"sha": sha, "url": url_of(call, repository, f"{where}/{sha}"), "html_url": web}


def person(commit: Commit) -> dict[str, Any]:
    """Author and committer as git has them."""
    return {"name": commit.author, "email": commit.email, "date": stamp(commit.date)}


ROOT = "/repos/<owner>/<repo>/git"

ROUTES: tuple[Route, ...] = (
    ("GET", f"{ROOT}/ref/<path:ref>", get_ref),
    ("GET", f"{ROOT}/matching-refs/<path:ref>", matching_refs),
    ("POST", f"{ROOT}/refs", create_ref),
    ("PATCH", f"{ROOT}/refs/<path:ref>", update_ref),
    ("DELETE", f"{ROOT}/refs/<path:ref>", delete_ref),
    ("POST", f"{ROOT}/tags", create_tag),
    ("GET", f"{ROOT}/tags/<tag_sha>", get_tag),
    ("GET", f"{ROOT}/commits/<commit_sha>", get_commit),
)
