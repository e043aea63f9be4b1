"""Nodes of the GraphQL API, as `schema.graphql` has them: repositories, commits, pull requests, issues, milestones.

A node is a mapping, in which graphql-core finds a field's value by its name: the value, or a function that it calls
with the field's arguments. `kind` is the type, for interfaces and unions.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from release_actions.simulator.accounts import Role
from release_actions.simulator.clock import stamp
from release_actions.simulator.discussion import RENAMED, TRANSFERRED, Comment, Issue, Reviewed, TimelineEvent
from release_actions.simulator.git import Commit
from release_actions.simulator.github.bodies import WEB, node_id
from release_actions.simulator.origin import Call
from release_actions.simulator.repositories import Milestone, Pull, Repository

MOST = 100
"""Nodes that one connection gives at once."""

BOT = "[bot]"

Node = dict[str, Any]
Field = Callable[..., Any]


class RefusedError(Exception):
    """An error inside an answer, with GitHub's name of its kind."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def connection(items: Sequence[Any], first: int | None, last: int | None, after: str | None) -> Node:
    """Part of a list. Raises `RefusedError` where it is not said how much."""
    if first is None and last is None:
        message = "You must provide a `first` or `last` value to properly paginate the connection."
        raise RefusedError(message, kind="MISSING_PAGINATION_BOUNDARIES")
    if not 0 <= (first or last or 0) <= MOST:
        message = f"Requesting {first or last} records on the connection exceeds the `first` limit of {MOST} records."
        raise RefusedError(message, kind="EXCESSIVE_PAGINATION")
    start = int(base64.b64decode(after)) if after else 0
    part = items[start : start + first] if first is not None else items[-(last or 0) :]
    end = start + len(part)
    return {
        "nodes": part,
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": first is not None and end < len(items),
            "endCursor": base64.b64encode(str(end).encode()).decode() if part else None,
        },
    }


def connect(items: Callable[[], Iterable[Any]]) -> Field:
    """A field that is a connection without arguments of its own. Its items are made when it is asked for."""

    def field(
        _info: object, first: int | None = None, last: int | None = None, after: str | None = None, **_: object
    ) -> Node:
        return connection([*items()], first, last, after)

    return field


def make_actor(login: str) -> Node | None:
    """Who did something; None for an account that was deleted. An app's login is without the marks of REST."""
    if not login:
        return None
    is_app = login.endswith(BOT)
    return {"kind": "Bot" if is_app else "User", "login": login.removesuffix(BOT)}


