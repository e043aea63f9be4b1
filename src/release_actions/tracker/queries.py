"""What is asked of GitHub's GraphQL API for a board, and what the answers mean.

Twenty items to a query: with everything below them that is some 90,000 nodes, of 500,000 that GitHub allows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from release_actions.people.from_github import ACTOR, COMMENTS, REVIEWS, is_bot, parse_login, parse_moment, parse_remark
from release_actions.tracker.freeze import read_due_day
from release_actions.tracker.guarding import GuardedPull
from release_actions.tracker.model import Act, ActKind, Item, LinkedPull, Milestone, Ref, State

PAGE = "pageInfo { hasNextPage endCursor }"
FILES = f"files(first: 100, after: %s) {{ nodes {{ path }} {PAGE} }}"
LINKED = (
    "number title url state body mergedAt baseRefName "
    f"author {ACTOR} repository {{ nameWithOwner defaultBranchRef {{ name }} }} "
)
PULLS = (
    "closedByPullRequestsReferences(first: 20, after: %s, includeClosedPrs: true) "
    f"{{ nodes {{ {LINKED} {FILES % 'null'} }} {PAGE} }}"
)
EVENTS = (
    "timelineItems(first: 100, after: %s, "
    "itemTypes: [MILESTONED_EVENT, DEMILESTONED_EVENT, LABELED_EVENT, UNLABELED_EVENT]) { nodes { __typename "
    + " ".join(
        f"... on {kind} {{ actor {ACTOR} createdAt {name} }}"
        for kind, name in (
            ("MilestonedEvent", "milestoneTitle"),
            ("DemilestonedEvent", "milestoneTitle"),
            ("LabeledEvent", "label { name }"),
            ("UnlabeledEvent", "label { name }"),
        )
    )
    + f" }} {PAGE} }}"
)
SUB_ISSUES = (
    f"subIssues(first: 100, after: %s) {{ nodes {{ number title state repository {{ nameWithOwner }} }} {PAGE} }}"
)
SHARED = (
    f"number title url body createdAt closedAt author {ACTOR} milestone {{ title }} "
    "repository { nameWithOwner defaultBranchRef { name } } "
    f"labels(first: 100) {{ nodes {{ name }} {PAGE} }} assignees(first: 20) {{ nodes {{ login }} {PAGE} }} "
)
ON_ISSUE = (
    f"... on Issue {{ {SHARED} issueState: state stateReason(enableDuplicate: true) {EVENTS} {COMMENTS} {PULLS} }}"
)
ON_PULL = f"... on PullRequest {{ {SHARED} state mergedAt baseRefName {EVENTS} {COMMENTS} {FILES} }}"
ITEM = f"__typename {ON_ISSUE} {ON_PULL}" % (("null",) * 6)
"""Everything about an item. A connection that has more pages is read on by `CONNECTIONS`."""

GUARDED = (
    f"__typename ... on PullRequest {{ {SHARED} state baseRefName headRefOid changedFiles "
    f"{EVENTS} {COMMENTS} {REVIEWS} "
    f"closingIssuesReferences(first: 20) {{ nodes {{ __typename {SHARED} issueState: state "
    f"stateReason(enableDuplicate: true) {EVENTS} {COMMENTS} }} {PAGE} }} }}"
) % (("null",) * 5)
"""What the guard has to know of a pull request, its files aside, and of the issues that it closes."""

OPEN_PULLS = f"pullRequests(states: [OPEN], first: 100, after: %s) {{ nodes {{ number baseRefName }} {PAGE} }}"
CONNECTIONS = {
    "reviews": REVIEWS,
    "timelineItems": EVENTS,
    "comments": COMMENTS,
    "closedByPullRequestsReferences": PULLS,
    "files": FILES,
    "subIssues": SUB_ISSUES,
}
MILESTONES = (
    f"milestones(first: 100, after: %s) {{ nodes {{ number title url state description dueOn createdAt }} {PAGE} }}"
)


def select_number(ref: Ref, fields: str) -> str:
    """A repository's field that gives an issue or pull request under the alias `i12`."""
    return f"i{ref.number}: issueOrPullRequest(number: {ref.number}) {{ {fields} }}"


def select_repository(alias: str, repository: str, fields: str) -> str:
    """A repository under an alias."""
    owner, _, name = repository.partition("/")
    return f"{alias}: repository(owner: {json.dumps(owner)}, name: {json.dumps(name)}) {{ {fields} }}"


