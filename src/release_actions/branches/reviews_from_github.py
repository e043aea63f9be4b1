"""Reads the pull requests that brought commits to a branch, with what was said of them: thirty commits a request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from release_actions.branches.reviews import ReviewedPull
from release_actions.changes.from_github import split_batches
from release_actions.github.pygithub import encode_query, translate_answers
from release_actions.people.from_github import COMMENTS, REVIEWS, parse_login, parse_remark

if TYPE_CHECKING:
    from github import Github

COMMITS_PER_QUERY = 30
"""So that 1,000 commits take 34 requests."""

PULL = (
    "number merged baseRefName headRefOid mergeCommit { oid } author { __typename login } "
    "files(first: 100) { nodes { path } pageInfo { hasNextPage } } "
    f"{COMMENTS % 'null'} {REVIEWS % 'null'}"
)
OF_COMMIT = f"... on Commit {{ associatedPullRequests(first: 5) {{ nodes {{ {PULL} }} }} }}"


def read_reviewed(github: Github, repository: str, branch: str, shas: Sequence[str]) -> dict[str, ReviewedPull]:
    """Commit -> the pull request into the branch that brought it. Raises `RemoteError`.

    GitHub lists every pull request that has a commit, so only merged ones into this branch count.
    """
    what = f"read the reviews of {len(shas)} commits of {repository}"
    owner, _, name = repository.partition("/")
    read: dict[str, ReviewedPull] = {}
    for batch in split_batches(shas, COMMITS_PER_QUERY):
        parts = " ".join(f"c{at}: object(oid: {json.dumps(sha)}) {{ {OF_COMMIT} }}" for at, sha in enumerate(batch))
        text = f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {parts} }} }}"
        answer = encode_query(github, text, {"owner": owner, "name": name}, what, lenient=True)["repository"]
        for at, sha in enumerate(batch):
            with translate_answers(what):
                nodes = ((answer[f"c{at}"] or {}).get("associatedPullRequests") or EMPTY)["nodes"]
                pulls = [parse_reviewed(node) for node in nodes if node["merged"]]
            own = [pull for pull in pulls if pull.base == branch]
            chosen = next((pull for pull in own if pull.merge == sha), own[0] if own else None)
            if chosen is not None:
                read[sha] = chosen
    return read


EMPTY: Mapping[str, Any] = {"nodes": ()}


def parse_reviewed(node: Mapping[str, Any]) -> ReviewedPull:
    """A merged pull request. Raises `KeyError`, `TypeError` or `ValueError` for an answer that is not one."""
    lists = (node["comments"], node["reviews"], node["files"])
    remarks = [parse_remark(remark) for connection in lists[:2] for remark in connection["nodes"]]
    return ReviewedPull(
        int(node["number"]),
        parse_login(node["author"]),
        str(node["baseRefName"]),
        str((node["mergeCommit"] or {}).get("oid") or ""),
        str(node["headRefOid"]),
        tuple(str(file["path"]) for file in node["files"]["nodes"]),
        tuple(remarks),
        not any(connection["pageInfo"]["hasNextPage"] for connection in lists),
    )
