"""Routes that make objects of git: blobs, trees and commits. A ref to them is another request.

A tree here is what it is based on and what it changes. Files of commits that were seeded are not in it.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from release_actions.simulator.git import Tree
from release_actions.simulator.github.answers import http_error, sent
from release_actions.simulator.github.git import git_commit_body, url_of
from release_actions.simulator.github.lookup import writable
from release_actions.simulator.origin import Answer, Call, Route
from release_actions.simulator.repositories import Repository

BLOB = "git/blobs#create-a-blob"
TREE = "git/trees#create-a-tree"
COMMIT = "git/commits#create-a-commit"

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
"""Mode of an entry -> type of what it names."""


def create_blob(call: Call, owner: str, repo: str) -> Answer:
    """A file's content."""
    repository = writable(call, owner, repo, BLOB)
    body = sent(call)
    content = str(body.get("content", ""))
    try:
        is_encoded = body.get("encoding", "utf-8") == "base64"
        sha = repository.git.add_blob(base64.b64decode(content, validate=False) if is_encoded else content.encode())
    except binascii.Error:
        raise http_error(422, "content is not valid Base64", BLOB) from None
    url = url_of(call, repository, f"git/blobs/{sha}")
    return Answer(201, {"url": url, "sha": sha}, {"Location": url})


def create_tree(call: Call, owner: str, repo: str) -> Answer:
    """A tree, by what it changes of another one."""
    repository = writable(call, owner, repo, TREE)
    body = sent(call)
    git = repository.git
    base = str(body.get("base_tree") or "")
    known = {commit.tree for commit in git.commits.values()} | set(git.trees)
    if base and base not in known:
        raise http_error(422, "base_tree is not a valid tree oid", TREE)
    entries = {str(entry.get("path", "")): read_entry(repository, entry) for entry in body.get("tree") or []}
    if not entries:
        raise http_error(422, "Invalid tree info", TREE)
    tree = Tree(base, entries)
    git.trees[tree.id] = tree
    listed = [tree_entry(call, repository, path, *entry) for path, entry in entries.items() if entry]
    shown = {"sha": tree.id, "url": url_of(call, repository, f"git/trees/{tree.id}"), "tree": listed}
    return Answer(201, {**shown, "truncated": False}, {"Location": str(shown["url"])})


def read_entry(repository: Repository, entry: dict[str, Any]) -> tuple[str, str] | None:
    """Mode and object of an entry; None for one that deletes. Raises `HttpError`."""
    mode, path = str(entry.get("mode", "")), str(entry.get("path", ""))
    wrong = not path or path.startswith("/") or {"", ".", "..", ".git"} & set(path.split("/"))
    if wrong or MODES.get(mode) != entry.get("type"):
        words = "tree.path contains a malformed path component" if wrong else "tree.mode is invalid"
        raise http_error(422, words, TREE)
    if isinstance(entry.get("content"), str):
        return mode, repository.git.add_blob(entry["content"].encode())
    sha = entry.get("sha")
    if sha is None:
        return None
    if mode != "160000" and sha not in repository.git.blobs:
        raise http_error(422, "tree.sha does not exist", TREE)
    return mode, str(sha)


def tree_entry(call: Call, repository: Repository, path: str, mode: str, sha: str) -> dict[str, Any]:
    """An entry as GitHub shows it."""
    kind = MODES[mode]
    return {"path": path, "mode": mode, "type": kind, "sha": sha, "url": url_of(call, repository, f"git/{kind}s/{sha}")}


def create_commit(call: Call, owner: str, repo: str) -> Answer:
    """A commit of a tree on its parents. Without an author it is by who asks."""
    repository = writable(call, owner, repo, COMMIT)
    body = sent(call)
    git = repository.git
    tree, parents = str(body.get("tree", "")), tuple(map(str, body.get("parents") or ()))
    known = {commit.tree for commit in git.commits.values()} | set(git.trees)
    if tree not in known or any(parent not in git.commits for parent in parents) or not body.get("message"):
        raise http_error(422, "Tree SHA does not exist" if tree not in known else "Parent SHA does not exist", COMMIT)
    author = body.get("author") or {}
    date = author.get("date")
    commit = git.commit(
        str(body["message"]),
        datetime.fromisoformat(date.replace("Z", "+00:00")) if date else call.world.now(),
        parents=parents,
        author=str(author.get("name", "github-actions[bot]")),
        email=str(author.get("email", "github-actions[bot]@users.noreply.github.com")),
        files=tuple(git.trees[tree].entries) if tree in git.trees else (),
        tree_id=tree,
    )
    shown = git_commit_body(call, repository, commit)
    return Answer(201, shown, {"Location": shown["url"]})


ROOT = "/repos/<owner>/<repo>/git"

ROUTES: tuple[Route, ...] = (
    ("POST", f"{ROOT}/blobs", create_blob),
    ("POST", f"{ROOT}/trees", create_tree),
    ("POST", f"{ROOT}/commits", create_commit),
)
