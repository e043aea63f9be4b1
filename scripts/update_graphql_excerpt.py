"""Cut the excerpt of GitHub's GraphQL schema that the simulator answers by.

    python scripts/update_graphql_excerpt.py            again, from the version the excerpt names
    python scripts/update_graphql_excerpt.py --check    end with 1 if that would change the file
    python scripts/update_graphql_excerpt.py --latest   move to the newest version

The whole schema is 1.2 MB, most of it prose and things that no command here asks for. `WANTED` names what is kept: a
field keeps its type and every argument whose type is kept too. A query that asks for more fails on the simulator.
It comes from the npm package `@octokit/graphql-schema` through `npm pack`, so it needs npm and reaches only its
registry.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from graphql import (
    DefinitionNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_schema,
    parse,
    print_ast,
)
from graphql.language import TypeNode

import update_openapi_excerpt
from update_openapi_excerpt import CannotCutError

PACKAGE = "@octokit/graphql-schema"
SCHEMA = "package/schema.graphql"
EXCERPT = update_openapi_excerpt.ROOT / "src" / "release_actions" / "simulator" / "github" / "schema.graphql"

BUILT_IN = frozenset({"Boolean", "Int", "String", "ID", "Float"})

WANTED: dict[str, tuple[str, ...]] = {
    "Query": ("repository", "search"),
    "Repository": (
        "defaultBranchRef",
        "issue",
        "issueOrPullRequest",
        "issues",
        "milestone",
        "milestones",
        "nameWithOwner",
        "object",
        "pullRequest",
        "pullRequests",
    ),
    "Ref": ("name", "target"),
    "GitObject": ("oid",),
    "Blob": ("isBinary", "isTruncated", "oid", "text"),
    "Commit": ("associatedPullRequests", "history", "oid"),
    "CommitHistoryConnection": ("nodes", "pageInfo", "totalCount"),
    "PullRequestConnection": ("nodes", "pageInfo", "totalCount"),
    "PullRequest": (
        "assignees",
        "author",
        "baseRefName",
        "body",
        "changedFiles",
        "closedAt",
        "closingIssuesReferences",
        "comments",
        "createdAt",
        "files",
        "headRefOid",
        "id",
        "isDraft",
        "labels",
        "mergeCommit",
        "merged",
        "mergedAt",
        "milestone",
        "number",
        "repository",
        "reviews",
        "state",
        "timelineItems",
        "title",
        "url",
    ),
    "PullRequestState": ("CLOSED", "MERGED", "OPEN"),
    "PullRequestChangedFileConnection": ("nodes", "pageInfo", "totalCount"),
    "PullRequestChangedFile": ("path",),
    "PullRequestReviewConnection": ("nodes", "pageInfo", "totalCount"),
    "PullRequestReview": (
        "author",
        "body",
        "commit",
        "createdAt",
        "editor",
        "lastEditedAt",
        "state",
        "submittedAt",
        "url",
    ),
    "PullRequestReviewState": ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"),
    "PullRequestTimelineItemsConnection": ("nodes", "pageInfo", "totalCount"),
    "PullRequestTimelineItems": (),
    "PullRequestTimelineItemsItemType": (
        "MILESTONED_EVENT",
        "DEMILESTONED_EVENT",
        "LABELED_EVENT",
        "UNLABELED_EVENT",
        "RENAMED_TITLE_EVENT",
    ),
    "IssueConnection": ("nodes", "pageInfo", "totalCount"),
    "Issue": (
        "assignees",
        "author",
        "body",
        "closedAt",
        "closedByPullRequestsReferences",
        "comments",
        "createdAt",
        "id",
        "labels",
        "milestone",
        "number",
        "repository",
        "state",
        "stateReason",
        "subIssues",
        "timelineItems",
        "title",
        "url",
    ),
    "IssueState": ("CLOSED", "OPEN"),
    "IssueStateReason": ("COMPLETED", "DUPLICATE", "NOT_PLANNED", "REOPENED"),
    "IssueOrPullRequest": (),
    "IssueCommentConnection": ("nodes", "pageInfo", "totalCount"),
    "IssueComment": ("author", "body", "createdAt", "editor", "lastEditedAt", "url"),
    "IssueTimelineItemsConnection": ("nodes", "pageInfo", "totalCount"),
    "IssueTimelineItems": (),
    "IssueTimelineItemsItemType": (
        "MILESTONED_EVENT",
        "DEMILESTONED_EVENT",
        "LABELED_EVENT",
        "UNLABELED_EVENT",
        "RENAMED_TITLE_EVENT",
        "TRANSFERRED_EVENT",
    ),
    "MilestonedEvent": ("actor", "createdAt", "milestoneTitle"),
    "DemilestonedEvent": ("actor", "createdAt", "milestoneTitle"),
    "LabeledEvent": ("actor", "createdAt", "label"),
    "UnlabeledEvent": ("actor", "createdAt", "label"),
    "RenamedTitleEvent": ("actor", "createdAt", "currentTitle", "previousTitle"),
    "TransferredEvent": ("actor", "createdAt"),
    "MilestoneConnection": ("nodes", "pageInfo", "totalCount"),
    "Milestone": ("createdAt", "description", "dueOn", "issues", "number", "pullRequests", "state", "title", "url"),
    "MilestoneState": ("CLOSED", "OPEN"),
    "Actor": ("login",),
    "UserConnection": ("nodes", "pageInfo", "totalCount"),
    "User": ("login",),
    "Bot": ("login",),
    "LabelConnection": ("nodes", "pageInfo", "totalCount"),
    "Label": ("name",),
    "PageInfo": ("endCursor", "hasNextPage"),
    "SearchResultItemConnection": ("issueCount", "nodes", "pageInfo"),
    "SearchResultItem": (),
    "SearchType": ("ISSUE",),
    "DateTime": (),
    "GitObjectID": (),
    "URI": (),
}
"""Type -> the fields or values of it that are kept. A union keeps the types that are here."""


def download(version: str) -> tuple[str, str]:
    """The schema, and the version it has."""
    with tempfile.TemporaryDirectory() as folder:
        packed = json.loads(
            update_openapi_excerpt.npm("pack", f"{PACKAGE}@{version}", "--json", "--ignore-scripts", cwd=Path(folder))
        )
        # npm 12 answers with an object by package name, older ones with a list.
        details = next(iter(packed.values())) if isinstance(packed, dict) else packed[0]
        with tarfile.open(Path(folder) / details["filename"]) as package:
            member = package.extractfile(SCHEMA)
            if member is None:
                message = f"{PACKAGE} {version} has no {SCHEMA}."
                raise CannotCutError(message)
            return member.read().decode(), str(details["version"])


def named(node: TypeNode) -> str:
    """The name of a type without its list and non-null marks."""
    inner: Any = node
    while not hasattr(inner, "name"):
        inner = inner.type
    return str(inner.name.value)


def kept(name: str) -> bool:
    """Whether the excerpt has a type."""
    return name in WANTED or name in BUILT_IN


def field_of(node: FieldDefinitionNode) -> str:
    """A field in one line. Raises `CannotCutError` for one of a type that is left out."""
    if not kept(named(node.type)):
        message = f"The field {node.name.value} is a {named(node.type)}, which is not in WANTED."
        raise CannotCutError(message)
    arguments = ", ".join(
        f"{argument.name.value}: {print_ast(argument.type)}"
        + (f" = {print_ast(argument.default_value)}" if argument.default_value else "")
        for argument in node.arguments or ()
        if kept(named(argument.type))
    )
    return f"  {node.name.value}{f'({arguments})' if arguments else ''}: {print_ast(node.type)}"


def block(node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode) -> str:
    """A type with the fields that are kept."""
    name = node.name.value
    fields = {each.name.value: each for each in node.fields or ()}
    lines = [field_of(fields[wanted]) for wanted in WANTED[name]]
    interfaces = [each.name.value for each in node.interfaces or () if kept(each.name.value)]
    word = "type" if isinstance(node, ObjectTypeDefinitionNode) else "interface"
    title = f"{word} {name}" + (f" implements {' & '.join(interfaces)}" if interfaces else "")
    return "\n".join([f"{title} {{", *lines, "}"])


def definition(node: DefinitionNode) -> str:
    """A definition, cut. Raises `CannotCutError` for a kind that is not expected here."""
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            return block(node)
        case UnionTypeDefinitionNode():
            types = [each.name.value for each in node.types or () if kept(each.name.value)]
            return f"union {node.name.value} = {' | '.join(types)}"
        case EnumTypeDefinitionNode():
            values = [each.name.value for each in node.values or () if each.name.value in WANTED[node.name.value]]
            return "\n".join([f"enum {node.name.value} {{", *(f"  {value}" for value in values), "}"])
        case ScalarTypeDefinitionNode():
            return f"scalar {node.name.value}"
        case _:
            message = f"There is no rule for a {node.kind}."
            raise CannotCutError(message)


def excerpt(schema: str, version: str) -> str:
    """The part of the schema that `WANTED` names. Raises `CannotCutError` for what GitHub does not have."""
    found = {
        str(node.name.value): node
        for node in parse(schema).definitions
        if hasattr(node, "name") and node.kind != "directive_definition"
    }
    missing = [name for name in WANTED if name not in found]
    if missing:
        message = f"GitHub's schema has no {', '.join(missing)}."
        raise CannotCutError(message)
    head = (
        f"# An excerpt of GitHub's GraphQL schema, from the npm package {PACKAGE} {version}\n"
        "# (MIT License Copyright (c) GitHub 2025). Made by scripts/update_graphql_excerpt.py.\n"
    )
    text = "\n\n".join([head, *(definition(found[name]) for name in WANTED)]) + "\n"
    build_schema(text)
    return text


def main(argv: list[str]) -> int:
    """Write or check the excerpt. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Cut the excerpt of GitHub's GraphQL schema.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="change nothing; end with 1 if the excerpt is stale")
    choice.add_argument("--latest", action="store_true", help="move to the newest version of the npm package")
    options = parser.parse_args(argv)
    old = EXCERPT.read_text(encoding="utf-8") if EXCERPT.is_file() else ""
    pinned = re.search(rf"{PACKAGE} (\S+)", old)
    try:
        new = excerpt(*download("latest" if options.latest or not pinned else pinned[1]))
    except CannotCutError as error:
        print(error, file=sys.stderr)
        return 3
    if options.check:
        if new != old:
            print("The excerpt is stale: run python scripts/update_graphql_excerpt.py", file=sys.stderr)
        return int(new != old)
    EXCERPT.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
