"""Comments, reviews and OWNERS files as GitHub's GraphQL API gives them. An answer that lacks something is an error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from release_actions.errors import RemoteError
from release_actions.people.remarks import Remark, ReviewState
from release_actions.runner.context import parse_time

ACTOR = "{ __typename login }"
TEXT = f"author {ACTOR} body createdAt url lastEditedAt editor {ACTOR}"
COMMENTS = f"comments(first: 100, after: %s) {{ nodes {{ {TEXT} }} pageInfo {{ hasNextPage endCursor }} }}"
"""Comments of an issue or pull request, for `%` with a cursor as JSON."""

REVIEWS = (
    f"reviews(first: 100, after: %s) {{ nodes {{ {TEXT} state submittedAt commit {{ oid }} }} "
    "pageInfo { hasNextPage endCursor } }"
)
"""Reviews of a pull request, as above."""


def parse_remark(node: Mapping[str, Any]) -> Remark:
    """A comment or a review. Raises `KeyError`, `TypeError` or `ValueError` for an answer that is not one."""
    editor = node["editor"]
    state = node.get("state")
    return Remark(
        author=parse_login(node["author"]),
        text=str(node["body"] or ""),
        at=parse_moment(node.get("submittedAt") or node["createdAt"]),
        id=str(node["url"]).rpartition("#")[2],
        url=str(node["url"]),
        state=ReviewState(state) if state else None,
        commit=str((node.get("commit") or {}).get("oid") or ""),
        is_bot=is_bot(node["author"]),
        is_edited=node["lastEditedAt"] is not None,
        editor=parse_login(editor),
    )


def parse_login(node: Mapping[str, Any] | None) -> str:
    """Whose it is; empty for an account that was deleted. An app has the marks that it has everywhere else."""
    if not node:
        return ""
    login = str(node["login"])
    return f"{login}[bot]" if node["__typename"] == "Bot" and not login.endswith("[bot]") else login


def is_bot(node: Mapping[str, Any] | None) -> bool:
    """Whether an actor is an app's account."""
    return bool(node) and (node["__typename"] == "Bot" or str(node["login"]).endswith("[bot]"))  # type: ignore[index]  # not None


def parse_moment(text: Any) -> datetime:
    """A time of the API. Raises `ValueError`."""
    if not isinstance(text, str):
        message = "a time is missing"
        raise TypeError(message)
    return parse_time(text)


def select_files(revision: str, paths: Iterable[str]) -> str:
    """Fields of a repository that give files: `f0`, `f1` and so on."""
    return " ".join(
        f"f{index}: object(expression: {json.dumps(f'{revision}:{path}')}) "
        "{ ... on Blob { text isBinary isTruncated } }"
        for index, path in enumerate(paths)
    )


def parse_files(node: Mapping[str, Any], paths: Iterable[str], what: str) -> dict[str, str]:
    """The texts of the files that are there. Raises `RemoteError` for one that GitHub does not give whole."""
    texts = {}
    for index, path in enumerate(paths):
        blob = node.get(f"f{index}")
        if not blob:
            continue
        if blob.get("isTruncated") or blob.get("isBinary") or not isinstance(blob.get("text"), str):
            message = f"Could not {what}: {path} is no text, or too long for GitHub to give it whole."
            raise RemoteError(message, hint="Shorten the file.")
        texts[path] = blob["text"]
    return texts