@dataclass(frozen=True)
class Nodes:
    """Makes the nodes of one repository, as the token of a call sees them."""

    call: Call
    of: Repository

    def repository(self) -> Node:
        """The repository itself."""
        tip = self.of.git.resolve(self.of.default_branch)
        return {
            "nameWithOwner": self.of.full_name,
            "defaultBranchRef": {"name": self.of.default_branch, "target": self.commit(tip)} if tip else None,
            "object": self._object,
            "pullRequest": lambda _info, number: self._need(number, self.of.pulls, "PullRequest"),
            "issue": lambda _info, number: self._need(number, self.of.issues, "Issue"),
            "issueOrPullRequest": self._issue_or_pull,
            "issues": lambda info, **given: self._list(info, self.of.issues.values(), **given),
            "pullRequests": lambda info, **given: self._list(info, self.of.pulls.values(), **given),
            "milestone": lambda _info, number: self.milestone(self.of.milestones.get(number)),
            "milestones": connect(lambda: map(self.milestone, self._milestones())),
        }

    def commit(self, commit: Commit) -> Node:
        """A commit."""

        def history(info: object, path: str = "", **given: Any) -> Node:
            line = (self.of.git.commits[sha] for sha in self.of.git.ancestors(commit.sha))
            touching = [each for each in line if not path or path in each.files]
            newest = sorted(touching, key=lambda each: (each.date, each.sha), reverse=True)
            return connect(lambda: map(self.commit, newest))(info, **given)  # type: ignore[no-any-return]  # a node

        return {
            "kind": "Commit",
            "oid": commit.sha,
            "associatedPullRequests": connect(lambda: map(self.pull, self._pulls_of(commit.sha))),
            "history": history,
        }

    def pull(self, pull: Pull) -> Node:
        """A pull request."""
        state = "MERGED" if pull.merged else pull.state.upper()
        files = pull.files or [*dict.fromkeys(name for sha in pull.commits for name in self.of.git.commits[sha].files)]
        merge = self.of.git.commits.get(pull.merge_commit)
        return {
            **self._subject(pull, "pull"),
            "kind": "PullRequest",
            "state": state,
            "isDraft": pull.draft,
            "baseRefName": pull.base,
            "headRefOid": pull.head_sha,
            "merged": pull.merged is not None,
            "mergedAt": stamp(pull.merged) if pull.merged else None,
            "mergeCommit": self.commit(merge) if merge else None,
            "changedFiles": len(files),
            "files": connect(lambda: ({"path": path.rpartition(" => ")[2]} for path in files)),
            "reviews": connect(lambda: (self._review(pull, review) for review in pull.reviews)),
            "closingIssuesReferences": connect(lambda: self._closed_by(f"{self.of.full_name}#{pull.number}")),
        }

    def issue(self, issue: Issue) -> Node:
        """An issue."""

        def reason(_info: object, enableDuplicate: bool = False) -> str | None:  # noqa: FBT001, FBT002, N803  # the schema's
            is_hidden = issue.state_reason == "duplicate" and not enableDuplicate
            return "NOT_PLANNED" if is_hidden else issue.state_reason.upper() or None

        def closing(info: object, includeClosedPrs: bool = False, **given: Any) -> Node:  # noqa: FBT001, FBT002, N803
            pulls = [node for node in self._others(issue.closing) if includeClosedPrs or node["state"] == "OPEN"]
            return connect(lambda: pulls)(info, **given)  # type: ignore[no-any-return]  # a node

        return {
            **self._subject(issue, "issues"),
            "kind": "Issue",
            "state": issue.state.upper(),
            "stateReason": reason,
            "closedByPullRequestsReferences": closing,
            "subIssues": connect(lambda: self._others(issue.sub_issues)),
        }

    def milestone(self, milestone: Milestone | None) -> Node | None:
        """A milestone; None without one."""
        if milestone is None:
            return None
        number = milestone.number
        return {
            "number": number,
            "title": milestone.title,
            "state": milestone.state.upper(),
            "description": milestone.description or None,
            "dueOn": stamp(milestone.due) if milestone.due else None,
            "createdAt": stamp(milestone.created),
            "url": f"{WEB}/{self.of.full_name}/milestone/{number}",
            "issues": lambda info, **given: self._list(info, self.of.issues.values(), milestone=number, **given),
            "pullRequests": lambda info, **given: self._list(info, self.of.pulls.values(), milestone=number, **given),
        }

    def _subject(self, subject: Issue | Pull, word: str) -> Node:
        """What issues and pull requests share."""
        url = f"{WEB}/{self.of.full_name}/{word}/{subject.number}"
        return {
            "id": node_id("PullRequest" if isinstance(subject, Pull) else "Issue", subject.id),
            "number": subject.number,
            "title": subject.title,
            "body": subject.body,
            "url": url,
            "author": make_actor(subject.author),
            "createdAt": stamp(subject.created),
            "closedAt": stamp(subject.closed) if subject.closed else None,
            "repository": self.repository(),
            "milestone": self.milestone(self.of.milestones.get(subject.milestone)),
            "labels": connect(lambda: ({"name": name} for name in subject.labels)),
            "assignees": connect(lambda: map(make_actor, subject.assignees)),
            "comments": connect(lambda: (make_comment(url, comment) for comment in subject.comments)),
            "timelineItems": lambda info, itemTypes=None, **given: connect(  # noqa: N803  # the schema's name
                lambda: list_events(subject.events, itemTypes)
            )(info, **given),
        }

    def _review(self, pull: Pull, review: Reviewed) -> Node:
        url = f"{WEB}/{self.of.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
        commit = self.of.git.commits.get(review.commit)
        return {
            **make_text(url, review.author, review.body, review.submitted, review.editor),
            "state": review.state,
            "submittedAt": None if review.state == "PENDING" else stamp(review.submitted),
            "commit": self.commit(commit) if commit else None,
        }

    def _list(self, info: object, every: Iterable[Any], *, milestone: int = 0, **given: Any) -> Node:
        labels = {name.lower() for name in given.pop("labels", None) or ()}
        states = given.pop("states", None)
        self._insist_on("issues")
        nodes = (
            self._node(each)
            for each in sorted(every, key=lambda each: each.number)
            if milestone in {0, each.milestone} and (not labels or labels & {name.lower() for name in each.labels})
        )
        wanted = [node for node in nodes if states is None or node["state"] in states]
        return connect(lambda: wanted)(info, **given)  # type: ignore[no-any-return]  # a node

    def _node(self, item: Issue | Pull) -> Node:
        return self.pull(item) if isinstance(item, Pull) else self.issue(item)

    def _need(self, number: int, items: Mapping[int, Any], kind: str) -> Node:
        if kind == "Issue":
            self._insist_on("issues")
        if number not in items:
            message = f"Could not resolve to a{'n' * (kind[0] == 'I')} {kind} with the number of {number}."
            raise RefusedError(message, kind="NOT_FOUND")
        return self._node(items[number])

    def _issue_or_pull(self, _info: object, number: int) -> Node:
        every: dict[int, Any] = {**self.of.issues, **self.of.pulls}
        if number not in every:
            message = f"Could not resolve to an issue or pull request with the number of {number}."
            raise RefusedError(message, kind="NOT_FOUND")
        return self._need(number, every, "PullRequest" if number in self.of.pulls else "Issue")

    def _object(self, _info: object, oid: str | None = None, expression: str | None = None) -> Node | None:
        """A commit by its whole id or by what names it, or a file as `revision:path`."""
        git = self.of.git
        if oid is not None:
            return self.commit(git.commits[oid]) if oid in git.commits else None
        revision, colon, path = (expression or "").partition(":")
        commit = git.resolve(self.of.default_branch if revision == "HEAD" else revision)
        if commit is None or not colon:
            return self.commit(commit) if commit else None
        text = self.of.files.get(path)
        if text is None:
            return None
        return {"kind": "Blob", "oid": commit.sha, "text": text, "isBinary": False, "isTruncated": False}

    def _milestones(self) -> list[Milestone]:
        self._insist_on("issues")
        return sorted(self.of.milestones.values(), key=lambda milestone: milestone.number)

    def _pulls_of(self, sha: str) -> list[Pull]:
        pulls = (pull for pull in self.of.pulls.values() if sha in {pull.merge_commit, *pull.commits})
        return sorted(pulls, key=lambda pull: (pull.created, pull.number))

    def _others(self, names: Iterable[str]) -> Iterator[Node]:
        """Issues and pull requests by `owner/name#12`, those that the token may see."""
        for name in names:
            full_name, _, number = name.partition("#")
            repository = self.call.world.repository(full_name)
            if repository is None or repository.role(self.call.token, "issues") < Role.READ:
                continue
            every: dict[int, Any] = {**repository.issues, **repository.pulls}
            if int(number) in every:
                yield Nodes(self.call, repository)._node(every[int(number)])  # noqa: SLF001  # of the same class

    def _closed_by(self, name: str) -> Iterator[Node]:
        return (self.issue(issue) for issue in self.of.issues.values() if name in issue.closing)

    def _insist_on(self, permission: str) -> None:
        if self.of.role(self.call.token, permission) < Role.READ:
            message = "Resource not accessible by integration"
            raise RefusedError(message, kind="FORBIDDEN")


def make_comment(url: str, comment: Comment) -> Node:
    """A comment on an issue or pull request."""
    address = f"{url}#issuecomment-{comment.id}"
    return make_text(address, comment.author, comment.body, comment.created, comment.editor)


def make_text(url: str, author: str, body: str, at: datetime, editor: str) -> Node:
    """What comments and reviews share."""
    return {
        "author": make_actor(author),
        "body": body,
        "createdAt": stamp(at),
        "editor": make_actor(editor),
        "lastEditedAt": stamp(at) if editor else None,
        "url": url,
    }


def list_events(events: Iterable[TimelineEvent], kinds: Sequence[str] | None) -> Iterator[Node]:
    """Events of a timeline, all or of some kinds. A kind is the type's name in capitals: LABELED_EVENT."""
    for event in events:
        if kinds is not None and re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.kind).upper() not in kinds:
            continue
        node: Node = {"kind": event.kind, "actor": make_actor(event.actor), "createdAt": stamp(event.created)}
        if event.kind == RENAMED:
            node |= {"currentTitle": event.name, "previousTitle": ""}
        elif event.kind != TRANSFERRED:
            node |= {"milestoneTitle": event.name, "label": {"name": event.name}}
        yield node