def list_names(connection: Mapping[str, Any] | None, key: str, what: str) -> tuple[str, ...]:
    """The names in a short connection that is never read on. Raises `ValueError` when it has more pages."""
    if not connection:
        return ()
    if connection["pageInfo"]["hasNextPage"]:
        message = f"an item has too many {what}"
        raise ValueError(message)
    return tuple(str(node[key]) for node in connection["nodes"])


def parse_milestone(node: Mapping[str, Any]) -> Milestone:
    """A milestone."""
    return Milestone(
        int(node["number"]),
        str(node["title"]),
        str(node["url"]),
        parse_moment(node["createdAt"]),
        read_due_day(parse_moment(node["dueOn"])) if node["dueOn"] else None,
        node["state"] == "OPEN",
        str(node["description"] or ""),
    )


def parse_item(node: Mapping[str, Any]) -> Item:
    """An item whose connections are whole."""
    is_pull = node["__typename"] == "PullRequest"
    return Item(
        ref=parse_ref(node),
        title=flatten_title(node["title"]),
        url=str(node["url"]),
        author=parse_login(node["author"]),
        created=parse_moment(node["createdAt"]),
        body=str(node["body"] or ""),
        is_pull=is_pull,
        state=State(str(node["state" if is_pull else "issueState"]).lower()),
        reason="" if is_pull else str(node["stateReason"] or "").lower(),
        closed=parse_moment(node["closedAt"]) if node["closedAt"] else None,
        milestone=str((node["milestone"] or {}).get("title") or ""),
        labels=list_names(node["labels"], "name", "labels"),
        assignees=list_names(node["assignees"], "login", "assignees"),
        acts=tuple(sorted((parse_act(act) for act in node["timelineItems"]["nodes"]), key=lambda act: act.at)),
        remarks=tuple(
            parse_remark(remark)
            for name in ("comments", "reviews")
            for remark in (node.get(name) or {"nodes": ()})["nodes"]
        ),
        pulls=parse_pulls(node),
    )


def parse_pulls(node: Mapping[str, Any]) -> tuple[LinkedPull, ...]:
    """What closes an issue, as far as it was asked for; a pull request itself."""
    if "files" in node:
        return (parse_pull(node),)
    linked = node.get("closedByPullRequestsReferences") or {"nodes": ()}
    return tuple(parse_pull(pull) for pull in linked["nodes"])


def parse_guarded(node: Mapping[str, Any]) -> tuple[GuardedPull, int]:
    """A pull request without its files, and how many it changes. Raises `ValueError` if it closes too many issues."""
    closing = node["closingIssuesReferences"] or {"nodes": (), "pageInfo": {"hasNextPage": False}}
    if closing["pageInfo"]["hasNextPage"]:
        message = "it closes more than 20 issues"
        raise ValueError(message)
    closes = tuple(parse_item(issue) for issue in closing["nodes"])
    pull = GuardedPull(parse_item(node), str(node["baseRefName"]), str(node["headRefOid"]), closes)
    return pull, int(node["changedFiles"])


def parse_pull(node: Mapping[str, Any]) -> LinkedPull:
    """A pull request."""
    branch = (node["repository"]["defaultBranchRef"] or {}).get("name")
    return LinkedPull(
        ref=parse_ref(node),
        title=flatten_title(node["title"]),
        url=str(node["url"]),
        author=parse_login(node["author"]),
        state=State(str(node["state"]).lower()),
        on_trunk=bool(branch) and node["baseRefName"] == branch,
        body=str(node["body"] or ""),
        merged=parse_moment(node["mergedAt"]) if node["mergedAt"] else None,
        paths=tuple(str(file["path"]) for file in (node["files"] or {"nodes": ()})["nodes"]),
    )


def parse_act(node: Mapping[str, Any]) -> Act:
    """An event of a timeline."""
    kind = ActKind(node["__typename"])
    is_milestone = kind in {ActKind.MILESTONED, ActKind.DEMILESTONED}
    return Act(
        kind,
        parse_login(node["actor"]),
        parse_moment(node["createdAt"]),
        str(node["milestoneTitle"] if is_milestone else node["label"]["name"]),
        is_bot(node["actor"]),
    )


def parse_ref(node: Mapping[str, Any]) -> Ref:
    """Which item a node is, as GitHub spells its repository today."""
    return Ref(str(node["repository"]["nameWithOwner"]), int(node["number"]))


def flatten_title(title: Any) -> str:
    """A title in one line."""
    return " ".join(str(title).split())
